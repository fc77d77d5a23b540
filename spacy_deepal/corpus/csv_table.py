"""CSV and TSV with a header: a word and its tag on each row, the columns named in the first row."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import IO

from spacy.language import Language
from spacy.tokens import Doc

from ..sentences import sentence_info
from .column_layout import NER, OTHER, WORD
from .docs import tagged_doc
from .reading import BadLine, Reading, ReadOptions, Sentence, attempt
from .sources import Source
from .tags import TAG, SchemeFinder, to_iob2
from .writing import iob2_tags_of

CSV = "csv"
WORDS = ("word", "token", "words", "tokens", "form", "text")
TAGS = ("ner", "tag", "ner_tag", "ner_tags", "iob", "bio", "label", "labels", "entity", "tags")
SENTENCES = ("sentence #", "sentence", "sentence_id", "sentence_idx", "sent_id", "id")
DOCUMENTS = ("doc_id", "document", "doc", "document_id")
TableRow = tuple[int, list[str]]


@dataclass(frozen=True)
class Header:
    """The columns of a table by their numbers, from 0; None for those that it has not."""

    names: list[str]
    delimiter: str
    word: int
    ner: int
    sentence: int | None
    document: int | None
    scheme: SchemeFinder


def csv_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The ways to read a table: one for each column of tags; none if the
    first line is not a header."""
    names, delimiter = _header(source)
    small = [name.strip().lower() for name in names]
    word = next((small.index(name) for name in WORDS if name in small), None)
    if word is None or len(names) < 2:
        return []
    finders = _tag_columns(source, delimiter, [i for i in range(len(names)) if i != word])
    tagged = list(finders)
    if len(options.columns) == len(names):
        word, tagged = options.columns.index(WORD), [options.columns.index(NER)]
    elif named := [i for i in tagged if small[i] in TAGS and finders[i].labels]:
        tagged = named
    return [
        Reading(
            CSV,
            f"columns {names[header.word]} and {names[header.ner]}"
            + (f", sentences by {names[header.sentence]}" if header.sentence is not None else ""),
            "--columns " + ",".join(_option(i, header) for i in range(len(names))),
            partial(_read, options, header),
        )
        for at in tagged
        for header in [
            Header(
                names,
                delimiter,
                word,
                at,
                _first(small, SENTENCES),
                _first(small, DOCUMENTS),
                finders.get(at, SchemeFinder()),
            )
        ]
    ]


def _tag_columns(source: Source, delimiter: str, columns: Iterable[int]) -> dict[int, SchemeFinder]:
    """RETURNS (dict): The columns in which most cells are tags, and what these are like."""
    finders = {i: SchemeFinder() for i in columns}
    counts = dict.fromkeys(finders, 0)
    rows = 0
    for _, cells in _rows(source, delimiter):
        rows += any(cells)
        for i, finder in finders.items():
            if i < len(cells) and TAG.fullmatch(cells[i]):
                counts[i] += 1
                finder.add(cells[i])
    return {i: finder for i, finder in finders.items() if counts[i] > rows / 2}


def _option(i: int, header: Header) -> str:
    return {header.word: WORD, header.ner: NER}.get(i, OTHER)


def _first(names: list[str], known: Iterable[str]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)


def _header(source: Source) -> tuple[list[str], str]:
    """RETURNS (list[str], str): The cells of the first line, and what parts them."""
    line = next((line for _, line in source.lines()), "")
    delimiter = max("\t,;", key=line.count)
    return _cells(line, delimiter), delimiter


def _rows(source: Source, delimiter: str) -> Iterator[TableRow]:
    """YIELDS (tuple[int, list[str]]): The number and the cells of each line after the first."""
    for number, line in source.lines():
        if number > 1:
            yield number, _cells(line, delimiter)


def _cells(line: str, delimiter: str) -> list[str]:
    """RETURNS (list[str]): The cells of a line. In tables with tabs, a quote is a word like
    others."""
    if delimiter == "\t":
        return line.split("\t")
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:  # a cell is longer than csv allows, as the first line of raw text may be
        return [line]


def _read(
    options: ReadOptions, header: Header, source: Source, nlp: Language
) -> Iterator[Sentence | BadLine]:
    """Read words and tags. A new value in the column of sentences begins a sentence, and so does a
    row without a word."""
    block: list[TableRow] = []
    before = None
    for number, cells in chain(_rows(source, header.delimiter), [(0, [])]):
        blank = len(cells) <= header.word or not cells[header.word]
        at = header.sentence
        name = None if blank or at is None or at >= len(cells) else cells[at]
        if block and (blank or (name and name != before)):
            yield attempt(_parse, options, header, nlp, block)
            block = []
        before = name or before
        if any(cells) and blank:
            yield BadLine(number, "a row without a word", str(cells))
        elif not blank:
            block.append((number, cells))


def _parse(options: ReadOptions, header: Header, nlp: Language, rows: list[TableRow]) -> Sentence:
    for number, cells in rows:
        if len(cells) != len(header.names) or not TAG.fullmatch(cells[header.ner]):
            message = f"not a tag under {header.names[header.ner]!r} in {len(header.names)} cells"
            raise BadLine(number, message, str(cells))
    tags = [(number, cells[header.ner]) for number, cells in rows]
    words = [cells[header.word] for _, cells in rows]
    doc = tagged_doc(nlp, words, to_iob2(tags, options.scheme or header.scheme.scheme))
    first, cells = rows[0]
    doc_id = cells[header.document] if header.document is not None else None
    return Sentence(doc, first, doc_id=doc_id or None, names_document=bool(doc_id))


def write_csv(docs: Iterable[Doc], stream: IO[str]) -> None:
    """Write a row for each word: its sentence, document, the word and its IOB2 tag. White space of
    its own is no word.

    RAISES (DeepALError): A sentence is not labelled as a whole.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["sentence_id", "doc_id", "word", "ner"])
    for doc in docs:
        info = sentence_info(doc)
        for token, tag in zip(doc, iob2_tags_of(doc, CSV), strict=True):
            if not token.is_space:
                writer.writerow([info["id"], info["doc_id"] or "", token.text, tag])
