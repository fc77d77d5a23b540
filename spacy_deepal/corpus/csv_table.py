"""CSV and TSV: a word and its tag on each row, with the columns' names in the first row or none."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import IO

from spacy.language import Language
from spacy.tokens import Doc

from ..sentences import sentence_info
from .column_layout import (
    COMMENT_START,
    IN_QUOTES,
    NER,
    OTHER,
    SENTENCE,
    WORD,
    ColumnCounts,
    guess_columns,
    has_quoted_cells,
    split_cells,
)
from .docs import tagged_doc
from .reading import LINES_TO_DETECT, BadLine, Reading, ReadOptions, Sentence, TagScheme, attempt
from .sources import Source
from .tags import TAG, SchemeFinder, full_tag, to_iob2
from .writing import iob2_tags_of

CSV = "csv"
WORDS = ("word", "token", "words", "tokens", "form", "text")
TAGS = ("ner", "tag", "ner_tag", "ner_tags", "iob", "bio", "label", "labels", "entity", "tags")
SENTENCES = ("sentence #", "sentence", "sentence_id", "sentence_idx", "sent_id", "id")
DOCUMENTS = ("doc_id", "document", "doc", "document_id")
ONE_SENTENCE = (
    "files are one sentence, as no column names sentences and no row is blank. If one does, name "
    "it as in --columns sentence,word,ner"
)
OPEN = (
    "a cell begins with a quote and does not end on this line. Write a space for a line break in a "
    'cell, and """" for a word that is a quote'
)
JSON = re.compile(r"""\s*[{\[]\s*["'{\[]""")  # how a line of JSON begins
TableRow = tuple[int, list[str]]


@dataclass(frozen=True)
class Table:
    """What the columns of a table are, by their numbers from 0; None for those that it has not.

    names (list[str]): Their names: those of the first row, or numbers if it has none.
    delimiter (str): What parts them.
    first (int): The line on which the rows begin.
    quoted (bool): A cell may be in quotes. If False, a quote is a word like others.
    """

    names: list[str]
    delimiter: str
    first: int
    quoted: bool
    word: int
    sentence: int | None
    document: int | None

    def rows(self, source: Source) -> Iterator[TableRow]:
        """YIELDS (tuple[int, list[str]]): The number and the cells of each line with a row. Where
        tabs part the cells, a line without a tab may be a comment, such as "# date = 1898"."""
        for number, line in source.lines():
            is_comment = self.delimiter == "\t" not in line and COMMENT_START.match(line)
            if number >= self.first and not is_comment:
                yield number, _cells(line, self.delimiter, self.quoted)

    def option(self, ner: int) -> str:
        """RETURNS (str): The columns as --columns takes them."""
        named = {self.sentence: SENTENCE, ner: NER, self.word: WORD}
        return ",".join(named.get(i, OTHER) for i in range(len(self.names)))


