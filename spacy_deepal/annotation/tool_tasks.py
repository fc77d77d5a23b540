"""What goes out to annotation tools: the sentences of a batch, with what the model suggests."""

import json
import re
from hashlib import blake2b
from io import StringIO
from pathlib import Path
from statistics import fmean
from typing import IO, Any, Literal, get_args

from spacy.tokens import Span

from ..corpus.brat import BRAT, write_brat
from ..corpus.label_studio import labelled_result
from ..corpus.records import VIEW, WHOLE_VIEW
from ..corpus.writing import token_record, write_line, write_list
from ..errors import DeepALError
from ..files import write_atomically
from .editor_file import write_editor_file
from .shown_file import Shown, shown_file
from .tool_answers import DOCCANO, TASK_HASH
from .waiting_batch import WaitingBatch, WaitingSentence, read_waiting_batch

Tool = Literal["label-studio", "prodigy", "doccano", "brat", "editor"]
TOOLS: tuple[Tool, ...] = get_args(Tool)
# What is pulled when a file went to a tool: how to get it from there, and its usual name.
FINISHED = {
    "label-studio": ("When they are labelled, export them as JSON", "export.json"),
    "prodigy": ("When they are labelled, write them with `prodigy db-out`", "answers.jsonl"),
    DOCCANO: ("Export those that are approved as JSONL", "approved.jsonl"),
    BRAT: ("Move the pairs of files that are done into a folder of their own", "done"),
}


def push_to_file(run: Path, output: Path, tool: Tool, *, suggest: bool = True) -> int:
    """Write what waits in a run for a tool.

    suggest (bool): Write what the model suggests, too.
    RETURNS (int): The number of sentences.
    RAISES (DeepALError): As `read_waiting_batch` and `write_batch`.
    """
    batch = read_waiting_batch(run, suggest=suggest)
    note_shown(run, batch, tool)
    write_batch(batch, output, tool)
    return len(batch.sentences)


def note_shown(run: Path, batch: WaitingBatch, tool: Tool) -> None:
    """Note in the folder of the round what goes out to people."""
    file = shown_file(run / batch.round)
    before = file.read()
    rows = [
        Shown(
            tool=tool,
            id=sentence.id,
            model=batch.model,
            suggestions=list(sentence.suggestions),
            spans=_spans(sentence),
        )
        for sentence in batch.sentences
    ]
    if new := [row for row in rows if row not in before]:
        file.write([*before, *new])


def write_batch(batch: WaitingBatch, output: Path, tool: Tool) -> None:
    """Write a batch for a tool: a file, or for brat a folder; whole or not at all.

    RAISES (DeepALError): The file is there already, with other content: it may hold labels.
    """
    if tool == BRAT:
        _write_brat(batch, output)
        return
    text = StringIO()
    _write_text(batch, text, tool)
    if output.is_file() and output.read_bytes() != text.getvalue().encode():
        raise DeepALError(
            f"{output} is there already and is not what would be written: it may hold labels. Name "
            "another file."
        )
    with write_atomically(output, "wb") as stream:
        stream.write(text.getvalue().encode())


def _write_text(batch: WaitingBatch, stream: IO[str], tool: Tool) -> None:
    if tool == "label-studio":
        write_list(stream, (studio_task(sentence, batch) for sentence in batch.sentences))
    elif tool == "editor":
        sentences = ((s.id, s.doc.text, _spans(s)) for s in batch.sentences)
        write_editor_file(sentences, batch.labels, stream)
    else:
        describe = _prodigy_task if tool == "prodigy" else _doccano_record
        for sentence in batch.sentences:
            write_line(stream, describe(sentence, batch))


def _spans(sentence: WaitingSentence) -> list[tuple[int, int, str]]:
    return [span for span, _ in sentence.suggested()]


def studio_task(sentence: WaitingSentence, batch: WaitingBatch) -> dict[str, Any]:
    """RETURNS (dict): A task of Label Studio. What the model suggests is its prediction, whose
    score is the mean confidence of those entities that have one."""
    text = sentence.doc.text
    data = {"id": sentence.id, "text": text, **_about(sentence, batch)}
    if batch.model is None:
        return {"data": data}
    results, scores = [], []
    for (start, end, label), confidence in sentence.suggested():
        result = labelled_result(text, {"start": start, "end": end, "label": label})
        if confidence is not None:  # a list of names, say, does not tell
            result["score"] = confidence
            scores.append(confidence)
        results.append(result)
    prediction: dict[str, Any] = {"model_version": batch.model, "result": results}
    if scores:
        prediction["score"] = round(fmean(scores), 4)
    return {"data": data, "predictions": [prediction]}


def _about(sentence: WaitingSentence, batch: WaitingBatch) -> dict[str, Any]:
    about = {"round": batch.round, "rank": sentence.rank, "score": sentence.score}
    return {**about, "model": batch.model}


def _prodigy_task(sentence: WaitingSentence, batch: WaitingBatch) -> dict[str, Any]:
    """RETURNS (dict): A task as `ner.manual` and `ner.correct` take it. The hashes tell Prodigy
    which tasks are the same: they depend on the sentence and on what is asked alone."""
    spans = [
        {
            **dict(zip(("start", "end", "label"), span, strict=True)),
            "token_start": found.start,
            "token_end": found.end - 1,  # for Prodigy, the last token itself
            **({} if confidence is None else {"score": confidence}),
        }
        for found, (span, confidence) in zip(
            sentence.suggestions, sentence.suggested(), strict=True
        )
    ]
    asked = _hash_of(sentence.id, sentence.doc.text)
    hashes = {"_input_hash": asked, TASK_HASH: _hash_of(asked, _spans(sentence), batch.labels)}
    about = _about(sentence, batch)
    return {**token_record(sentence.doc), "spans": spans, **hashes, VIEW: WHOLE_VIEW, "meta": about}


def _hash_of(*values: Any) -> int:
    digest = blake2b(json.dumps(values).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1  # a number that any database can hold


def _doccano_record(sentence: WaitingSentence, batch: WaitingBatch) -> dict[str, Any]:
    label = [list(span) for span in _spans(sentence)]
    return {"id": sentence.id, "text": sentence.doc.text, "label": label, **_about(sentence, batch)}


def _write_brat(batch: WaitingBatch, folder: Path) -> None:
    """Write a folder with the configuration that brat needs, and a text and its suggested entities
    for each sentence."""
    if wrong := [label for label in batch.labels if not re.fullmatch(r"[\w-]+", label)]:
        raise DeepALError(f"brat cannot have a type {wrong[0]!r}. Give the batch to another tool.")
    docs = [sentence.doc.copy() for sentence in batch.sentences]
    for doc, sentence in zip(docs, batch.sentences, strict=True):
        doc.set_ents([Span(doc, s.start, s.end, s.label) for s in sentence.suggestions])
    lines = ["[entities]", *batch.labels, "[relations]", "[events]", "[attributes]", ""]
    write_brat(docs, folder, "\n".join(lines))


def check_tool(name: str, output: Path | None) -> Tool:
    """RETURNS (str): The tool of this name.

    RAISES (DeepALError): There is none, or a file has to be named for it.
    """
    for tool in TOOLS:
        if tool == name:
            if output is None and tool != "label-studio":
                raise DeepALError(f"Name the {'folder' if tool == BRAT else 'file'} to write.")
            return tool
    raise DeepALError(f"--to {name}: name one of {', '.join(TOOLS)}.")
