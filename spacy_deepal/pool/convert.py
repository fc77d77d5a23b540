"""Any supported format to a pool: one-sentence Docs with stable ids, in shards."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc
from tqdm import tqdm

from ..corpus.formats import READERS, detect_format
from ..corpus.sources import BadLine, Sentence, find_files
from ..errors import DeepALError
from ..pipelines import blank_pipeline
from ..sentences import KEY, count_words, sentence_info
from .shards import check_pool_folder, write_shards

PROBLEMS_SHOWN = 20


@dataclass
class ConvertSummary:
    """What a conversion wrote and left out.

    sentences, words (int): Sentences written, and their tokens that are not white space.
    labelled, unlabelled (int): Sentences with and without entity annotation.
    entities (Counter): Entities by label.
    genres (Counter): Sentences by genre; None where there is none.
    without_words (int): Sentences left out because they had white space only.
    skipped (int): Bad lines (or empty files) left out.
    problems (list[str]): The first of those, each with its place.
    """

    sentences: int = 0
    words: int = 0
    labelled: int = 0
    unlabelled: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    genres: Counter[str | None] = field(default_factory=Counter)
    without_words: int = 0
    skipped: int = 0
    problems: list[str] = field(default_factory=list)

    def count(self, docs: Iterable[Doc]) -> Iterator[Doc]:
        """Pass sentences on and count them."""
        for doc in docs:
            self.sentences += 1
            self.words += count_words(doc)
            if doc.has_annotation("ENT_IOB"):
                self.labelled += 1
            else:
                self.unlabelled += 1
            self.entities.update(entity.label_ for entity in doc.ents)
            self.genres[sentence_info(doc)["genre"]] += 1
            yield doc

    def skip(self, file: Path, bad_line: BadLine) -> None:
        """Take note of a bad line."""
        self.skipped += 1
        if len(self.problems) < PROBLEMS_SHOWN:
            text = f": {bad_line.text[:80]!r}" if bad_line.text else ""
            self.problems.append(f"{file}:{bad_line.line}: {bad_line.message}{text}")


def convert(
    inputs: Iterable[str | Path],
    output: str | Path,
    *,
    format: str = "auto",
    lang: str = "en",
    genre: str | None = None,
    genre_files: Collection[str] = (),
    skip_bad: bool = False,
    sentences_per_shard: int = 1000,
) -> ConvertSummary:
    """Convert files to a pool: all of them, or on any error none. Sentences without a real word
    are left out. The texts are streamed; of all sentences only the ids are kept in memory.

    An id is a hash of the file's name, the sentence's place in the file and its text, unless the
    source has ids. When files of one name in several folders agree in all three, the second and
    further ones get "-2", "-3" … after the hash.

    inputs (Iterable[str | Path]): Files and folders, see `find_files`.
    output (str | Path): The folder of the pool; an earlier pool there is replaced.
    format (str): A name in `formats.READERS`; "auto" detects it file by file.
    lang (str): Language code of the tokenizer, for example "en" or "zh".
    genre (str | None): Genre of the sentences whose source names none.
    genre_files (Collection[str]): Files, by name without suffix, whose name is that genre.
    skip_bad (bool): Go on without lines that cannot be converted.
    sentences_per_shard (int): Sentences in each shard but the last.
    RAISES (DeepALError): Input that cannot be read or holds nothing, bad lines (the first 20 with
        file, line and text) unless `skip_bad`, output that must not be overwritten.
    """
    output = Path(output)
    if format != "auto" and format not in READERS:
        raise DeepALError(f"Unknown format {format!r}. Known: auto, {', '.join(READERS)}.")
    check_pool_folder(output)
    files = find_files(inputs, exclude=output, lang=lang)
    nlp = blank_pipeline(lang)
    summary = ConvertSummary()
    sentences = _sentences(files, nlp, format, summary)
    docs = summary.count(_with_ids(sentences, genre, genre_files, summary))
    write_shards(
        _complete(tqdm(docs, desc="convert", unit=" sentences", disable=None), summary, skip_bad),
        output,
        sentences_per_shard=sentences_per_shard,
    )
    return summary


def _sentences(
    files: list[Path], nlp: Language, format: str, summary: ConvertSummary
) -> Iterator[tuple[Path, int, Sentence]]:
    """The sentences of all files, each with its place among all that its file yields."""
    for file in files:
        read = READERS[detect_format(file) if format == "auto" else format]
        place = 0
        for place, sentence in enumerate(read(file, nlp), 1):
            if isinstance(sentence, BadLine):
                summary.skip(file, sentence)
            elif count_words(sentence.doc) == 0:
                summary.without_words += 1
            else:
                yield file, place, sentence
        if place == 0:
            summary.skip(file, BadLine(1, "the file holds no sentence"))


def _with_ids(
    sentences: Iterable[tuple[Path, int, Sentence]],
    genre: str | None,
    genre_files: Collection[str],
    summary: ConvertSummary,
) -> Iterator[Doc]:
    seen: set[str] = set()
    for file, place, sentence in sentences:
        if sentence.id in seen:
            summary.skip(file, BadLine(sentence.line, f"the id {sentence.id!r} is there already"))
            continue
        key = sentence.id or _unused(_hash(file.name, str(place), sentence.doc.text), seen)
        seen.add(key)
        sentence.doc.user_data[KEY] = {
            "id": key,
            "doc_id": sentence.doc_id,
            "genre": sentence.genre or (file.stem if file.stem in genre_files else genre),
        }
        yield sentence.doc


def _hash(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def _unused(key: str, seen: set[str]) -> str:
    copies = 1
    unused = key
    while unused in seen:
        copies += 1
        unused = f"{key}-{copies}"
    return unused


def _complete(docs: Iterable[Doc], summary: ConvertSummary, skip_bad: bool) -> Iterator[Doc]:
    """Pass the Docs on; raise at the end, before the pool is put in its place, on any problem."""
    yield from docs
    problems = list(summary.problems)
    if summary.skipped > len(problems):
        problems.append(f"… and {summary.skipped - len(problems)} more")
    if summary.skipped and not skip_bad:
        raise DeepALError(
            f"Nothing is written. Bad lines: {summary.skipped}. Correct them, or leave them out "
            "with `spacy deepal convert --skip-bad`.\n" + "\n".join(problems)
        )
    if summary.sentences == 0:
        raise DeepALError("\n".join(["There is no sentence to write.", *problems]))
