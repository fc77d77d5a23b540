"""What all formats share: the files to read, their lines, and the sentence that a reader yields."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import DeepALError
from .ontonotes import is_ontonotes, is_wanted, one_form_each

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "dev": "dev",
    "devel": "dev",
    "development": "dev",
    "valid": "dev",
    "validation": "dev",
    "test": "test",
}
SUFFIXES = (".spacy", ".jsonl", ".iob2", ".iob", ".bio", ".conll", ".tsv", ".txt")


Lines = list[tuple[int, str]]  # with their numbers in the file, from 1
CharSpan = tuple[int, int, str]  # an entity: first character, the one after its last, label


@dataclass(frozen=True)
class Sentence:
    """One sentence as a reader yields it.

    doc (Doc): Its tokens and entities. If the source is not labelled, all entities are missing.
    line (int): Its first line in the file, from 1. In a .spacy file, the number of its Doc.
    id (str | None): The id that the source gives it, if any.
    doc_id (str | None): The document that it belongs to, if the source says so.
    genre (str | None): Its genre, if the source says so.
    """

    doc: Doc
    line: int
    id: str | None = None
    doc_id: str | None = None
    genre: str | None = None


class BadLine(Exception):
    """A line that cannot be converted. Readers yield it in place of the sentence."""

    def __init__(self, line: int, message: str, text: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.message = message
        self.text = text


class FormatReader(Protocol):
    """Reads one file of a format as a stream."""

    def __call__(self, file: Path, nlp: Language) -> Iterator[Sentence | BadLine]: ...


def attempt(parse: Callable[..., Sentence], *args) -> Sentence | BadLine:
    """RETURNS (Sentence | BadLine): What `parse` returns, or the BadLine that it raises."""
    try:
        return parse(*args)
    except BadLine as bad_line:
        return bad_line


def read_lines(file: Path) -> Iterator[tuple[int, str]]:
    r"""Read a UTF-8 file. Only "\n" and "\r\n" end a line. A byte order mark is left out.

    YIELDS (tuple[int, str]): The number of each line, from 1, and its text.
    RAISES (DeepALError): The file cannot be opened, or is not UTF-8.
    """
    try:
        with file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                yield number, text.removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise DeepALError(
            f"{file}:{number}: not UTF-8 ({error.reason} {error.object[error.start]:#04x}). "
            "Save the file as UTF-8, for example with `iconv -t UTF-8`."
        ) from error
    except OSError as error:
        raise DeepALError(f"{file} cannot be read: {error.strerror}.") from error


def blocks(lines: Iterable[tuple[int, str]]) -> Iterator[Lines]:
    """YIELDS (list[tuple[int, str]]): The lines between two blank lines."""
    block: Lines = []
    for number, line in lines:
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def find_files(
    inputs: Iterable[str | Path], *, exclude: Path | None = None, lang: str | None = None
) -> list[Path]:
    """Find the files to read: the inputs, and in place of a folder the files of known suffixes in
    it and below it, sorted. No file is read twice. If OntoNotes has a document in several forms,
    the best one is read.

    inputs (Iterable[str | Path]): Files and folders.
    exclude (Path | None): Files in this folder are left out if an input folder contains it. So the
        output of a run is not read by the next one.
    lang (str | None): Language code. Of the folders that OntoNotes has for each language, only this
        one's is read. None: all are read.
    RAISES (DeepALError): An input does not exist, or is a folder without a file to read.
    """
    files: list[Path] = []
    for path in map(Path, inputs):
        if not path.exists():
            raise DeepALError(f"There is no file or folder {path}.")
        found = _files_in(path, exclude, lang) if path.is_dir() else [path]
        if not found:
            raise DeepALError(
                f"The folder {path} holds no file to read. Files with these suffixes are read: "
                f"{' '.join(SUFFIXES)}. From OntoNotes, only the *_conll files "
                "of that language are read."
            )
        files += found
    return one_form_each({file.resolve(): file for file in files}.values())


def is_data(file: Path) -> bool:
    """RETURNS (bool): Whether a file in a folder is to be read, by its name."""
    return file.suffix.lower() in SUFFIXES or is_ontonotes(file)


def _files_in(folder: Path, exclude: Path | None, lang: str | None) -> list[Path]:
    excluded = exclude and exclude.resolve()
    if excluded and folder.resolve() not in excluded.parents:
        excluded = None
    return sorted(
        file
        for file in folder.rglob("*")
        if is_data(file)
        and file.is_file()
        and is_wanted(file.relative_to(folder), lang)
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
        and excluded not in file.resolve().parents
    )


def tagged_doc(
    nlp: Language, words: Sequence[str], tags: Sequence[str], spaces: Sequence[bool] | None
) -> Doc:
    """Make a Doc of the source's own tokens.

    words (Sequence[str]): The tokens.
    tags (Sequence[str]): Their IOB1 or IOB2 tags.
    spaces (Sequence[bool] | None): Whether a space follows each token. None: it is not known. spaCy
        then trains and scores on these tokens and not on those of its own tokenizer.
    """
    ents = list(tags)
    for i, (before, tag) in enumerate(zip(["O", *tags], tags, strict=False)):
        if tag.startswith("I-") and before[2:] != tag[2:]:
            ents[i] = f"B-{tag[2:]}"
    return Doc(nlp.vocab, words=list(words), spaces=list(spaces) if spaces else None, ents=ents)


def raw_doc(nlp: Language, text: str, spans: Sequence[CharSpan] | None, line: int) -> Doc:
    """Make a Doc of raw text with the pipeline's tokenizer.

    spans (Sequence | None): The entities. None: the text is not labelled.
    line (int): Where the text stands in its file.
    RAISES (BadLine): Entities overlap, or do not begin and end where tokens do.
    """
    doc = nlp.make_doc(text)
    if spans is not None:
        set_spans(doc, spans, line)
    return doc


def set_spans(doc: Doc, spans: Sequence[CharSpan], line: int) -> None:
    """Label a Doc. All tokens outside of the entities are O.

    spans (Sequence): The entities.
    line (int): Where they stand in their file.
    RAISES (BadLine): Entities overlap, or do not begin and end where tokens do.
    """
    text = doc.text
    entities = []
    end_before = 0
    for start, end, label in sorted(spans):
        surface = text[start:end]
        span = doc.char_span(start, end, label=label)
        if start < end_before:
            raise BadLine(line, f"entity {surface!r} ({label}) overlaps the one before", text)
        if span is None or surface != surface.strip():
            tokens = doc.char_span(start, end, alignment_mode="expand") or ()
            near = " ".join(token.text for token in tokens)[:40]
            message = (
                f"entity {surface!r} ({label}) is not whole {doc.vocab.lang!r} tokens: {near!r}"
            )
            raise BadLine(line, message, text)
        entities.append(span)
        end_before = end
    doc.set_ents(entities)
