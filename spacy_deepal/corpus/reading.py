"""What all formats share: options, the sentence that readers yield, and the ways to read a file."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Literal, TypeVar

from spacy.language import Language
from spacy.tokens import Doc

from ..arguments import check_types
from ..errors import DeepALError
from .sources import Source

LINES_TO_DETECT = 1000  # the first lines or records of a file, by which its format is told
Lines = list[tuple[int, str]]  # with their numbers in the file, from 1
Border = Literal["refuse", "trim", "snap", "drop"]
Overlap = Literal["refuse", "longest"]
Offsets = Literal["characters", "utf16", "bytes"]
IdSource = Literal["data", "text"]
TokenSource = Literal["data", "pipeline", "joined"]
TagScheme = Literal["iob1", "iob2", "bioes", "io"]
Parsed = TypeVar("Parsed")
# Options of several values, which are one string with commas on the command line.
BETWEEN_COMMAS = ("columns", "tag_names", "entity_types")
ALL_OTHERS = "*"  # all other entity types


def parse_entity_types(names: Sequence[str]) -> dict[str, str]:
    """RETURNS (dict[str, str]): The new name of each type that is named.

    names (Sequence[str]): Those of `ReadOptions.entity_types`.
    RAISES (DeepALError): One of them is not like PERSON, PER=PERSON or *, or comes twice.
    """
    renamed: dict[str, str] = {}
    for name in names:
        old, equals, new = name.partition("=")
        not_a_name = (new if equals else old) in ("", ALL_OTHERS) or "=" in new or not old
        if name != ALL_OTHERS and (not_a_name or old == ALL_OTHERS):
            raise DeepALError(
                f"--entity-types {name}: name types with commas between, as in PER=PERSON,ORG; "
                f"with {ALL_OTHERS} as one of them, all others are kept."
            )
        if old in renamed:
            raise DeepALError(f"--entity-types: {old} is named twice. Name it once.")
        renamed[old] = new or old
    return renamed


@dataclass(frozen=True)
class ReadOptions:
    """How to read what can be read in several ways. By default the files themselves tell it.

    format (str): The name of a format. With "auto", it is detected.
    columns (tuple[str, ...]): What the columns are: "word", "ner", and "_" for all others. Empty:
        detected.
    scheme (str | None): How tags mark entities: "iob1", "iob2" or "bioes"; or "io", types alone, so
        that words of one type in a row are one entity. None: detected, but for "io".
    spans_key (str | None): The key of a record under which its entities are. None: detected.
    text_key (str | None): The key of a record under which its text is. None: detected.
    tag_names (tuple[str, ...]): The tags that the numbers of "ner_tags" stand for, from 0.
    entity_types (tuple[str, ...]): The entity types that are read: entities of others are left out,
        and their words are O. "PER=PERSON" reads PER as PERSON. With "*" as one of them, all others
        are kept. Empty: all are.
    offsets (str): What the offsets of spans count: "characters", "utf16" units or "bytes" of UTF-8.
    border (str): What is done with a span that is not whole tokens: "refuse" it, "trim" it to the
        tokens inside, "snap" it to all that it touches, or "drop" it: it is not an entity then.
    overlap (str): What is done with entities that overlap: "refuse" them, or keep the "longest".
        Those that are equally long are always refused.
    split (bool): Cut long records into sentences.
    ids (str): "data": the ids of the source are kept. "text": all are made from the texts.
    tokens (str): "data": the tokens of the source are kept. "pipeline": the text is tokenised anew.
        "joined": so is the text that the tokens give without spaces, if the source has no text.
    tokenizer (str | None): A pipeline, by path or name, whose tokenizer makes tokens. None: the one
        of the language.

    In messages these are options of the command line: --spans-key KEY is spans_key="KEY". Several
    columns, tags or types may be a list, or one string with commas, as there.
    RAISES (DeepALError): An option has a value that it cannot have.
    """

    format: str = "auto"
    columns: tuple[str, ...] = ()
    scheme: TagScheme | None = None
    spans_key: str | None = None
    text_key: str | None = None
    tag_names: tuple[str, ...] = ()
    entity_types: tuple[str, ...] = ()
    offsets: Offsets = "characters"
    border: Border = "refuse"
    overlap: Overlap = "refuse"
    split: bool = False
    ids: IdSource = "data"
    tokens: TokenSource = "data"
    tokenizer: str | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in BETWEEN_COMMAS and isinstance(value, str | list):
                listed = value.split(",") if isinstance(value, str) else value
                parts = tuple(part.strip() if isinstance(part, str) else part for part in listed)
                object.__setattr__(self, field.name, parts if value else ())
        check_types(
            "ReadOptions", ReadOptions, {f.name: getattr(self, f.name) for f in fields(self)}
        )
        parse_entity_types(self.entity_types)


@dataclass(frozen=True)
class Sentence:
    """One sentence as a reader yields it.

    doc (Doc): Its tokens and entities. If the source is not labelled, all entities are missing.
    line (int): Its first line in the file, from 1. In a .spacy file, the number of its Doc.
    id (str | None): The id that the source gives it, if any.
    doc_id (str | None): The document that it belongs to, if that is known.
    genre (str | None): Its genre, if the source says so.
    names_document (bool): Whether the source names the document. If not, its name is made from
        that of the file.
    note (str | None): What the user should know of how it was read.
    dropped (tuple[str, ...]): Its spans that were dropped, with type and offsets.
    """

    doc: Doc
    line: int
    id: str | None = None
    doc_id: str | None = None
    genre: str | None = None
    names_document: bool = False
    note: str | None = None
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnnotatedText(Sentence):
    """A text that people annotated as a record of its own: a second record of it is a double, or
    contradicts it."""


class BadLine(Exception):
    """A line that cannot be converted. Readers yield it in place of the sentence."""

    def __init__(self, line: int, message: str, text: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.message = message
        self.text = text


@dataclass(frozen=True)
class Reading:
    """One way to read a file.

    format (str): The name of the format.
    how (str): What is taken for what, such as "columns word,_,_,ner".
    choose (str): The option that chooses this reading, such as "--columns word,_,_,ner".
    read (Callable): Yields the file's sentences.
    """

    format: str
    how: str
    choose: str
    read: Callable[[Source, Language], Iterator[Sentence | BadLine]]


def attempt(parse: Callable[..., Parsed], *args) -> Parsed | BadLine:
    """RETURNS: What `parse` returns, or the BadLine that it raises."""
    try:
        return parse(*args)
    except BadLine as bad_line:
        return bad_line


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
