"""From files of any supported format to a pool: one-sentence Docs with stable ids."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import cast

from spacy.language import Language
from spacy.tokens import Doc
from wasabi import msg

from ..arguments import takes_types
from ..corpus.docs import finished
from ..corpus.entity_types import EntityTypes
from ..corpus.folders import find_files, open_all
from ..corpus.formats import check_format, find_reading
from ..corpus.reading import AnnotatedText, BadLine, ReadOptions, Sentence
from ..corpus.sources import Source, check_encoding, seems_to_be_utf8
from ..corpus.tags import tags_among
from ..errors import PROBLEMS_SHOWN, DeepALError
from ..files import check_output
from ..progress import progress_bar
from ..sentences import KEY, LABELS, count_words, labels_looked_for, sentence_id
from ..urls import local_path
from .ids import LATE, ContentIds, Contradiction, GivenId
from .renewed import Renewed, make_tokenizer
from .shards import check_pool_folder, read_shards, write_shards
from .summary import ConvertSummary, FileSummary

LONG_SENTENCE = 1000  # tokens
ID_REMEDY = ". If ids begin anew in each file, make new ones from the texts with --ids text"
UTF8_NOTE = "sentences look like UTF-8 that was read as"
LONG_NOTE = "sentences have more than 1,000 tokens. If they are several each, use --split"


@takes_types
def convert(
    inputs: str | Path | Iterable[str | Path],
    output: str | Path,
    *,
    options: ReadOptions = ReadOptions(),  # noqa: B008 (it is frozen)
    lang: str = "en",
    encoding: str = "utf-8",
    genre: str | None = None,
    genre_files: Collection[str] = (),
    skip_bad: bool = False,
    sentences_per_shard: int = 1000,
) -> ConvertSummary:
    """Convert files to a pool: all of them or, on any error, none. Sentences without a real word
    are left out. Texts are streamed, so memory does not grow with their number.

    An id is the source's own, or else a hash of the document, if the source names it, and the text.
    Of equal texts, the second one's id has "-2" added, the third one's "-3" and so on. So an id
    does not change when files are renamed, sorted, or get more lines. Of annotated records without
    ids, exact doubles count once, and those of one text with other labels are bad lines. A sentence
    that is not labelled is left out if another one with its text, or with its id, is labelled.

    inputs (str | Path | Iterable): A file or folder, or several, as for `find_files`.
    output (str | Path): The folder of the pool, which is local. A pool that is there is replaced.
    options (ReadOptions): How to read what can be read in several ways.
    lang (str): Language code of the tokenizer, for example "en" or "zh".
    encoding (str): The encoding of all files.
    genre (str | None): The genre of sentences whose source names none.
    genre_files (Collection[str]): Files, by name without suffix, whose name is their genre.
    skip_bad (bool): Leave out lines that cannot be converted.
    sentences_per_shard (int): Sentences in each shard but the last.
    RAISES (DeepALError): Input cannot be read, can be read in several ways, or holds nothing; there
        are bad lines and `skip_bad` is False (the first 20 are shown with file, line and text);
        types of entities are tags of words, such as B-PER and I-PER; the output must not be
        replaced, is an input, or has one in it.
    """
    output = local_path(output)
    inputs = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    check_format(options.format)
    check_encoding(encoding)
    check_output(output, *inputs, inside=True)
    check_pool_folder(output)
    found = find_files(inputs, exclude=output, lang=lang)
    check_output(output, *found.files, inside=True)
    nlp = make_tokenizer(options, lang)
    summary = ConvertSummary(unread=found.unread)
    sources = _open(found.files, encoding, summary)
    ids = ContentIds()
    sentences = _read_all(sources, nlp, options, ids, summary)
    docs = summary.count(_with_ids(sentences, ids, genre, genre_files, summary))
    shown = progress_bar(docs, "convert", unit=" sentences", leave=True)
    checked = _complete(shown, summary, skip_bad)

    def settled(written: Path) -> Iterator[Doc] | None:
        return ids.settled(read_shards(written, None), summary) if ids.replaces else None

    write_shards(checked, output, sentences_per_shard=sentences_per_shard, settle=settled)
    return summary


def read_first(
    inputs: Iterable[str | Path], count: int, *, options: ReadOptions, lang: str, encoding: str
) -> list[Doc]:
    """RETURNS (list[Doc]): The first sentences that `convert` finds in some files, with the ids
    that they have in the pool: those of the short files that come first, and of the beginning of a
    long one. Bad lines are passed over.

    count (int): How many sentences at most.
    inputs, options, lang, encoding: As for `convert`.
    RAISES (DeepALError): Input cannot be read, or can be read in several ways.
    """
    summary, ids = ConvertSummary(), ContentIds()
    sources = _open(find_files(inputs, lang=lang).files, encoding, summary)
    sentences = _read_all(_to_long(sources), make_tokenizer(options, lang), options, ids, summary)
    docs = islice(_with_ids(sentences, ids, None, (), summary), count + 1)
    first = list(docs)[:-1]  # it may be cut off in the middle
    return [doc for doc in first if not sentence_id(doc).endswith(LATE)]


def _to_long(sources: Iterable[Source]) -> Iterator[Source]:
    """YIELDS (Source): The short files that come first, and the beginning of a long one. The ids of
    later sentences are not known, as they say how often a text has come before."""
    for source in sources:
        yield (beginning := source.beginning())
        if beginning is not source:
            return


def _open(files: list[Path], encoding: str, summary: ConvertSummary) -> Iterator[Source]:
    for file in files:
        if file.is_fifo():
            msg.info(f"Reading {file} until the program that writes to it ends.")
        sources, unread = open_all(file, encoding)
        summary.unread |= unread
        yield from sources


def _read_all(
    sources: Iterable[Source],
    renewed: Renewed,
    options: ReadOptions,
    ids: ContentIds,
    summary: ConvertSummary,
) -> Iterator[tuple[Source, Sentence]]:
    """YIELDS (tuple[Source, Sentence]): Each sentence with its file."""
    nlp = cast(Language, renewed)  # readers know no difference
    types = EntityTypes(options.entity_types)
    for source in sources:
        reading = find_reading(source, options)
        summary.files.append(FileSummary(path=source.path, format=reading.format, how=reading.how))
        empty = True
        for item in reading.read(source, nlp):
            empty = False
            renewed.renew_if_large()
            try:
                if isinstance(item, BadLine):
                    raise item
                types.apply(item.doc)
                own_id = options.ids == "data"
                if not (own_id and item.id) and _is_double(item, ids, source):
                    summary.doubles += 1
                    continue
                for sentence in finished(nlp, item, options):
                    _note(sentence, source, summary)
                    sentence = sentence if own_id else replace(sentence, id=None)
                    if count_words(sentence.doc) == 0:
                        summary.without_words += 1
                    else:
                        yield source, sentence
            except BadLine as bad_line:
                summary.skip(source.path, bad_line)
        if empty:
            summary.files.pop()
            summary.unread[source.path] = "it has no sentence"
    if absent := types.absent():
        summary.notes[f"types of --entity-types that no entity has ({', '.join(absent)})"] = 1


def _note(sentence: Sentence, source: Source, summary: ConvertSummary) -> None:
    """Count what the user should know of a sentence."""
    summary.drop(source.path, sentence)
    if sentence.note:
        summary.notes[sentence.note] += 1
    if len(sentence.doc) > LONG_SENTENCE:
        summary.notes[LONG_NOTE] += 1
    if seems_to_be_utf8(sentence.doc.text, source.encoding):
        summary.notes[f"{UTF8_NOTE} {source.encoding}"] += 1


def _is_double(item: Sentence, ids: ContentIds, source: Source) -> bool:
    """RETURNS (bool): Whether an annotated record without an id says what an earlier one has said.

    RAISES (BadLine): The earlier one has other labels.
    """
    if not isinstance(item, AnnotatedText):
        return False
    content, here = _content(item.doc), f"{source.path}:{item.line}"
    document = item.doc_id if item.names_document else None
    before, place = ids.first_record(document or "", item.doc.text, content, here)
    if before != content:
        remedy = "leave out --ids text" if item.id else "give each an id"
        message = (
            f"the text has other labels than at {place}. Keep one of them; or, if they are "
            f"sentences of their own, {remedy}"
        )
        raise BadLine(item.line, message, item.doc.text)
    return place != here


def _content(doc: Doc) -> int:
    """RETURNS (int): A hash of the text and the entities."""
    return hash((doc.text, tuple((e.start_char, e.end_char, e.label_) for e in doc.ents)))


def _with_ids(
    sentences: Iterable[tuple[Source, Sentence]],
    ids: ContentIds,
    genre: str | None,
    genre_files: Collection[str],
    summary: ConvertSummary,
) -> Iterator[Doc]:
    for source, sentence in sentences:
        doc, here = sentence.doc, f"{source.path}:{sentence.line}"
        labelled = doc.has_annotation("ENT_IOB")
        if sentence.id is None:
            document = sentence.doc_id if sentence.names_document else None
            key = ids.make(document or "", doc.text, labelled=labelled)
        else:
            try:
                key = ids.take(sentence.id, GivenId(hash(doc.text), _content(doc), labelled, here))
            except Contradiction as error:
                problem = "has been used before, with another text or other labels"
                at = f" ({error.place})" if error.place not in ("", here) else ""
                message = f"the id {sentence.id!r} {problem}{at}{ID_REMEDY}"
                summary.skip(source.path, BadLine(sentence.line, message))
                continue
        if key is None:
            given = ids.given(sentence.id) if sentence.id else None
            is_double = given is not None and given.labelled == labelled
            summary.doubles += is_double
            summary.replaced += not is_double
            continue
        doc.user_data[KEY] = {
            "id": key,
            "doc_id": sentence.doc_id,
            "genre": sentence.genre or (source.stem if source.stem in genre_files else genre),
            **({LABELS: sorted(labels)} if (labels := labels_looked_for(doc)) else {}),
        }
        yield doc


def _complete(docs: Iterable[Doc], summary: ConvertSummary, skip_bad: bool) -> Iterator[Doc]:
    """YIELDS (Doc): The sentences.

    RAISES (DeepALError): At the end, so before the pool is put in its place, if there is a problem.
    """
    yield from docs
    if tags := tags_among(summary.entities):
        file = next(file for file in summary.files if tags[0] in file.entities)
        raise DeepALError(
            f"{file.path}: {tags[0]} and {tags[1]} are tags of words, and not types of entities. "
            f"Label each entity as a whole, from its first to its last word, as {tags[2]}. If they "
            "are in a column, write them as in B-PER and I-PER, and leave out --scheme io."
        )
    problems = list(summary.problems)
    if summary.skipped > len(problems):
        problems.append(f"… and {summary.skipped - len(problems)} more")
    if summary.skipped and not skip_bad:
        raise DeepALError(
            f"Nothing was written. Bad lines: {summary.skipped}. Correct them, or leave them out "
            "with `spacy deepal convert --skip-bad`.\n" + "\n".join(problems)
        )
    if summary.sentences == 0:
        problems += [f"{path}: {reason}" for path, reason in sorted(summary.unread.items())]
        problems += [f"{file.path}: it has no word" for file in summary.files if not problems]
        message = "There is no sentence to write. Name other files."
        raise DeepALError("\n".join([message, *problems[:PROBLEMS_SHOWN]]))
