"""The state machine behind the labelling page: which sentence comes next, and what was answered."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from time import monotonic

from ..annotation.answers import BY_TEXT, Answer, Part
from ..annotation.between_annotators import compare_annotators
from ..errors import DeepALError
from ..rounds.run_folder import RunFolder
from .differences import find_differences
from .exchange import CurvePoint, Given, Progress, View, check_entities, check_label
from .journal import NewLabel, Undo, now
from .labelling_folder import MEASURED, LabellingFolder, Status, Task

HELD_SECONDS = 1800.0  # after this time without a request, others may get an annotator's sentence
PUT_OFF = 10  # answers after which a sentence that was put off comes again
DIFFERENCES_BESIDE = 5  # sentences beside the page about which people say different things
RECENT = 100  # answers from which the time for a word is computed
LONGEST_SECONDS = 120.0  # a person who takes longer for a sentence is making coffee


class OtherRun(DeepALError):
    """A page asks for another run than the one that is served."""


class Session:
    """The people who label one run. One process has one session; all that it knows is on disk.

    run (Path): The folder of the run.
    """

    def __init__(self, run: Path):
        self.folder = LabellingFolder(run)
        self.job = self.folder.read_job()
        self.journal = self.folder.journal
        self.journal.mend()
        self.annotations = self.folder.annotations
        self._has_labelled = False
        self._take_labelled()
        self._held = self._read_held()
        self._seen: dict[str, float] = {}
        self._queue: list[Task] = []
        self._status = Status(step="Starting")
        self._error: str | None = None
        self._curve: list[CurvePoint] = []
        self._read: dict[Path, int] = {}

    def check_run(self, run_id: str) -> None:
        """RAISES (OtherRun): A page shows another run, which was served here before."""
        self._refresh()
        if run_id != self.annotations.began:
            raise OtherRun(
                "Another run is served here now. Load the page again. An answer of yours that had "
                "not arrived is kept in this browser, for when its run is served again."
            )

    def view(self, annotator: str) -> View:
        """RETURNS (View): What to show to an annotator. The sentence stays theirs."""
        self._refresh()
        self._seen[annotator] = monotonic()
        task = self._task(annotator)
        open_tasks = [*self._due()]
        since = None if task is None else self.annotations.answers_since_later(task.id, annotator)
        return View(
            run=self.folder.run.resolve().name,
            run_id=self.annotations.began,
            lang=self.job.lang,
            labels=self.annotations.labels,
            task=task,
            put_off=since is not None,
            again=sum(task.again for task in open_tasks),
            finished=self._status.all_queued and not open_tasks,
            can_undo=self.annotations.last_of(annotator) is not None,
            progress=self.progress(),
        )

    def answer(self, annotator: str, given: Given) -> None:
        """Write an answer down. An answer that was written before is not written again.

        RAISES (DeepALError): The sentence is not known, or the entities do not fit it.
        """
        self._refresh()
        if given.key in self.annotations.keys:
            return
        task = self._find(annotator, given.id)
        check_entities(given, task, self.annotations.labels)
        self.journal.append(
            Answer(
                at=now(),
                by=annotator,
                part=task.part,
                tokens=task.tokens,
                suggested=task.suggestions,
                model=task.model,
                **given.model_dump() | {"seconds": min(given.seconds, LONGEST_SECONDS)},
            )
        )
        self.annotations.refresh()
        self._release(annotator)

    def undo(self, annotator: str) -> None:
        """Take the annotator's last answer back, and show its sentence again, as it was marked. If
        there is none, everything stays."""
        self._refresh()
        if (last := self.annotations.last_of(annotator)) is None:
            return
        self.journal.append(Undo(at=now(), by=annotator, id=last.id, key=last.key))
        self.annotations.refresh()
        self._hold(annotator, _task_again(last))

    def add_label(self, annotator: str, label: str) -> None:
        """Add an entity type. The sentences labelled so far say nothing about it.

        RAISES (DeepALError): It is there already, or no name for a type.
        """
        self._refresh()
        check_label(label, self.annotations.labels)
        self.journal.append(NewLabel(at=now(), by=annotator, label=label))
        self.annotations.refresh()

    def progress(self) -> Progress:
        """RETURNS (Progress): How far the labelling is."""
        train, dev, test = (self.annotations.accepted(part) for part in ("train", "dev", "test"))
        everything, status = self.annotations.accepted(), self._status
        by_people = (answer for answer in everything if answer.by != BY_TEXT)
        differences = find_differences(self.annotations)
        words, recent = _count(train), sorted(by_people, key=lambda a: a.at)[-RECENT:]
        return Progress(
            **dict(status) | {"error": self._error or status.error},
            words=words,
            sentences=len(train),
            waiting=max(0, words - status.selected_words),
            dev_words=_count(dev),
            dev_entities=sum(len(answer.entities) for answer in dev),
            test_words=_count(test),
            seconds_per_word=sum(a.seconds for a in recent) / max(1, _count(recent))
            if recent
            else None,
            curve=self._curve,
            agreement=compare_annotators(
                self.annotations.of(a.id) for a in self.annotations.settled()
            ),
            by_annotator=_by_annotator(self.annotations.of(a.id) for a in everything),
            different=len(differences),
            differences=differences[-DIFFERENCES_BESIDE:],
        )

    def set_error(self, error: str) -> None:
        """Show on the page that the background process cannot go on."""
        self._error = error

    def _refresh(self) -> None:
        """Read those files again that the background process has written anew."""
        self.annotations.refresh()
        self._take_labelled()
        if self._is_new(self.folder.queue_file):
            self._queue = self.folder.read_queue()
        if self._is_new(self.folder.status_file):
            self._status = self.folder.read_status()
        if self._is_new(self.folder.run / "metrics.jsonl"):
            rounds = RunFolder(self.folder.run).metrics
            self._curve = [CurvePoint(words=row.words, f=row.dev_ents_f) for row in rounds]

    def _take_labelled(self) -> None:
        """Write down what of the text was labelled before, unless a person has answered it."""
        if not self._has_labelled and self.folder.labelled.path.exists():
            new = (a for a in self.folder.labelled.read() if not self.annotations.was_shown(a.id))
            self.journal.append(*new)
            self._has_labelled = True
            self.annotations.refresh()

    def _is_new(self, file: Path) -> bool:
        stamp = file.stat().st_mtime_ns if file.exists() else 0
        changed = self._read.get(file) != stamp
        self._read[file] = stamp
        return changed and stamp > 0

    def _task(self, annotator: str) -> Task | None:
        """RETURNS (Task | None): The annotator's sentence: that which is on their screen, or else
        the next one."""
        if (held := self._held.get(annotator)) is not None:
            return held
        task = self._double(annotator) or next(self._open(annotator), None)
        if task is not None:
            self._hold(annotator, task)
        return task

    def _open(self, annotator: str) -> Iterator[Task]:
        """YIELDS (Task): The sentences that this annotator can label, the next one first. One that
        they have put off comes after PUT_OFF others, or if there are no others."""
        taken = {task.id for name, task in self._held.items() if self._is_here(name, annotator)}
        put_off: list[tuple[int, Task]] = []
        for task in self._due():
            if task.id in taken:
                continue
            since = self.annotations.answers_since_later(task.id, annotator)
            if since is None or since >= PUT_OFF:
                yield task
            else:
                put_off.append((since, task))
        put_off.sort(key=lambda each: -each[0])  # first that which was put off first
        yield from (task for _, task in put_off)

    def _due(self) -> Iterator[Task]:
        """YIELDS (Task): The sentences of the queue that are to be labelled. Of dev and test, they
        are as many as reach the target without ignored ones, and more while there is no entity."""
        missing = {part: self._missing(part) for part in MEASURED}
        for task in self._queue:
            final = self.annotations.final(task.id)
            if final is not None and (not task.again or self.annotations.complete(final)):
                continue
            if task.part != "train" and not task.again:
                if missing[task.part] <= 0:
                    continue
                missing[task.part] -= task.words
            yield task

    def _missing(self, part: Part) -> int:
        """RETURNS (int): The words that dev or test lacks. One without an entity lacks a sentence,
        whatever its size: F1 cannot be measured on it."""
        accepted, target = self.annotations.accepted(part), getattr(self._status, f"{part}_target")
        missing = target - _count(accepted)
        return missing if any(answer.entities for answer in accepted) else max(1, missing)

    def _is_here(self, name: str, annotator: str) -> bool:
        """RETURNS (bool): Whether another annotator is still at work on their sentence."""
        last = self._seen.setdefault(name, monotonic())
        return name != annotator and monotonic() - last < HELD_SECONDS

    def _double(self, annotator: str) -> Task | None:
        """RETURNS (Task | None): A sentence that somebody else has labelled, if this annotator has
        had fewer of them than the job asks for."""
        if not self.job.double:
            return None
        own, shared, open_answers = 0, 0, []
        for part in ("dev", "test", "train"):
            for answer in self.annotations.settled(part):
                names = {each.by for each in self.annotations.of(answer.id)}
                own += annotator in names
                shared += annotator in names and len(names) > 1
                once = len(names) == 1 and annotator not in names and answer.by != BY_TEXT
                if once and answer.answer == "accept":
                    open_answers.append(answer)
        if not open_answers or shared >= self.job.double * (own + 1):
            return None
        update = {"entities": None, "answered": "other"}
        return _task_again(open_answers[0]).model_copy(update=update)

    def _find(self, annotator: str, name: str) -> Task:
        """RETURNS (Task): A sentence by its id. RAISES (DeepALError): It is not known."""
        held = self._held.get(annotator)
        if held is not None and held.id == name:
            return held
        for task in self._queue:
            if task.id == name:
                return task
        if answers := self.annotations.of(name):
            return _task_again(answers[-1])
        raise DeepALError(f"There is no sentence {name} to be labelled. Load the page again.")

    def _read_held(self) -> dict[str, Task]:
        """RETURNS (dict[str, Task]): The sentence on the screen of each annotator, unless it was
        answered: a killed process may have written the answer down and not yet let go of it."""
        last = self.annotations.last_of
        return {
            name: task
            for name, task in self.folder.read_held().items()
            if (answer := last(name)) is None or answer.id != task.id
        }

    def _hold(self, annotator: str, task: Task) -> None:
        self._held[annotator] = task
        self.folder.write_held(self._held)

    def _release(self, annotator: str) -> None:
        if self._held.pop(annotator, None) is not None:
            self.folder.write_held(self._held)


def _task_again(answer: Answer) -> Task:
    """RETURNS (Task): The sentence of an answer, as it was shown, with what was marked."""
    return Task(
        id=answer.id,
        part=answer.part,
        tokens=answer.tokens,
        suggestions=answer.suggested,
        entities=answer.entities if answer.answer == "accept" else None,
        answered="self",
        model=answer.model,
    )


def _count(answers: Sequence[Answer]) -> int:
    return sum(answer.words for answer in answers)


def _by_annotator(answers: Iterable[list[Answer]]) -> dict[str, int]:
    names = [answer.by for each in answers for answer in each if answer.by != BY_TEXT]
    return {name: names.count(name) for name in dict.fromkeys(names)}
