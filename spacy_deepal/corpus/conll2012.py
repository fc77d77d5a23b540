"""CoNLL-2012: OntoNotes 5 in the columns of the shared task of that year.

Source: http://conll.cemantix.org/2012/data.html (columns, folders and names of files).
"""

import re
from collections.abc import Iterator
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import DeepALError
from .ontonotes import BIBLE
from .sources import BadLine, Lines, Sentence, attempt, blocks, read_lines, tagged_doc

BEGIN_DOCUMENT, END_DOCUMENT = "#begin document", "#end document"
WORD_COLUMN, ENTITY_COLUMN = 3, 10
ENTITY_CELL = re.compile(r"(?:\([^()*\s]+)*\*?\)*")
BRACKET = re.compile(r"\(([^()*]+)|\)")
ESCAPED = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}
SLASH_ESCAPE = re.compile(r"/[.,?!:;-]")
MISSING_WORD = "[WORD]"


def read_conll2012(file: Path, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Read a word on each line, in at least 11 columns between white space: document, part,
    number, word as the 4th, named entities as the 11th, and any number of columns after it. A blank
    line ends a sentence. Lines #begin document and #end document stand around each part. A part is
    a document of its own, such as "bc/cctv/00/cctv_0000/000"; the first part of its name ("bc") is
    its genre.

    Escaped characters become themselves: brackets such as -LRB-, and marks such as /. and /? (also
    , ! : ; -). Of nested entities the outermost one is kept, since OntoNotes has no others. The
    names in the Bible (genre pt) were not annotated, so a sentence of it without an entity is not
    labelled. The entities in files *_auto_conll are the prediction of a system.

    RAISES (DeepALError): The file is a skeleton, without words.
    """
    marks = (BEGIN_DOCUMENT, END_DOCUMENT)
    lines = ((i, "" if line.startswith(marks) else line) for i, line in read_lines(file))
    for block in blocks(lines):
        rows = [(number, re.split("[ \t]+", line.strip(" \t"))) for number, line in block]
        if any(row[WORD_COLUMN : WORD_COLUMN + 1] == [MISSING_WORD] for _, row in rows):
            raise DeepALError(
                f"{file}:{rows[0][0]}: the words are missing ({MISSING_WORD}): the file is a "
                "skeleton. Make the _conll files from the OntoNotes 5 release (LDC2013T19) with "
                "the script skeleton2conll.sh of the CoNLL-2012 shared task."
            )
        yield attempt(_parse_conll2012, nlp, rows)


def _parse_conll2012(nlp: Language, rows: list[tuple[int, list[str]]]) -> Sentence:
    first, columns = rows[0]
    for number, row in rows:
        if len(row) <= ENTITY_COLUMN or not row[1].isdecimal():
            raise BadLine(number, "not 11 columns or more, the 2nd a number", " ".join(row))
        if len(row) != len(columns):
            message = f"{len(row)} columns, but the sentence begins with {len(columns)}"
            raise BadLine(number, message, " ".join(row))
    words = [_unescape(row[WORD_COLUMN]) for _, row in rows]
    tags = _outermost_tags([(number, row[ENTITY_COLUMN]) for number, row in rows])
    genre = columns[0].split("/")[0]
    if genre == BIBLE and set(tags) == {"O"}:
        doc = Doc(nlp.vocab, words=words)
        doc.has_unknown_spaces = True
    else:
        doc = tagged_doc(nlp, words, tags, None)
    return Sentence(doc, first, doc_id=f"{columns[0]}/{int(columns[1]):03}", genre=genre)


def _unescape(word: str) -> str:
    return word[1:] if SLASH_ESCAPE.fullmatch(word) else ESCAPED.get(word, word)


def _outermost_tags(cells: Lines) -> list[str]:
    """RETURNS (list[str]): The IOB2 tags of the outermost entities.

    cells (list): The line and the bracketed entities of each word: `(GPE)`, `(ORG*`, `*`, `*)`.
    RAISES (BadLine): Brackets do not match.
    """
    tags = ["O"] * len(cells)
    opened: Lines = []  # the place of each open entity's first word, and its label
    for i, (number, cell) in enumerate(cells):
        if not cell or not ENTITY_CELL.fullmatch(cell):
            raise BadLine(number, "the 11th column is not a bracketed entity", cell)
        for bracket in BRACKET.finditer(cell):
            if bracket[1]:
                opened.append((i, bracket[1]))
            elif not opened:
                raise BadLine(number, "an entity ends here that has not begun", cell)
            else:
                start, label = opened.pop()
                if not opened:
                    tags[start : i + 1] = [f"B-{label}"] + [f"I-{label}"] * (i - start)
    if opened:
        number, cell = cells[opened[0][0]]
        raise BadLine(number, "an entity begins here that does not end in its sentence", cell)
    return tags
