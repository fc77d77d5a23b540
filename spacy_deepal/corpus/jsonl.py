"""JSONL as annotation tools write it: a record with text and spans on each line."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spacy.language import Language

from ..sentences import INFO_KEYS
from .sources import BadLine, CharSpan, Sentence, attempt, raw_doc, read_lines

SPAN_KEYS = ("spans", "entities", "ents", "label", "labels")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def read_records(file: Path, nlp: Language) -> Iterator[Sentence | BadLine]:
    """Read a JSON object on each line, with "text" and "spans".

    A span is {"start", "end", "label"} or [start, end, label], in characters. "entities", "ents",
    "label" and "labels" are read like "spans". A record without spans is not labelled; a record
    with an empty list is labelled and has no entity. A record that an annotator rejected or ignored
    (Prodigy's "answer") is not labelled. "id", "doc_id" and "genre" are kept, from the object or
    from its "meta". A record becomes one Doc, even if its text has several sentences.
    """
    for number, line in read_lines(file):
        if line.strip():
            yield attempt(_parse_jsonl, nlp, number, line)


def _parse_jsonl(nlp: Language, number: int, line: str) -> Sentence:
    record = parse_record(number, line)
    text = record.get("text")
    if not isinstance(text, str):
        raise BadLine(number, 'not an object with a string "text"', line)
    spans = parse_spans(record, len(text), number, line) if accepted(record) else None
    meta = record.get("meta")
    given = {**meta, **record} if isinstance(meta, dict) else record
    info = {key: str(given[key]) for key in INFO_KEYS if given.get(key) is not None}
    return Sentence(raw_doc(nlp, text, spans, number), number, **info)


def parse_record(number: int, line: str) -> dict[str, Any]:
    """Parse a line of JSONL.

    RETURNS (dict): The JSON object.
    RAISES (BadLine): The line is not an object, or has a character that Unicode does not know.
    """
    try:
        record = json.loads(line)
    except ValueError as error:
        raise BadLine(number, f"not JSON ({error})", line) from None
    if not isinstance(record, dict):
        raise BadLine(number, "not a JSON object", line)
    if "\\u" in line and LONE_SURROGATE.search(json.dumps(record, ensure_ascii=False)):
        raise BadLine(number, "half of a surrogate pair, which is not a character", line)
    return record


def accepted(record: dict[str, Any]) -> bool:
    """RETURNS (bool): Whether no annotator rejected or ignored the record."""
    return record.get("answer", "accept") == "accept"


def parse_spans(
    record: dict[str, Any], length: int, number: int, line: str
) -> list[CharSpan] | None:
    """Take the entities out of a record.

    length (int): Characters of the record's text.
    RETURNS (list | None): The entities; None if the record has no key for them, so that it is not
        labelled.
    RAISES (BadLine): An entry is not a span of the text.
    """
    marked = next((record[key] for key in SPAN_KEYS if record.get(key) is not None), None)
    if marked is None:
        return None
    spans = []
    for entry in marked if isinstance(marked, list) else [marked]:
        if isinstance(entry, dict):
            entry = [entry.get(key) for key in ("start", "end", "label")]
        match entry:
            case [int(start), int(end), str(label)] if 0 <= start < end <= length and label:
                spans.append((start, end, label))
            case _:
                message = f"{json.dumps(entry)} is not [start, end, label] in the text"
                raise BadLine(number, message, line)
    return spans
