"""From files of any supported format to a pool: one-sentence Docs with stable ids."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from ..corpus.formats import READERS, detect_format
from ..corpus.sources import BadLine, Sentence, find_files
from ..errors import PROBLEMS_SHOWN, DeepALError
from ..pipelines import blank_pipeline
from ..progress import progress_bar
from ..sentences import KEY, count_words, sentence_info
from .shards import check_pool_folder, write_shards


@dataclass
class ConvertSummary:
    """What a conversion has written and left out.

    sentences, words (int): The sentences written, and their real words.
    labelled (int): The sentences with annotation of entities.
    entities (Counter): The number of entities by label.
    genres (Counter): The number of sentences by genre; None for those without one.
    without_words (int): Sentences left out because they are white space only.
    skipped (int): Bad lines and empty files left out.
    problems (list[str]): The first of these, each with its place.
    """

    sentences: int = 0
    words: int = 0
    labelled: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    genres: Counter[str | None] = field(default_factory=Counter)
    without_words: int = 0
    skipped: int = 0
    problems: list[str] = field(default_factory=list)

    def count(self, docs: Iterable[Doc]) -> Iterator[Doc]:
        """YIELDS (Doc): The sentences, which are counted."""
        for doc in docs:
            self.sentences += 1
            self.words += count_words(doc)
            self.labelled += doc.has_annotation("ENT_IOB")
            self.entities.update(entity.label_ for entity in doc.ents)
            self.genres[sentence_info(doc)["genre"]] += 1
            yield doc

    def skip(self, file: Path, bad_line: BadLine) -> None:
        """Count a bad line, and describe it if it is among the first."""
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
    """Convert files to a pool: all of them or, on any error, none. Sentences without a real word
    are left out. The texts are streamed; only the ids of all sentences are kept in memory.

    An id is the source's own, or else a hash of the file's name, the sentence's place in the file
    and its text. If files of the same name in several folders agree in all three, "-2", "-3" and so
    on is added to the hash for the second file and those after it.

    inputs (Iterable[str | Path]): Files and folders, as for `find_files`.
    output (str | Path): The folder of the pool. A pool that is there is replaced.
    format (str): A name in `formats.READERS`. With "auto", the format of each file is detected.
    lang (str): Language code of the tokenizer, for example "en" or "zh".
    genre (str | None): The genre of sentences whose source names none.
    genre_files (Collection[str]): Files, by name without suffix, whose name is their genre.
    skip_bad (bool): Leave out lines that cannot be converted.
    sentences_per_shard (int): Sentences in each shard but the last.
    RAISES (DeepALError): Input cannot be read or holds nothing; there are bad lines and `skip_bad`
        is False (the first 20 are shown with file, line and text); the output must not be replaced.
    """
    output = Path(output)
    if format != "auto" and format not in READERS:
        raise DeepALError(f"Unknown format {format!r}. Known: auto, {', '.join(READERS)}.")
    check_pool_folder(output)
    files = find_files(inputs, exclude=output, lang=lang)
    nlp = blank_pipeline(lang)
    summary = ConvertSummary()
    sentences = _read_all(files, nlp, format, summary)
    docs = summary.count(_with_ids(sentences, genre, genre_files, summary))
    shown = progress_bar(docs, "convert", unit=" sentences", leave=True)
    checked = _complete(shown, summary, skip_bad)
    write_shards(checked, output, sentences_per_shard=sentences_per_shard)
    return summary


def _read_all(
    files: list[Path], nlp: Language, format: str, summary: ConvertSummary
) -> Iterator[tuple[Path, int, Sentence]]:
    """YIELDS (tuple[Path, int, Sentence]): Each sentence with its file and its place in it."""
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
            problem = f"the id {sentence.id!r} has been used before"
            summary.skip(file, BadLine(sentence.line, problem))
            continue
        key = sentence.id or _unused(_content_id(file.name, str(place), sentence.doc.text), seen)
        seen.add(key)
        sentence.doc.user_data[KEY] = {
            "id": key,
            "doc_id": sentence.doc_id,
            "genre": sentence.genre or (file.stem if file.stem in genre_files else genre),
        }
        yield sentence.doc


def _content_id(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def _unused(key: str, seen: set[str]) -> str:
    copies = 1
    unused = key
    while unused in seen:
        copies += 1
        unused = f"{key}-{copies}"
    return unused


def _complete(docs: Iterable[Doc], summary: ConvertSummary, skip_bad: bool) -> Iterator[Doc]:
    """YIELDS (Doc): The sentences.

    RAISES (DeepALError): At the end, so before the pool is put in its place, if there is a problem.
    """
    yield from docs
    problems = list(summary.problems)
    if summary.skipped > len(problems):
        problems.append(f"… and {summary.skipped - len(problems)} more")
    if summary.skipped and not skip_bad:
        raise DeepALError(
            f"Nothing was written. Bad lines: {summary.skipped}. Correct them, or leave them out "
            "with `spacy deepal convert --skip-bad`.\n" + "\n".join(problems)
        )
    if summary.sentences == 0:
        raise DeepALError("\n".join(["There is no sentence to write.", *problems]))
