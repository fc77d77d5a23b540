"""The oracle of a run in which people label: a batch goes out, and answers come back.

The lines that go out are what Prodigy, doccano and scripts read: {"id", "text", "tokens", "spans"}.
"""

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from warnings import warn

from spacy.tokens import Doc

from ..corpus.reading import Border
from ..corpus.sources import read_lines
from ..errors import (
    DeepALError,
    LabelsAwaited,
    Unsettled,
    count_waiting,
    list_problems,
    plural,
)
from ..files import write_atomically, write_jsonl
from ..rounds.oracle import Oracle
from ..sentences import sentence_id
from .answer_file import LABELLED, read_replies, write_rules
from .contradictions import Rule
from .replies import Rules, settle

TO_LABEL = "to_label.jsonl"
NOBODY = (
    f"{{}} is {TO_LABEL} as the run wrote it, so nobody has labelled it. If its sentences "
    'really have no entity, add "answer": "accept" to each line.'
)
READ = "labelled.sha256"  # the hash of labelled.jsonl, and of the rules, when the batch was made


class FileOracle(Oracle):
    """`spacy_deepal.FileOracle.v1`: people label, and their answers are in the round's folder.

    contradictions (str): Which of several different answers counts: see `Rules`.
    border (str): What is done with a span that is not whole tokens: see `ReadOptions`.
    enough (float): The share of the sentences of a batch that have to be labelled before the run
        trains. The others stay open: nothing is learnt from them until they are labelled.
    RAISES (DeepALError): `enough` is not above 0 and up to 1.
    """

    asks_people = True

    def __init__(
        self,
        contradictions: Rule = "error",
        border: Border = "refuse",
        enough: float = 1.0,
    ) -> None:
        if not 0 < enough <= 1:
            raise DeepALError(f"enough = {enough}: must be above 0 and up to 1.")
        self.rules, self.enough = Rules(contradictions, border), enough
        self._read: dict[Path, str] = {}  # the hash of the labels that were read, by folder

    def label(self, docs: Sequence[Doc], folder: Path) -> Iterable[Doc]:
        """Write the sentences to to_label.jsonl and stop; read labelled.jsonl when it is there.

        A line of labelled.jsonl needs "id" and "spans", each with "start", "end" (characters) and
        "label". A sentence without entities has an empty list. Prodigy's answers count: a rejected
        sentence is not labelled yet, and an ignored one never will be, so nothing is learnt from
        it. Entities that the pool has are not looked at.

        RAISES (LabelsAwaited): Sentences wait to be labelled. Unsettled: Answers do not fit their
            sentences, or contradict each other.
        """
        file = folder / LABELLED
        write_rules(folder, self.rules)
        if not file.exists():
            _write_lines(docs, folder / TO_LABEL, file)
            raise _awaited([sentence_id(doc) for doc in docs], docs, folder)
        self._read[folder] = self._hash(file)
        replies, problems = read_replies(file, docs)
        settled = settle(docs, replies, self.rules)
        waiting = settled.waiting
        if problems := [*problems, *settled.problems.values()]:
            count = plural(len(problems), "problem")
            title = f"{file}: {count}. Correct what is wrong and run again. What was pulled from a "
            title += "file is corrected there: then pull it again, under the same name."
            raise Unsettled(title + list_problems(problems))
        if len(docs) - len(waiting) < self.enough * len(docs):
            raise _awaited(waiting, docs, folder)
        for doc in docs:
            if sentence_id(doc) in waiting:
                doc.set_ents([], default="missing")
        if settled.dropped:
            title = f"{file}: spans are dropped, as they are not whole tokens"
            warn(f"{title}: {len(settled.dropped)}{list_problems(settled.dropped)}", stacklevel=2)
        return docs

    def labels_kept(self, folder: Path) -> None:
        """Write down which labels were read, to notice corrections."""
        with write_atomically(folder / READ) as stream:
            print(self._read[folder], file=stream)

    def corrected(self, folder: Path, batch: Path) -> bool:
        """RETURNS (bool): True if labelled.jsonl, or a rule for answers that do not agree, is not
        what it was when the batch was made."""
        file, read = folder / LABELLED, folder / READ
        known = read.read_text(encoding="utf8").strip() if read.exists() else ""
        return file.exists() and self._hash(file) != known

    def _hash(self, file: Path) -> str:
        return sha256(f"{self.rules}\n".encode() + file.read_bytes()).hexdigest()


def is_unlabelled(file: Path, folder: Path) -> bool:
    """RETURNS (bool): Whether a file is what the round in this folder asked for, unchanged."""
    asked = folder / TO_LABEL
    return asked.exists() and file.is_file() and file.read_bytes() == asked.read_bytes()


def _awaited(waiting: list[str], docs: Sequence[Doc], folder: Path) -> LabelsAwaited:
    first = ""
    if len(waiting) < len(docs):
        text = next(doc.text for doc in docs if sentence_id(doc) == waiting[0])
        first = f" The first of them is {waiting[0]}: {text[:80]}"
    file = folder / LABELLED  # a person's own, or written by `pull`
    label = f"Add their lines to {file}" if file.exists() else f"Label the file, save it as {file}"
    return LabelsAwaited(
        f"{count_waiting(len(waiting), len(docs))}: {folder / TO_LABEL}. {label} and run the same "
        f"command again. `spacy deepal push {folder.parent}` gives the batch to an annotation "
        f"tool.{first}",
        len(docs) - len(waiting),
        len(docs),
        folder,
    )


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
