"""The oracle of a run in which people label: a file goes out, a file comes back.

The lines that go out are what Prodigy, doccano and scripts read: {"id", "text", "tokens", "spans"}.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from ..corpus.jsonl import accepted, parse_record, parse_spans
from ..corpus.sources import BadLine, read_lines, set_spans
from ..errors import DeepALError
from ..files import write_jsonl
from ..rounds.oracle import Oracle
from ..sentences import sentence_id

TO_LABEL, LABELLED = "to_label.jsonl", "labelled.jsonl"
IGNORED = "ignore"  # Prodigy's answer for a sentence that nobody can label
BAD_LINES_SHOWN = 20


def make_file_oracle() -> Oracle:
    """`spacy_deepal.FileOracle.v1`: people label a file in the round's folder."""
    return file_oracle


def file_oracle(docs: Sequence[Doc], folder: Path) -> Sequence[Doc]:
    """Write the sentences to to_label.jsonl and stop; read labelled.jsonl when it is there.

    A line of labelled.jsonl needs "id", and "spans" with "start", "end" (characters) and "label"; a
    sentence without entities has none in its list. What Prodigy marks as rejected is not labelled;
    what it marks as ignored never will be: it teaches nothing, and the run goes on without. The
    pool's own labels, where it has any, are not looked at.

    RAISES (DeepALError): As long as there are no labels, with what to do; for lines that do not fit
        the sentences, with their numbers, and for sentences without a line.
    """
    file = folder / LABELLED
    if not file.exists():
        _write_lines(docs, folder / TO_LABEL, file)
        raise DeepALError(
            f"{len(docs)} sentences wait to be labelled: {folder / TO_LABEL}. Save them, labelled, "
            f"as {file} and run the same command again."
        )
    waiting = {sentence_id(doc): doc for doc in docs}
    refused: dict[str, str] = {}
    bad = []
    for number, line in read_lines(file):
        if line.strip():
            try:
                _read_line(waiting, refused, number, line)
            except BadLine as error:
                bad.append(f"line {number}: {error.message}: {line[:80]}")
    for name, doc in waiting.items():
        if refused.get(name) == IGNORED:
            doc.set_ents([], default="missing")
        else:
            said = f" (its answer is {refused[name]!r})" if name in refused else ""
            bad.append(f"no line labels {name}{said}: {doc.text[:80]}")
    if bad:
        shown = "\n- ".join(bad[:BAD_LINES_SHOWN])
        raise DeepALError(f"{file}: {len(bad)} problems; correct them and run again.\n- {shown}")
    return docs


def corrected(folder: Path, batch: Path) -> bool:
    """RETURNS (bool): The labels in a round's folder were changed after its batch was made."""
    file = folder / LABELLED
    return file.exists() and file.stat().st_mtime_ns > batch.stat().st_mtime_ns


def _write_lines(docs: Sequence[Doc], path: Path, labelled: Path) -> None:
    """Write what is to be labelled. RAISES (DeepALError): It is there, and somebody has changed it;
    the labels may be in it."""
    lines = list(map(describe, docs))
    if not path.exists():
        write_jsonl(path, lines)
        return
    text = "".join(line for _, line in read_lines(path))
    if text != "".join(json.dumps(line, ensure_ascii=False) for line in lines):
        raise DeepALError(
            f"{path} was changed since it was written, and stays as it is. If it has the labels, "
            f"rename it to {labelled.name} and run the same command again; else delete it."
        )


def describe(doc: Doc) -> dict[str, Any]:
    """RETURNS (dict): A sentence for an annotation tool: id, text, tokens, and no spans yet."""
    tokens = [
        {"text": token.text, "start": token.idx, "end": token.idx + len(token), "id": token.i}
        for token in doc
    ]
    return {"id": sentence_id(doc), "text": doc.text, "tokens": tokens, "spans": []}


def _read_line(waiting: dict[str, Doc], refused: dict[str, str], number: int, line: str) -> None:
    """Label the sentence of one line and take it from those waiting; or note why it is not."""
    record = parse_record(number, line)
    if record.get("id") is None:
        raise BadLine(number, 'not an object with an "id"')
    if not accepted(record):
        refused[str(record["id"])] = record["answer"]
        return
    doc = waiting.get(str(record["id"]))
    if doc is None:
        raise BadLine(number, "the id is none of this round's, or is labelled twice")
    if record.get("text", doc.text) != doc.text:
        raise BadLine(number, f"the text was changed, so offsets may be off; it was {doc.text!r}")
    spans = parse_spans(record, len(doc.text), number, line)
    if spans is None:
        raise BadLine(number, 'no "spans"; a sentence without entities has an empty list')
    set_spans(doc, spans, number)
    del waiting[str(record["id"])]
