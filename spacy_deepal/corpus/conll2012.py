"""CoNLL-2012: OntoNotes 5 in the columns of the shared task of that year.

Source: http://conll.cemantix.org/2012/data.html (columns, folders and names of files).
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import IO

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import DeepALError, plural
from ..sentences import sentence_info
from .docs import tagged_doc
from .ontonotes import BIBLE
from .reading import BadLine, Lines, Reading, ReadOptions, Sentence, attempt, blocks
from .sources import Source
from .writing import iob2_tags_of

BEGIN_DOCUMENT, END_DOCUMENT = "#begin document", "#end document"
WORD_COLUMN, ENTITY_COLUMN = 3, 10
ENTITY_CELL = re.compile(r"(?:\([^()*\s]+)*\*?\)*")
BRACKET = re.compile(r"\(([^()*]+)|\)")
ESCAPED = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}
SLASH_ESCAPE = re.compile(r"/[.,?!:;-]")
MISSING_WORD = "[WORD]"
SYSTEM_FORM = "auto_conll"
SYSTEM_NOTE = "sentences have entities that a system predicted, as all *_auto_conll files do"
PART_NUMBER = re.compile(r"[0-9]{1,6}")
DOCUMENT_PART = re.compile(r"(.*)/([0-9]{3,6})")  # a document and its part, as doc_id has them


def conll2012_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The way to read a file of the shared task; none if it is another."""
    first = next((line for _, line in source.lines() if line.strip()), "")
    if not first.startswith(BEGIN_DOCUMENT):
        return []
    how = f"words in column {WORD_COLUMN + 1}, entities in column {ENTITY_COLUMN + 1}"
    return [Reading("conll2012", how, "--format conll2012", read_conll2012)]


def read_conll2012(source: Source, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Read a word on each line, in at least 11 columns between white space: document, part,
    number, word as the 4th, named entities as the 11th, and any number of columns after it. A blank
    line ends a sentence. Lines #begin document and #end document stand around each part. A part is
    a document of its own, such as "bc/cctv/00/cctv_0000/000"; the first part of its name ("bc") is
    its genre.

    Escaped characters become themselves: brackets such as -LRB-, and marks such as /. and /? (also
    , ! : ; -). Of nested entities the outermost one is kept, since OntoNotes has no others. The
    names in the Bible (genre pt) were not annotated, so a sentence of it without an entity is not
    labelled. The entities in files *_auto_conll are the prediction of a system, and a note says so.

    RAISES (DeepALError): The file is a skeleton, without words.
    """
    marks = (BEGIN_DOCUMENT, END_DOCUMENT)
    lines = ((i, "" if line.startswith(marks) else line) for i, line in source.lines())
    for block in blocks(lines):
        rows = [(number, re.split("[ \t]+", line.strip(" \t"))) for number, line in block]
        if any(row[WORD_COLUMN : WORD_COLUMN + 1] == [MISSING_WORD] for _, row in rows):
            raise DeepALError(
                f"{source.path}:{rows[0][0]}: the words are missing ({MISSING_WORD}): the file is "
                "a skeleton. Make the _conll files from the OntoNotes 5 release (LDC2013T19) with "
                "the script skeleton2conll.sh of the CoNLL-2012 shared task."
            )
        note = SYSTEM_NOTE if source.name.lower().endswith(SYSTEM_FORM) else None
        yield attempt(_parse_conll2012, nlp, rows, note)


def _parse_conll2012(
    nlp: Language, rows: list[tuple[int, list[str]]], note: str | None
) -> Sentence:
    first, columns = rows[0]
    for number, row in rows:
        if len(row) <= ENTITY_COLUMN or not PART_NUMBER.fullmatch(row[1]):
            raise BadLine(number, "not 11 columns or more, the 2nd a number", " ".join(row))
        if len(row) != len(columns):
            message = f"{plural(len(row), 'column')}, but the sentence begins with {len(columns)}"
            raise BadLine(number, message, " ".join(row))
    words = [_unescape(row[WORD_COLUMN]) for _, row in rows]
    tags = _outermost_tags([(number, row[ENTITY_COLUMN]) for number, row in rows])
    genre = columns[0].split("/")[0]
    if genre == BIBLE and set(tags) == {"O"}:
        doc = tagged_doc(nlp, words, None)
    else:
        doc = tagged_doc(nlp, words, tags)
    doc_id = f"{columns[0]}/{int(columns[1]):03}"
    return Sentence(doc, first, doc_id=doc_id, genre=genre, names_document=True, note=note)


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


def write_conll2012(docs: Iterable[Doc], stream: IO[str]) -> None:
    """Write words and entities in the columns of the shared task; all others are empty. Sentences
    of unknown documents belong to "unknown".

    RAISES (DeepALError): A sentence is not labelled as a whole, or a word, a label or the name of a
        document cannot stand in these columns.
    """
    for doc_id, group in groupby(docs, lambda doc: sentence_info(doc)["doc_id"] or "unknown"):
        match = DOCUMENT_PART.fullmatch(doc_id)
        name, part = (match[1], match[2]) if match else (doc_id, "000")
        if re.search(r"\s", name):
            raise DeepALError(
                f"The format conll2012 cannot hold the white space in the document's name {name!r}."
                " Write it as iob2."
            )
        stream.write(f"{BEGIN_DOCUMENT} ({name}); part {int(part):03}\n")
        for doc in group:
            for number, (word, cell) in enumerate(_rows_of(doc)):
                cells = [name, str(int(part)), str(number), word, "-", "*", "-", "-", "-", "-"]
                stream.write(" ".join([*cells, cell, "-"]) + "\n")
            stream.write("\n")
        stream.write(f"{END_DOCUMENT}\n")


def _rows_of(doc: Doc) -> Iterator[tuple[str, str]]:
    """YIELDS (tuple[str, str]): Each word, escaped, and its bracketed entity."""
    escapes = {character: escape for escape, character in ESCAPED.items()}
    tags = iob2_tags_of(doc, "conll2012")
    for token, tag, after in zip(doc, tags, [*tags[1:], "O"], strict=True):
        if token.is_space:
            continue
        word = escapes.get(token.text, token.text)
        if re.search(r"\s", word) or word in ESCAPED.values() or SLASH_ESCAPE.fullmatch(word):
            word = ""
        if not word or re.search(r"[()*\s]", tag) or token.text in ESCAPED:
            raise DeepALError(
                f"The format conll2012 cannot hold the word {token.text!r} with the tag {tag!r}. "
                "Write it as iob2."
            )
        begins = f"({tag[2:]}" if tag[0] == "B" else ""
        ends = ")" if tag != "O" and not after.startswith("I") else ""
        yield word, f"{begins}{ends}" if begins and ends else f"{begins}*{ends}"
