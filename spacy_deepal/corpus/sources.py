"""What every format shares: the files to read, their lines, and the record a reader yields."""

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


@dataclass(frozen=True)
class Sentence:
    """One sentence as a reader yields it.

    doc (Doc): Tokens and entities: missing everywhere where the source is not labelled.
    line (int): Its first line in the file, from 1 (for .spacy files: number of the Doc).
    id (str | None): The id the source gives it.
    doc_id (str | None): The document it belongs to, where the source says so.
    genre (str | None): The genre, where the source says so.
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


class Reader(Protocol):
    """Reads one file of a format as a stream."""

    def __call__(self, file: Path, nlp: Language) -> Iterator[Sentence | BadLine]: ...


def attempt(parse: Callable[..., Sentence], *args) -> Sentence | BadLine:
    """The sentence that `parse` returns, or the BadLine that it raises."""
    try:
        return parse(*args)
    except BadLine as bad_line:
        return bad_line


def read_lines(file: Path) -> Iterator[tuple[int, str]]:
    r"""The lines of a UTF-8 file with their numbers, from 1. Only "\n" and "\r\n" end a line; a
    byte order mark is left out.

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


def blocks(lines: Iterable[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Runs of lines between blank lines."""
    block: list[tuple[int, str]] = []
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
    """The files to read: each input, and in place of a folder all files of known suffixes in it
    and below, sorted; none twice, and of OntoNotes' forms of one document the best.

    inputs (Iterable[str | Path]): Files and folders.
    exclude (Path | None): A folder inside an input folder whose files are left out, so that output
        there is not read by the next run.
    lang (str | None): Of OntoNotes' folders of languages in a folder, read that of this one.
    RAISES (DeepALError): An input does not exist, or is a folder without a file to read.
    """
    files: list[Path] = []
    for path in map(Path, inputs):
        if not path.exists():
            raise DeepALError(f"There is no file or folder {path}.")
        found = _files_in(path, exclude, lang) if path.is_dir() else [path]
        if not found:
            raise DeepALError(
                f"The folder {path} holds no file to read. "
                f"These suffixes are read: {' '.join(SUFFIXES)}, and of OntoNotes the files "
                "*_conll of the language."
            )
        files += found
    return one_form_each({file.resolve(): file for file in files}.values())


def is_data(file: Path) -> bool:
    """Whether a file in a folder is to be read: by its name."""
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
    """A Doc of the source's own tokens. Without `spaces`, spaCy marks them as unknown, and so
    trains and scores on these tokens rather than on its own.

    words (Sequence[str]): The tokens.
    tags (Sequence[str]): Their IOB1 or IOB2 tags.
    spaces (Sequence[bool] | None): Whether a space follows, where the raw text is known.
    """
    ents = list(tags)
    for i, (before, tag) in enumerate(zip(["O", *tags], tags, strict=False)):
        if tag.startswith("I-") and before[2:] != tag[2:]:
            ents[i] = f"B-{tag[2:]}"
    return Doc(nlp.vocab, words=list(words), spaces=spaces and list(spaces), ents=ents)


def raw_doc(
    nlp: Language, text: str, spans: Sequence[tuple[int, int, str]] | None, line: int
) -> Doc:
    """A Doc of raw text, tokenised by the pipeline.

    text (str): The text.
    spans (Sequence | None): Entities as (start, end, label) in characters; None: not labelled.
    line (int): Where the text stands in its file.
    RAISES (BadLine): Entities overlap or do not align with the tokens.
    """
    doc = nlp.make_doc(text)
    if spans is not None:
        set_spans(doc, spans, line)
    return doc


def set_spans(doc: Doc, spans: Sequence[tuple[int, int, str]], line: int) -> None:
    """Label a Doc with entities given in characters; all other tokens are O.

    spans (Sequence): Entities as (start, end, label).
    line (int): Where they stand in their file.
    RAISES (BadLine): Entities overlap or do not align with the tokens.
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
