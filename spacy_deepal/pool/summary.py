"""What a conversion has read, written and left out, file by file."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from itertools import chain, repeat
from pathlib import Path

from spacy.tokens import Doc

from ..corpus.reading import BadLine, Sentence
from ..errors import PROBLEMS_SHOWN
from ..sentences import count_words, sentence_info


@dataclass(kw_only=True)
class Counts:
    """What was written of a file or of all files.

    sentences, words (int): The sentences, and their real words.
    labelled (int): The sentences with annotation of entities.
    entities (Counter): The number of entities by label.
    """

    sentences: int = 0
    words: int = 0
    labelled: int = 0
    entities: Counter[str] = field(default_factory=Counter)

    def add(self, doc: Doc) -> None:
        """Count a sentence."""
        self.sentences += 1
        self.words += count_words(doc)
        self.labelled += doc.has_annotation("ENT_IOB")
        self.entities.update(entity.label_ for entity in doc.ents)

    def take_out(self, doc: Doc) -> None:
        """Count a sentence no longer that is not labelled."""
        self.sentences -= 1
        self.words -= count_words(doc)


@dataclass(kw_only=True)
class FileSummary(Counts):
    """What was taken out of one file.

    path (Path): The file, or the member of an archive.
    format, how (str): Its format, and what was taken for what in it.
    """

    path: Path
    format: str
    how: str


@dataclass(kw_only=True)
class ConvertSummary(Counts):
    """What a conversion has written and left out.

    partly (int): The labelled sentences in which some words are not labelled.
    genres (Counter): The number of sentences by genre; None for those without one.
    without_words (int): Sentences left out because they are white space only.
    doubles (int): Sentences left out because they have the id, text and labels of another one; or,
        as annotated records without ids, its text and labels.
    replaced (int): Sentences left out because they are not labelled, and one of the same text is.
    skipped (int): Bad lines left out.
    problems (list[str]): The first of these, each with its place.
    dropped (int): Spans left out because they are not whole tokens, or overlap a longer one.
    drops (list[str]): The first of these, each with its place.
    notes (Counter): What the user should know of how sentences were read.
    shared (list[str]): Which sentences have a text that is in a set to measure on too.
    files (list[FileSummary]): The files that were read.
    unread (dict[Path, str]): The files that were not read, with the reason.
    """

    partly: int = 0
    genres: Counter[str | None] = field(default_factory=Counter)
    without_words: int = 0
    doubles: int = 0
    replaced: int = 0
    skipped: int = 0
    problems: list[str] = field(default_factory=list)
    dropped: int = 0
    drops: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    shared: list[str] = field(default_factory=list)
    files: list[FileSummary] = field(default_factory=list)
    unread: dict[Path, str] = field(default_factory=dict)

    def count(self, docs: Iterable[Doc]) -> Iterator[Doc]:
        """YIELDS (Doc): The sentences, which are counted, also for the file that is being read."""
        for doc in docs:
            self.add(doc)
            for file in self.files[-1:]:
                file.add(doc)
            whole = doc.has_annotation("ENT_IOB", require_complete=True)
            self.partly += doc.has_annotation("ENT_IOB") and not whole
            self.genres[sentence_info(doc)["genre"]] += 1
            yield doc

    def in_files(self, docs: Iterable[Doc]) -> Iterator[tuple[Doc, FileSummary | None]]:
        """YIELDS (tuple): Each sentence that was counted, in the same order, and the file that it
        is from; None where no files were read."""
        files = chain.from_iterable(repeat(file, file.sentences) for file in self.files)
        return zip(docs, chain(files, repeat(None)), strict=False)

    def replace(self, doc: Doc, file: FileSummary | None) -> None:
        """Take out a sentence that was counted, and is not labelled: one of the same text is."""
        for counts in (self, file):
            if counts is not None:
                counts.take_out(doc)
        self.genres -= Counter([sentence_info(doc)["genre"]])
        self.replaced += 1

    def recounted(self, written: "ConvertSummary") -> "ConvertSummary":
        """RETURNS (ConvertSummary): What was read and left out here, with the numbers of what was
        then written of it."""
        names = ("partly", "genres", *(each.name for each in fields(Counts)))
        return replace(self, **{name: getattr(written, name) for name in names})

    def skip(self, file: Path, bad_line: BadLine) -> None:
        """Count a bad line, and describe it if it is among the first."""
        self.skipped += 1
        if len(self.problems) < PROBLEMS_SHOWN:
            text = f": {bad_line.text[:80]!r}" if bad_line.text else ""
            self.problems.append(f"{file}:{bad_line.line}: {bad_line.message}{text}")

    def drop(self, file: Path, sentence: Sentence) -> None:
        """Count the spans of a sentence that were dropped, and describe the first."""
        self.dropped += len(sentence.dropped)
        where = f"{file}:{sentence.line}"
        lines = [f"{where}: {shown}: {sentence.doc.text[:80]!r}" for shown in sentence.dropped]
        self.drops += lines[: PROBLEMS_SHOWN - len(self.drops)]
