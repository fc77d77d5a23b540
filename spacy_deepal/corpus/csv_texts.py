"""CSV and TSV with a text on each row, as people keep them in spreadsheets."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

from spacy.language import Language

from ..errors import DeepALError
from ..sentences import INFO_KEYS
from .json_values import shown
from .reading import LINES_TO_DETECT, BadLine, Reading, ReadOptions, Sentence, attempt
from .record_parts import TEXT_KEYS
from .records import parse_sentence
from .sources import Source
from .span_places import SPAN_KEYS
from .spans import NO_SPANS

CSV_TEXTS = "csv_texts"
TABLE_SUFFIXES = (".csv", ".tsv")
LONGEST_WORD = 20  # characters: a longer cell may be a text without white space, as in Chinese
NOT_A_LIST = (
    "what is under {name!r} is no JSON list of entities, such as "
    '[{{"start": 0, "end": 3, "label": "PER"}}]. To read the texts without labels, add '
    f"--spans-key {NO_SPANS}"
)


@dataclass(frozen=True)
class TextTable:
    """What the columns of a table are.

    names (list[str]): Their names, which the first row has.
    columns (dict[str, int]): By the key of a record, as `parse_sentence` takes it, the number of
        its column, from 0. There is one of "text".
    """

    names: list[str]
    columns: dict[str, int]

    @property
    def described(self) -> str:
        """What is read, and what is not."""
        text = self.columns["text"]
        also = [self.names[i] for i in self.columns.values() if i != text]
        others = [name for i, name in enumerate(self.names) if i not in self.columns.values()]
        return "; ".join(
            [
                f"a text on each row, in the column {self.names[text]}",
                *([f"also {', '.join(also)}"] if also else []),
                *([f"not read: {', '.join(others)}"] if others else []),
            ]
        )


def csv_text_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The way to read a table whose first row names a column of texts;
    none if it is another one. RAISES (DeepALError): One of the first rows cannot be read."""
    asked = options.format == CSV_TEXTS
    if source.suffix not in TABLE_SUFFIXES and not asked:
        return []
    _, names = next(_rows(source), (0, []))
    columns = _columns(names, options)
    if "text" not in columns:
        return []
    table = TextTable(names, columns)
    rows = (row for _, row in islice(_rows(source), 1, LINES_TO_DETECT))
    cells = [row[columns["text"]] for row in rows if len(row) == len(names)]
    texts = [cell for cell in cells if len(cell.split()) > 1 or len(cell) > LONGEST_WORD]
    if len(texts) <= len(cells) / 2 and not asked:
        return []  # a word on each row
    read = partial(_read, table, options)
    return [Reading(CSV_TEXTS, table.described, f"--format {CSV_TEXTS}", read)]


def _columns(names: Sequence[str], options: ReadOptions) -> dict[str, int]:
    """RETURNS (dict[str, int]): As `TextTable.columns`, also if there is no text."""
    small = [name.strip().lower() for name in names]
    texts = [options.text_key.lower()] if options.text_key else TEXT_KEYS
    spans = [options.spans_key.lower()] if options.spans_key else SPAN_KEYS
    keys = {"text": texts, "spans": spans, **{key: [key] for key in INFO_KEYS}}
    found = {
        key: next((small.index(name) for name in given if name in small), None)
        for key, given in keys.items()
    }
    return {key: i for key, i in found.items() if i is not None}


def _read(
    table: TextTable, options: ReadOptions, source: Source, nlp: Language
) -> Iterator[Sentence | BadLine]:
    """Read texts, and entities that a column has as JSON. A text without any is not labelled."""
    no_spans = NO_SPANS if options.spans_key == NO_SPANS else None
    of_record = replace(options, text_key=None, spans_key=no_spans)
    for number, cells in islice(_rows(source), 1, None):
        yield attempt(_parse, table, of_record, nlp, number, cells)


def _parse(
    table: TextTable, options: ReadOptions, nlp: Language, number: int, cells: list[str]
) -> Sentence:
    if len(cells) != len(table.names):
        message = f"{len(cells)} cells, and the first row has {len(table.names)}"
        raise BadLine(number, message, shown(cells))
    record: dict[str, Any] = {key: cells[i] for key, i in table.columns.items() if cells[i].strip()}
    if "text" not in record:
        raise BadLine(number, f"no text under {table.names[table.columns['text']]!r}", shown(cells))
    if "spans" in record:
        record["spans"] = _entities(record["spans"], table.names[table.columns["spans"]], number)
    return parse_sentence(options, nlp, number, record)


def _entities(cell: str, name: str, number: int) -> list:
    try:
        value = json.loads(cell)
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise BadLine(number, NOT_A_LIST.format(name=name), cell[:80])
    return value


def _rows(source: Source) -> Iterator[tuple[int, list[str]]]:
    """YIELDS (tuple[int, list[str]]): The first line and the cells of each row that is not blank.

    RAISES (DeepALError): A cell does not end, or is too long.
    """
    first = next((line for _, line in source.lines()), "")
    lines = (f"{line}\n" for _, line in source.lines())
    reader = csv.reader(lines, delimiter=max("\t,;|", key=first.count), strict=True)
    number = 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield number, cells
            number = reader.line_num + 1
    except csv.Error as error:
        raise DeepALError(
            f"{source.path}:{number}: the row cannot be read as CSV ({error}). A cell in quotes "
            'has to end with one, and a quote in it is written "".'
        ) from error
