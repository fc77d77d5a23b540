"""The formats that can be read: their readers, and how a file's format is told."""

import re
from itertools import islice
from pathlib import Path

from ..errors import DeepALError
from .conll2003 import CONLL2003_ROW, DOCSTART, read_conll2003
from .conll2012 import BEGIN_DOCUMENT, read_conll2012
from .docbin import read_spacy
from .inline import INLINE_ENTITY, read_inline
from .iob2 import IOB2_ROW, IOB_TAG, UNER_ROW, read_iob2
from .jsonl import read_records
from .sources import FormatReader, read_lines
from .text import read_text

READERS: dict[str, FormatReader] = {
    "iob2": read_iob2,
    "conll2003": read_conll2003,
    "conll2012": read_conll2012,
    "inline": read_inline,
    "jsonl": read_records,
    "text": read_text,
    "spacy": read_spacy,
}
TAGGED_ROW = re.compile(rf".*\S[ \t]+({IOB_TAG.pattern})[ \t]*")  # columns of any kind
LINES_TO_DETECT = 1000


def detect_format(file: Path) -> str:
    """RETURNS (str): The name of a file's format, told by its suffix or by most of its first lines.

    RAISES (DeepALError): Neither tells it.
    """
    if file.suffix.lower() in (".spacy", ".jsonl"):
        return file.suffix.lower().removeprefix(".")
    lines = [line for _, line in islice(read_lines(file), LINES_TO_DETECT) if line.strip()]
    if lines and lines[0].startswith(BEGIN_DOCUMENT):
        return "conll2012"
    rows = [line for line in lines if not line.startswith(("# ", DOCSTART))]
    for name, row in (("iob2", IOB2_ROW), ("iob2", UNER_ROW), ("conll2003", CONLL2003_ROW)):
        if _most_match(row, rows):
            return name
    if rows and (_most_match(TAGGED_ROW, rows) or file.suffix.lower() not in (".txt", "")):
        raise DeepALError(
            f"{file}: neither the name nor the first lines tell the format. Name it with --format: "
            f"{', '.join(READERS)}. In iob2 there is a tab between the columns."
        )
    return "inline" if any(INLINE_ENTITY.search(line) for line in lines) else "text"


def _most_match(row: re.Pattern[str], lines: list[str]) -> bool:
    return sum(row.fullmatch(line) is not None for line in lines) > len(lines) / 2