def csv_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The ways to read a table: one for each column of tags; none if it is
    not one with a word and its tag on each row."""
    if (table := _table(source, options)) is None:
        return []
    others = [i for i in range(len(table.names)) if i != table.word]
    finders = _tag_columns(table, source, others)
    tagged = list(finders)
    small = [name.strip().lower() for name in table.names]
    if len(options.columns) == len(small):
        tagged = [options.columns.index(NER)]
    elif named := [i for i in tagged if small[i] in TAGS and finders[i].labels]:
        tagged = named
    by = "" if table.sentence is None else f", sentences by {table.names[table.sentence]}"
    return [
        Reading(
            CSV,
            f"columns {table.names[table.word]} and {table.names[ner]}{by}"
            + IN_QUOTES * (table.quoted and table.delimiter == "\t"),
            f"--columns {table.option(ner)}",
            partial(_read, table, ner, options.scheme or finders.get(ner, SchemeFinder()).scheme),
        )
        for ner in tagged
    ]


def _table(source: Source, options: ReadOptions) -> Table | None:
    """RETURNS (Table | None): What the columns are: as the options say, or the names in the first
    row; or, in a table without such names, as the cells look."""
    first = next((line for _, line in source.lines()), "")
    delimiter = max("\t,;|", key=first.count)
    if delimiter != "\t" and JSON.match(first):
        return None  # an entity in it may have the type B-PER
    quoted = delimiter != "\t" or has_quoted_cells(source)
    names = _cells(first, delimiter, quoted)
    begins = 2
    if any(TAG.fullmatch(name) for name in names):
        begins, names = 1, [str(number) for number in range(1, len(names) + 1)]
    small = [name.strip().lower() for name in names]
    if len(options.columns) == len(names) > 1:
        what = list(options.columns)
        known = small[what.index(WORD)] in WORDS or small[what.index(NER)] in TAGS
        if delimiter == "\t" and not known:
            return None  # the first row may be of words, as in other columns
        if options.scheme == "io" and not known:
            begins = 1
        by = what.index(SENTENCE) if SENTENCE in what else _first(small, SENTENCES)
        return Table(
            names, delimiter, begins, quoted, what.index(WORD), by, _first(small, DOCUMENTS)
        )
    word = _first(small, WORDS)
    if begins == 1 and delimiter != "\t":
        counts = [ColumnCounts() for _ in names]
        rows = (
            _cells(line, delimiter, quoted) for _, line in islice(source.lines(), LINES_TO_DETECT)
        )
        for cells in rows:
            for column, cell in zip(counts, cells, strict=False):
                column.add(cell)
        word = _first(guess_columns(counts), (WORD,))
    if word is None or len(names) < 2:
        return None
    by = None if begins == 1 else _first(small, SENTENCES)
    return Table(names, delimiter, begins, quoted, word, by, _first(small, DOCUMENTS))


def _tag_columns(table: Table, source: Source, columns: Iterable[int]) -> dict[int, SchemeFinder]:
    """RETURNS (dict): The columns in which most cells are tags, and what these are like."""
    finders = {i: SchemeFinder() for i in columns}
    counts = dict.fromkeys(finders, 0)
    count = 0
    for _, cells in table.rows(source):
        count += any(cells)
        for i, finder in finders.items():
            if i < len(cells) and TAG.fullmatch(cells[i]):
                counts[i] += 1
                finder.add(cells[i])
    return {i: finder for i, finder in finders.items() if counts[i] > count / 2}


def _first(names: Sequence[str], known: Iterable[str]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)


def _cells(line: str, delimiter: str, quoted: bool) -> list[str]:
    """RETURNS (list[str]): The cells of a line."""
    if delimiter == "\t":
        return split_cells(line, True, quoted)
    if line.count('"') % 2:
        return [line]  # a cell in quotes goes on on the next line, which `_parse` reports
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:  # a cell is longer than csv allows, as the first line of raw text may be
        return [line]


def _is_open(cells: list[str]) -> bool:
    """RETURNS (bool): Whether these are not cells, but a line on which one does not end."""
    return len(cells) == 1 and cells[0].count('"') % 2 > 0


def _read(
    table: Table, ner: int, scheme: TagScheme, source: Source, nlp: Language
) -> Iterator[Sentence | BadLine]:
    """Read words and tags. A new value in the column of sentences begins a sentence, and so does a
    row without a word."""
    block: list[TableRow] = []
    before, ended = None, table.sentence is not None
    for number, cells in chain(table.rows(source), [(0, [])]):
        blank = not _is_open(cells) and (len(cells) <= table.word or not cells[table.word])
        at = table.sentence
        name = None if blank or at is None or at >= len(cells) else cells[at]
        if block and (blank or (name and name != before)):
            item = attempt(_parse, table, ner, scheme, nlp, block)
            if isinstance(item, Sentence) and number == 0 and not ended:
                item = replace(item, note=ONE_SENTENCE)
            yield item
            ended, block = True, []
        before = name or before
        if any(cells) and blank:
            yield BadLine(number, "a row without a word", str(cells))
        elif not blank:
            block.append((number, cells))


def _parse(
    table: Table, ner: int, scheme: TagScheme, nlp: Language, rows: list[TableRow]
) -> Sentence:
    for number, cells in rows:
        if _is_open(cells):
            raise BadLine(number, OPEN, cells[0])
        if len(cells) != len(table.names) or not TAG.fullmatch(full_tag(cells[ner], scheme)):
            message = f"not a tag under {table.names[ner]!r} in {len(table.names)} cells"
            raise BadLine(number, message, str(cells))
    tags = [(number, full_tag(cells[ner], scheme)) for number, cells in rows]
    words = [cells[table.word] for _, cells in rows]
    doc = tagged_doc(nlp, words, to_iob2(tags, scheme))
    first, cells = rows[0]
    doc_id = cells[table.document] if table.document is not None else None
    return Sentence(doc, first, doc_id=doc_id or None, names_document=bool(doc_id))


def write_csv(docs: Iterable[Doc], stream: IO[str]) -> None:
    """Write a row for each word: its sentence, document, the word and its IOB2 tag. White space of
    its own is not a word.

    RAISES (DeepALError): A sentence is not labelled as a whole.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["sentence_id", "doc_id", "word", "ner"])
    for doc in docs:
        info = sentence_info(doc)
        for token, tag in zip(doc, iob2_tags_of(doc, CSV), strict=True):
            if not token.is_space:
                writer.writerow([info["id"], info["doc_id"] or "", token.text, tag])
