"""Inline markup: a raw sentence on each line, its entities as [surface](LABEL)."""

import re
from collections.abc import Iterator
from pathlib import Path

from spacy.language import Language

from .sources import SPLIT_NAMES, BadLine, Sentence, attempt, blocks, raw_doc, read_lines

INLINE_ENTITY = re.compile(r"\[([^\[\]]+)\]\(([\w.-]+)\)")


def read_inline(file: Path, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Read a raw sentence on each line, with entities as `[surface](LABEL)` and no other square
    brackets. A blank line ends a document; documents are named "stem-001" and so on. The genre is
    the stem of the file's name, unless that is the name of a split ("train")."""
    genre = None if file.stem.lower() in SPLIT_NAMES else file.stem
    for document, block in enumerate(blocks(read_lines(file)), 1):
        for number, line in block:
            yield attempt(_parse_inline, nlp, number, line, f"{file.stem}-{document:03}", genre)


def _parse_inline(
    nlp: Language, number: int, line: str, doc_id: str, genre: str | None
) -> Sentence:
    text = ""
    spans = []
    at = 0
    for match in INLINE_ENTITY.finditer(line):
        text += line[at : match.start()]
        spans.append((len(text), len(text) + len(match[1]), match[2]))
        text += match[1]
        at = match.end()
    text += line[at:]
    if "[" in text or "]" in text:
        raise BadLine(number, "square brackets other than [surface](LABEL)", line)
    return Sentence(raw_doc(nlp, text, spans, number), number, doc_id=doc_id, genre=genre)
