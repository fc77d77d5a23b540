"""What labelling adds to the folder of a run: `labelling/`, written and read here alone.

job.json       what the command asked for
label.cfg      the config of the run
journal.jsonl  what people answered: never changed, only added to (see journal.py)
pool/          the sentences to choose from · reserve_dev/, reserve_test/: random ones, kept apart
dev/, test/    labelled sentences that were given · dev.spacy, test.spacy: those people labelled
vectors/       word vectors, learnt from the text
labelled.jsonl what of the text was labelled before, as answers that the journal gets
queue.jsonl    the sentences that come next · held.json: those on people's screens
status.json    what the background process does · trainer.log: what it printed
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, cast, get_args

from filelock import FileLock, Timeout
from pydantic import Field

from ..annotation.answers import Answer, Part, Suggestion
from ..annotation.contradictions import Decisive
from ..budgets import WHAT_IS_LABELLED
from ..corpus.reading import ReadOptions
from ..errors import DeepALError
from ..files import Row, parse_row, read_json, write_json
from ..rounds.config_file import load_run_config
from ..rounds.rows import Baseline, Entity
from ..rounds.run_folder import LABELLING
from ..sealed import RowFile, read_sealed_row, write_sealed_json
from .journal import Annotations, Journal

MEASURED: tuple[Part, ...] = ("dev", "test")


class LabellingJob(Row):
    """What the command asked for: job.json.

    inputs (list[str]): The files and folders of the text.
    dev_words, test_words (int): The size of the random samples that people label to measure models.
        With test_words = 0, dev is the test set too.
    dev, test (str | None): Labelled files or folders that are used in their place.
    double (float): The share of the sentences that a second person labels too, from 0 to 1.
    terms (dict): A file of terms by entity type, one a line.
    patterns (str | None): A file of patterns, as spaCy's entity_ruler reads them.
    code (str | None): A Python file to import first.
    first (dict): The options that count only when a run begins, by name: those of the config, and
        how the text is read.
    data (dict): The hash of what `inputs`, `dev` and `test` held when the run began.
    """

    inputs: list[str]
    lang: str
    dev_words: int
    test_words: int
    dev: str | None = None
    test: str | None = None
    double: float = 0.0
    terms: dict[str, str] = Field(default_factory=dict)
    patterns: str | None = None
    code: str | None = None
    first: dict[str, Any] = Field(default_factory=dict)
    data: dict[str, str] = Field(default_factory=dict)

    @property
    def reading(self) -> ReadOptions:
        """How the text is read."""
        known = {each.name for each in fields(ReadOptions)}
        values = {name: value for name, value in self.first.items() if name in known}
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return ReadOptions(**values | lists)

    @property
    def encoding(self) -> str:
        """The encoding of the text."""
        return self.first.get("encoding", "utf-8")

    @property
    def begins_labelled(self) -> bool:
        """Whether the first round learns from what is labelled in the text already."""
        return self.first.get("seed_words") == WHAT_IS_LABELLED


class Task(Row):
    """A sentence to be labelled: a line of queue.jsonl.

    tokens (list[str]): Each keeps the space behind it.
    score (float | None): The score of the acquisition function; None if it was drawn at random.
    suggestions (list): Entities to show.
    entities (list | None): What a person has marked in it before.
    again (bool): It was labelled before a type was added, and is looked at again.
    answered (str | None): Whether this person or another has answered it and it is shown anew.
    model (int | None): The round whose model suggests; None if none does.
    """

    id: str
    part: Part
    tokens: list[str]
    score: float | None = None
    suggestions: list[Suggestion] = Field(default_factory=list)
    entities: list[Entity] | None = None
    again: bool = False
    answered: Literal["self", "other"] | None = None
    model: int | None = None

    @property
    def words(self) -> int:
        """RETURNS (int): The real words of the sentence."""
        return sum(not token.isspace() for token in self.tokens)


class Measured(Row):
    """F1 of the last model on dev, from 0 to 1, with its 95% interval, and the size of dev."""

    round: int
    f: float
    low: float
    high: float
    sentences: int
    entities: int


class Changes(Row):
    """What the last training changed in a sample of the pool: entities by type."""

    sentences: int
    found: dict[str, int]
    gained: dict[str, int]
    lost: dict[str, int]


class Status(Row):
    """What the background process does: status.json.

    step (str): In words for people.
    round (int): The round that is trained now or next.
    learnt (int): The events of the journal that came before the training of the last model.
    selected_words (int): The words of all rounds so far, with that in training.
    budget (int): The words that the next round waits for.
    pool_words (int): 0 while they are not known.
    dev_target, test_target (int): The words that people are to label for dev and test.
    all_queued (bool): The queue has all that is left of the pool.
    baseline (Baseline | None): How good another pipeline is that suggests.
    error (str | None): Why the process has stopped.
    """

    step: str
    round: int = 0
    learnt: int = 0
    selected_words: int = 0
    budget: int = 0
    pool_words: int = 0
    dev_target: int = 0
    test_target: int = 0
    all_queued: bool = False
    measured: Measured | None = None
    changes: Changes | None = None
    baseline: Baseline | None = None
    error: str | None = None


class LabellingFolder:
    """The labelling of a run. run (Path): The folder of the run."""

    def __init__(self, run: Path):
        self.run = run
        self.path = run / LABELLING
        self.pool = self.path / "pool"
        self.vectors = self.path / "vectors"
        self.config_file = self.path / "label.cfg"
        self.log = self.path / "trainer.log"
        self.queue_file = self.path / "queue.jsonl"
        self.status_file = self.path / "status.json"
        self.labelled = RowFile(self.path / "labelled.jsonl", Answer, "Begin the run anew.")
        self._job_file = self.path / "job.json"
        self._held_file = self.path / "held.json"
        self._queue = RowFile(self.queue_file, Task, "Delete it: it is made again.")

    @property
    def journal(self) -> Journal:
        """RETURNS (Journal): A new reader of the journal, at its beginning."""
        return Journal(self.path / "journal.jsonl")

    @property
    def annotations(self) -> Annotations:
        """RETURNS (Annotations): What people have said, by the rule of the run's config.

        RAISES (DeepALError): There is no such rule, or a file is damaged.
        """
        oracle: dict[str, str] = {}
        if self.config_file.exists():
            oracle = load_run_config(self.config_file, {})["active_learning"].get("oracle", {})
        rule = oracle.get("contradictions", "last")
        if rule not in get_args(Decisive):
            raise DeepALError(
                f"{self.config_file}, [active_learning.oracle]: contradictions = {rule!r} does not "
                "say which answer counts, and the page has to know. Choose one of "
                f"{', '.join(get_args(Decisive))}."
            )
        annotations = Annotations(self.journal, cast(Decisive, rule))
        annotations.refresh()
        return annotations

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from writing the journal.

        RAISES (DeepALError): Another process serves the run.
        """
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=2)
        except Timeout as error:
            raise DeepALError(
                f"{self.run} is being labelled already: its page is open in another process. End "
                "that one, or open its address."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def reserve(self, part: Part) -> Path:
        """Random sentences from which people label dev or test."""
        return self.path / f"reserve_{part}"

    def gold(self, part: Part, job: LabellingJob) -> Path:
        """RETURNS (Path): The labelled sentences of dev or test: given, or labelled by people."""
        if part == "test" and not (job.test or job.test_words):
            part = "dev"
        return self.path / (part if getattr(job, part) else f"{part}.spacy")

    def read_job(self) -> LabellingJob:
        """RAISES (DeepALError): Nothing is labelled here yet; or the file is damaged."""
        job = read_sealed_row(self._job_file, LabellingJob, "Restore the file from a copy.")
        if job is None:
            raise DeepALError(
                f"{self.run} has no labelling yet. Begin it with `python -m spacy deepal label "
                f"{self.run} --pool articles.txt --labels PERSON,ORG`."
            )
        return job

    def write_job(self, job: LabellingJob) -> None:
        """Write what is asked for. With this the labelling has begun."""
        write_sealed_json(self._job_file, job)

    @property
    def begun(self) -> bool:
        return self._job_file.exists()

    def read_queue(self) -> list[Task]:
        """RETURNS (list[Task]): The sentences that come next; none while there is no queue."""
        return self._queue.read()

    def write_queue(self, tasks: Iterable[Task]) -> None:
        self._queue.write(tasks)

    def read_held(self) -> dict[str, Task]:
        """RETURNS (dict[str, Task]): The sentence on the screen of each annotator."""
        file = self._held_file
        held = read_json(file) if file.exists() else {}
        return {name: parse_row(Task, task, str(file), "Delete it.") for name, task in held.items()}

    def write_held(self, held: dict[str, Task]) -> None:
        write_json(self._held_file, {name: task.model_dump() for name, task in held.items()})

    def read_status(self) -> Status:
        file = self.status_file
        if not file.exists():
            return Status(step="Starting")
        return parse_row(Status, read_json(file), str(file), "Delete it: it is made again.")

    def write_status(self, status: Status) -> None:
        write_json(self.status_file, status.model_dump())
