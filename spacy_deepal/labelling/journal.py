"""The journal of a labelled run: what people answered, one JSON object a line, never changed.

An answer is on disk before the person sees the next sentence. What counts is found by reading the
journal from its beginning: see `Annotations`. docs/annotation.md describes the format.
"""

import json
import os
from collections import defaultdict
from collections.abc import Hashable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from ..annotation.answers import IGNORE, LATER, Answer, Part
from ..annotation.contradictions import Decisive, choose, last_of_each
from ..errors import DeepALError
from ..files import Row, parse_row, to_json_line


class Undo(Row):
    """An annotator takes their last answer back. key (str): Of that answer."""

    event: Literal["undo"] = "undo"
    at: str
    by: str
    id: str
    key: str


class NewLabel(Row):
    """An annotator adds an entity type, or the command does when the run begins."""

    event: Literal["label"] = "label"
    at: str
    by: str
    label: str


Event = Answer | Undo | NewLabel
EVENTS: dict[str, type[Answer] | type[Undo] | type[NewLabel]] = {
    "answer": Answer,
    "undo": Undo,
    "label": NewLabel,
}
RESTORE_LINE = "The journal is only ever added to. Restore the line from a copy, or delete it."


class Journal:
    """A file of events. path (Path): It need not exist yet."""

    def __init__(self, path: Path):
        self.path = path
        self._offset = 0
        self._line = 0

    def mend(self) -> None:
        """Cut off a last line that a killed process has not finished: nobody was told that it had
        been written. Only the one process that writes may call this."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as stream:
            stream.seek(0)
            content = stream.read()
            stream.truncate(content.rfind(b"\n") + 1)
            os.fsync(stream.fileno())
        _sync_folder(self.path.parent)

    def append(self, *events: Event) -> None:
        """Write events. When this returns, they are on disk. After an error, as on a full disk,
        nothing of them is in the file: half a line would damage the next one."""
        lines = "".join(to_json_line(event.model_dump()) + "\n" for event in events)
        size = self.path.stat().st_size if self.path.exists() else 0
        try:
            with self.path.open("ab") as stream:
                stream.write(lines.encode())
                stream.flush()
                os.fsync(stream.fileno())
        except OSError:
            os.truncate(self.path, size)
            raise

    def read_new(self) -> Iterator[Event]:
        """YIELDS (Event): The events that this object has not read yet.

        RAISES (DeepALError): A line is damaged.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as stream:
            stream.seek(self._offset)
            for line in stream:
                if not line.endswith(b"\n"):
                    return  # it is being written
                event = _parse_event(line, f"{self.path}, line {self._line + 1}")
                self._offset += len(line)
                self._line += 1
                yield event


