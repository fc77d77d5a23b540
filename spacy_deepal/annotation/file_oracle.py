"""The oracle of a run in which people label: one file goes out, one comes back.

The lines that go out are what Prodigy, doccano and scripts read: {"id", "text", "tokens", "spans"}.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from ..corpus.docs import set_spans
from ..corpus.json_values import parse_record
from ..corpus.reading import BadLine
from ..corpus.records import accepted
from ..corpus.sources import read_lines
from ..corpus.spans import parse_spans
from ..errors import PROBLEMS_SHOWN, DeepALError, LabelsAwaited
from ..files import write_jsonl
from ..rounds.oracle import Oracle
from ..sentences import sentence_id

TO_LABEL, LABELLED = "to_label.jsonl", "labelled.jsonl"
IGNORED = "ignore"  # Prodigy's answer for a sentence that nobody can label


class FileOracle(Oracle):
    """`spacy_deepal.FileOracle.v1`: people label a file in the round's folder."""

    def label(self, docs: Sequence[Doc], folder: Path) -> Iterable[Doc]:
        """Write the sentences to to_label.jsonl and stop; read labelled.jsonl when it is there.

        A line of labelled.jsonl needs "id" and "spans", each with "start", "end" (characters) and
        "label". A sentence without entities has an empty list. Prodigy's answers count: a rejected
        sentence is not labelled yet, and an ignored one never will be, so nothing is learnt from
        it. Entities that the pool has are not looked at.

        RAISES (LabelsAwaited): There are no labels yet. DeepALError: A line does not fit its
            sentence, or a sentence has no line.
        """
        file = folder / LABELLED
        if not file.exists():
            _write_lines(docs, folder / TO_LABEL, file)
            raise LabelsAwaited(
                f"{len(docs)} sentences wait to be labelled: {folder / TO_LABEL}. Label them, save "
                f"them as {file} and run the same command again."
            )
        waiting = {sentence_id(doc): doc for doc in docs}
        refused: dict[str, str] = {}
        problems = []
        for number, line in read_lines(file):
            try:
                _read_line(waiting, refused, number, line)
            except BadLine as error:
                problems.append(f"line {number}: {error.message}: {line[:80]}")
        for name, doc in waiting.items():
            if refused.get(name) == IGNORED:
                doc.set_ents([], default="missing")
            else:
                answer = f" (its answer is {refused[name]!r})" if name in refused else ""
                problems.append(f"no line labels {name}{answer}: {doc.text[:80]}")
        if problems:
            shown = "\n- ".join(problems[:PROBLEMS_SHOWN])
            raise DeepALError(
                f"{file}: {len(problems)} problems. Correct them and run again.\n- {shown}"
            )
        return docs

    def corrected(self, folder: Path, batch: Path) -> bool:
        """RETURNS (bool): True if labelled.jsonl was changed after the batch was made."""
        file = folder / LABELLED
        return file.exists() and file.stat().st_mtime_ns > batch.stat().st_mtime_ns


def _write_lines(docs: Sequence[Doc], path: Path, labelled: Path) -> None:
    """Write what is to be labelled, unless the file was changed: it may hold the labels."""
    lines = list(map(_describe, docs))
    if not path.exists():
        write_jsonl(path, lines)
        return
    text = "".join(line for _, line in read_lines(path))
    if text != "".join(json.dumps(line, ensure_ascii=False) for line in lines):
        raise DeepALError(
            f"{path} was changed after it was written, so it is left as it is. If it holds the "
            f"labels, rename it to {labelled.name} and run the same command again. Otherwise "
            "delete it."
        )


def _describe(doc: Doc) -> dict[str, Any]:
    tokens = [
        {"text": token.text, "start": token.idx, "end": token.idx + len(token), "id": token.i}
        for token in doc
    ]
    return {"id": sentence_id(doc), "text": doc.text, "tokens": tokens, "spans": []}


def _read_line(waiting: dict[str, Doc], refused: dict[str, str], number: int, line: str) -> None:
    """Read one line: label its sentence and take it from those that wait, or note its answer."""
    if not line.strip():
        return
    record = parse_record(number, line)
    if record.get("id") is None:
        raise BadLine(number, 'not an object with an "id"')
    name = str(record["id"])
    if not accepted(record, number):
        refused[name] = str(record.get("answer", "reject"))
        return
    doc = waiting.pop(name, None)
    if doc is None:
        raise BadLine(number, "the id is not in this round, or it is labelled twice")
    if record.get("text", doc.text) != doc.text:
        raise BadLine(number, f"the text was changed, so offsets may be wrong; it was {doc.text!r}")
    spans = parse_spans(record, doc.text, number)
    if spans is None:
        raise BadLine(number, 'no "spans"; a sentence without entities has an empty list')
    set_spans(doc, spans, number)
