"""PubTator, as BC5CDR and NCBI's disease corpus have it: a title, an abstract, and their entities.

8701013|t|Delirium by famotidine.
8701013|a|Six cases are described.
8701013<tab>0<tab>8<tab>Delirium<tab>Disease<tab>D003693
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from spacy.language import Language

from .docs import labelled_sentences
from .reading import BadLine, Lines, Reading, ReadOptions, Sentence, blocks
from .sources import Source
from .spans import parse_spans

PUBTATOR = "pubtator"
PART = re.compile(r"([^|\s]+)\|([a-z])\|(.*)")  # the document, t for its title, the text
ENTITY_ROW = re.compile(r"[^|\s]+\t(\d{1,9})\t(\d{1,9})\t([^\t]*)\t([^\t]+)(\t.*)?")
RELATION_ROW = re.compile(r"[^|\s]+\t[A-Za-z]\S*(\t\S+){2,}")
NOTE = "documents with relations, which are passed over"


def pubtator_readings(source: Source, options: ReadOptions) -> list[Reading]:
    """RETURNS (list[Reading]): The way to read a file that begins with a title; none for others."""
    first = next((line for _, line in source.lines() if line.strip()), "")
    if (match := PART.fullmatch(first)) is None or match[2] != "t":
        return []
    how = "titles and abstracts with their entities"
    return [Reading(PUBTATOR, how, f"--format {PUBTATOR}", partial(_read, options))]


def _read(options: ReadOptions, source: Source, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Read documents. Each is cut into sentences as raw text is, but never inside an entity."""
    for block in blocks(source.lines()):
        try:
            yield from _parse(block, options, nlp)
        except BadLine as error:
            yield error


def _parse(block: Lines, options: ReadOptions, nlp: Language) -> Iterator[Sentence | BadLine]:
    number, line = block[0]
    parts = [match for _, line in block if (match := PART.fullmatch(line))]
    if not parts or parts[0][2] != "t":
        raise BadLine(number, "a document begins with its title, as in 123|t|Title", line)
    text = "\n".join(match[3] for match in parts)  # each begins one character after the one before
    entries: list[dict[str, Any]] = []
    note = None
    for number, line in block[len(parts) :]:
        if match := ENTITY_ROW.fullmatch(line):
            start, end, surface, label = match.groups()[:4]
            entries.append({"start": int(start), "end": int(end), "label": label, "text": surface})
        elif RELATION_ROW.fullmatch(line):
            note = NOTE
        else:
            message = "not an entity such as 123, 0, 3, Mia, PER between tabs, nor a relation"
            raise BadLine(number, f"{message}. All of the document is left out", line)
    first = block[0][0]
    doc = nlp.make_doc(text)
    spans = parse_spans({"spans": entries}, text, first, options)
    info = {"doc_id": parts[0][1], "names_document": True, "note": note}
    yield from labelled_sentences(doc, spans or [], options, first, **info)