def _parse_event(line: bytes, place: str) -> Event:
    try:
        value = json.loads(line)
        row = EVENTS[value["event"]]
    except (ValueError, KeyError, TypeError) as error:
        raise DeepALError(f"{place} is not an event of a journal. {RESTORE_LINE}") from error
    return parse_row(row, value, place, RESTORE_LINE)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def now() -> str:
    """RETURNS (str): The time in UTC, ISO 8601."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


class Annotations:
    """What a journal says: the types, and the answers that count.

    rule (str): Which of several different answers counts: as for `choose`. The page has no place at
        which people could decide it, so the rule always does.
    began (str): When the first event was written: no other run on this machine has the same.
    labels (list[str]): The entity types, in the order in which they were added.
    events (int): How many events have been read.
    keys (dict[str, int]): The keys of all answers, also of those that were taken back, and how many
        events come before each.
    """

    def __init__(self, journal: Journal, rule: Decisive = "last"):
        self.journal, self.rule = journal, rule
        self.began = ""
        self.labels: list[str] = []
        self.events = 0
        self.keys: dict[str, int] = {}
        # What was not taken back, in the order in which it was written.
        self._answers: dict[str, list[Answer]] = {}  # by sentence
        self._history: defaultdict[str, list[Answer]] = defaultdict(list)  # by annotator
        self._settled: list[Answer] | None = None  # None: something is new

    def refresh(self) -> None:
        """Read what is new in the journal. RAISES (DeepALError): A line is damaged."""
        for event in self.journal.read_new():
            self.began = self.began or event.at
            self._apply(event)
            self.events += 1

    def _apply(self, event: Event) -> None:
        self._settled = None
        match event:
            case NewLabel():
                if event.label not in self.labels:
                    self.labels.append(event.label)
            case Answer():
                self.keys[event.key] = self.events
                self._answers.setdefault(event.id, []).append(event)
                self._history[event.by].append(event)
            case Undo():
                for answers in (self._answers.get(event.id, []), self._history[event.by]):
                    answers[:] = [answer for answer in answers if answer.key != event.key]

    def of(self, name: str) -> list[Answer]:
        """RETURNS (list[Answer]): The answer of each annotator to a sentence, the last one last."""
        return last_of_each(self._answers.get(name, ()), lambda answer: answer.by)

    def was_shown(self, name: str) -> bool:
        """RETURNS (bool): Whether somebody has answered, even if they took it back."""
        return name in self._answers

    def final(self, name: str) -> Answer | None:
        """RETURNS (Answer | None): The answer that counts. One that was given with all of today's
        types goes before others, and then one that labels the sentence before one that ignores it.
        Of these, the rule chooses. None: the sentence is still to be labelled."""
        given = [answer for answer in self.of(name) if answer.answer != LATER]
        given = list(filter(self._knows_all_types, given)) or given
        given = [answer for answer in given if answer.answer != IGNORE] or given
        return choose(given, self.rule, _said) if given else None

    def settled(self, part: Part | None = None) -> list[Answer]:
        """RETURNS (list[Answer]): The answers that count, of all sentences of a part, in the order
        in which the sentences were first shown. part (Part | None): With None, of all parts."""
        if self._settled is None:
            self._settled = [answer for answer in map(self.final, self._answers) if answer]
        return [answer for answer in self._settled if part in (None, answer.part)]

    def accepted(self, part: Part | None = None) -> list[Answer]:
        """RETURNS (list[Answer]): As `settled`, without ignored sentences."""
        return [answer for answer in self.settled(part) if answer.answer != IGNORE]

    def completed_since(self, events: int) -> bool:
        """RETURNS (bool): Whether after this many events somebody has looked again at a sentence to
        train on, so that the answers to it speak of all of today's types for the first time."""
        for answers in self._answers.values():
            given = [a for a in answers if a.part == "train" and a.answer != LATER]
            before = [a for a in given if self.keys[a.key] < events]
            knows = self._knows_all_types
            if before and not any(map(knows, before)) and any(map(knows, given)):
                return True
        return False

    def answers_since_later(self, name: str, annotator: str) -> int | None:
        """RETURNS (int | None): How many answers an annotator has given since they put a sentence
        off. None: they have not put it off."""
        last = next((answer for answer in self.of(name) if answer.by == annotator), None)
        if last is None or last.answer != LATER:
            return None
        return next(n for n, each in enumerate(reversed(self._history[annotator])) if each is last)

    def last_of(self, annotator: str) -> Answer | None:
        """RETURNS (Answer | None): The answer that an annotator can take back."""
        history = self._history[annotator]
        return history[-1] if history else None

    def complete(self, answer: Answer) -> bool:
        """RETURNS (bool): Whether nobody needs to look at the sentence again if this answer counts:
        it was given with all of today's types, or it ignores the sentence."""
        return answer.answer == IGNORE or self._knows_all_types(answer)

    def _knows_all_types(self, answer: Answer) -> bool:
        return set(self.labels) <= set(answer.labels)


def _said(answer: Answer) -> Hashable:
    return answer.answer, *sorted(answer.entities)
