"""CoNLL-2003: word, part of speech, chunk and tag on each line."""

import re
from collections.abc import Iterator
from pathlib import Path

from spacy.language import Language

from .iob2 import IOB_TAG
from .sources import BadLine, Lines, Sentence, attempt, blocks, read_lines, tagged_doc

DOCSTART = "-DOCSTART-"
CONLL2003_ROW = re.compile(rf"([^ \t]+[ \t]+){{3}}({IOB_TAG.pattern})[ \t]*")


def read_conll2003(file: Path, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Read four columns between white space, the last an IOB1 or IOB2 tag, with a blank line after
    each sentence. A line -DOCSTART- begins a document; documents are named "stem-0001" and so on.
    """
    documents = 0
    doc_id = None
    for block in blocks(read_lines(file)):
        rows = [row for row in block if not row[1].startswith(DOCSTART)]
        if len(rows) < len(block):
            documents += 1
            doc_id = f"{file.stem}-{documents:04}"
        if rows:
            yield attempt(_parse_conll2003, nlp, rows, doc_id)


def _parse_conll2003(nlp: Language, rows: Lines, doc_id: str | None) -> Sentence:
    words, tags = [], []
    for number, line in rows:
        columns = re.split("[ \t]+", line.strip(" \t"))
        if len(columns) != 4 or not IOB_TAG.fullmatch(columns[3]):
            raise BadLine(number, "not four columns, the last an IOB tag", line)
        words.append(columns[0])
        tags.append(columns[3])
    return Sentence(tagged_doc(nlp, words, tags, None), rows[0][0], doc_id=doc_id)
