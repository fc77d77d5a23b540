"""The folder of a run: where each file lies, and what writes and reads those of the loop.

Every file is there whole or not at all, so a run can be killed at any moment and started again. All
that a run believes has a seal (`sealed.py`), so damage is noticed (`repair.py`).

manifest.json     what the run is: config, seed, versions, pool; fixed at its start
initial/          the pipeline before any training
metrics.jsonl     a line for each finished round
shards.index      the index of those shards that the pool's own index does not have
round_NN/         scores/ (until no round needs them), selected.jsonl, batch.spacy (labelled),
                  seconds.json, model/, train.log, entities.jsonl (what the model finds in the stop
                  set)
baseline.json     how good the pipeline of [annotation.suggest] is without labels, if there is one
labelling/        what `spacy deepal label` adds: see labelling/labelling_folder.py
label_studio.json where its batches are labelled: see annotation/studio_project.py
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter

from filelock import FileLock, Timeout
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..acquisition.upstream import find_tagger
from ..errors import DeepALError
from ..files import check_replaceable, parse_row
from ..pipelines import load_pipeline
from ..pool.shards import read_shards
from ..sealed import SEAL, RowFile, read_sealed_json, read_sealed_row, write_sealed_json
from .manifest import CODE, differences
from .rows import RUN_FORMAT, Baseline, FoundEntities, Manifest, RoundMetrics, Seconds, Selected

LABELLING = "labelling"
RESTORE = "Restore the file from a copy, or begin the run again in another folder."
AGAIN = "Give the command of the run again, which makes the file again."
EVALUATE_AGAIN = (
    "Restore the file from a copy. Or delete it and give the command of the run again, which then "
    "trains and evaluates all rounds again, from the labels that are there."
)
MAY_CHANGE = "config.training.optimizer."  # after a loss that was not a number
GROWING = ("config", "vectors", "code", "dev", "test")  # while people label


class RunFolder:
    """A run on disk. initial (Path): The pipeline before any training. index (Path): The index of
    shards that the pool's own index does not have."""

    def __init__(self, path: Path):
        self.path = path
        self.initial = path / "initial"
        self.manifest_file = path / "manifest.json"
        self.index = path / "shards.index"
        self.baseline_file = path / "baseline.json"
        self._metrics = RowFile(path / "metrics.jsonl", RoundMetrics, EVALUATE_AGAIN)

    @contextmanager
    def lock(self, patience: float = 0) -> Iterator[None]:
        """Keep other processes out. A run that could not begin leaves no folder.

        patience (float): Seconds to wait for another process to leave.
        RAISES (DeepALError): Another process is in; the folder holds other files, which stay as
            they are; it cannot be written to.
        """
        self.check_ours()
        lock, is_new = FileLock(self.path / ".lock"), not self.path.exists()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=patience)
        except Timeout as error:
            raise DeepALError(
                f"Another process is running in {self.path}. Wait for it, or use another folder."
            ) from error
        except OSError as error:
            raise DeepALError(f"{self.path} cannot be written: {error.strerror}.") from error
        try:
            yield
        finally:
            if not self.manifest_file.exists():
                (self.path / ".lock").unlink()
                self.index.unlink(missing_ok=True)
                if is_new:
                    with suppress(OSError):  # another process is in already
                        self.path.rmdir()
            lock.release()

    def check_ours(self) -> None:
        """RAISES (DeepALError): The folder holds other files than those of a run."""
        if not self.manifest_file.exists():
            ours = (".lock", ".manifest.json", self.index.name, LABELLING)
            check_replaceable(self.path, lambda path: path.name.startswith(ours), "a run")

    def open(self, manifest: Manifest, accept_code: bool = False) -> None:
        """Begin a run, or continue it. A run that failed before it was initialised begins anew.

        A run that continues may have other data paths, as long as the data are the same, more
        shards in the pool, another oracle, and another end than when it began. If the loss of a
        round was not a number, it may have another optimizer.

        accept_code (bool): Whether it may also have other code.
        RAISES (DeepALError): The folder holds another run. The message names each difference.
        """
        if not (self.manifest_file.exists() and self.has_begun):
            write_sealed_json(self.manifest_file, manifest)
            return
        old = self.manifest
        was = old.model_copy(update={"code": manifest.code}) if accept_code else old
        changes = differences(was, manifest)
        diverged = any(here.diverged.exists() for here in self.rounds())
        if changes and not (diverged and all(each.startswith(MAY_CHANGE) for each in changes)):
            raise self._another(changes)
        new = [name for name in manifest.pool.shards if name not in old.pool.shards]
        latest = {key: getattr(manifest, key) for key in ("config", "pool", "dev", "test")}
        latest |= {"added": [*old.added, *new], "labelled_types": old.labelled_types}
        now = (manifest if changes else was).model_copy(update=latest)
        if now != old:
            write_sealed_json(self.manifest_file, now)

    def grow(self, manifest: Manifest) -> None:
        """Begin a run, or continue one whose dev, test and types may grow while people label, and
        whose config is theirs to change.

        RAISES (DeepALError): The folder holds a run with another pool or seed.
        """
        if self.manifest_file.exists():
            old = self.manifest
            growing = {key: getattr(manifest, key) for key in GROWING}
            if changes := differences(old.model_copy(update=growing), manifest):
                raise self._another(changes)
            manifest = manifest.model_copy(update={"started": old.started})
        write_sealed_json(self.manifest_file, manifest)

    def _another(self, changes: list[str]) -> DeepALError:
        lines = "".join(f"\n- {change}" for change in changes)
        if any(change.startswith(CODE) for change in changes):
            lines += (
                "\nIf no result depends on what has changed in the code, as in an oracle or a "
                "logger, add --accept-code."
            )
        return DeepALError(
            f"{self.path} holds another run. Use another folder, or undo these changes:{lines}"
        )

    def parts(self) -> list[Path]:
        """RETURNS (list[Path]): The files and folders of the run that are there."""
        names = ("*.json", "*.jsonl", self.index.name, "initial", "round_*", LABELLING)
        return [path for name in names for path in self.path.glob(name)]

    @property
    def has_begun(self) -> bool:
        """Whether the run has come so far that it must not become another one."""
        return self.initial.exists() or any(self.path.glob("round_*/selected.jsonl"))

    @property
    def manifest(self) -> Manifest:
        """What the run is. RAISES (DeepALError): There is no manifest, it is damaged, or it has
        another format."""
        if not self.manifest_file.is_file():
            raise DeepALError(
                f"{self.path} is not a run folder: it has no manifest.json. Name one."
            )
        content = read_sealed_json(self.manifest_file, RESTORE)
        version = content.get("format")
        if isinstance(version, int) and version != RUN_FORMAT:
            raise DeepALError(
                f"{self.manifest_file} has format {version}, and this version of spacy_deepal "
                f"reads format {RUN_FORMAT}. Use the version that made the run."
            )
        return parse_row(Manifest, content, str(self.manifest_file), RESTORE)

    def was_labelled(self, number: int) -> bool:
        """RETURNS (bool): Whether the batch of a round was labelled before the run began."""
        return number == 0 and self.manifest.labelled_types is not None

    def check_run(self) -> None:
        """RAISES (DeepALError): The folder holds no run that can be read: see `manifest`."""
        _ = self.manifest

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity types. RAISES (DeepALError): There is no run, or `initial` is damaged."""
        self.check_run()
        return tuple(find_tagger(load_pipeline(self.initial)).labels)

    @property
    def metrics(self) -> list[RoundMetrics]:
        """The finished rounds in order. RAISES (DeepALError): A line is damaged, or was lost."""
        return self._metrics.read()

    def add_metrics(self, line: RoundMetrics) -> None:
        """Add the line of a finished round."""
        self._metrics.write([*self.metrics, line])

    @property
    def baseline(self) -> Baseline | None:
        """How good another pipeline is; None if there is none.

        RAISES (DeepALError): The file is damaged.
        """
        return read_sealed_row(self.baseline_file, Baseline, AGAIN)

    def write_baseline(self, baseline: Baseline) -> None:
        write_sealed_json(self.baseline_file, baseline)

    def round(self, number: int) -> "RoundFolder":
        """RETURNS (RoundFolder): A round. Its folder is made if it is missing."""
        path = self.path / f"round_{number:02}"
        path.mkdir(exist_ok=True)
        return RoundFolder(path, number)

    def rounds(self) -> list["RoundFolder"]:
        """RETURNS (list[RoundFolder]): All rounds that have begun, in order."""
        names = (path.name.removeprefix("round_") for path in self.path.glob("round_*/"))
        return [self.round(number) for number in sorted(map(int, filter(str.isdigit, names)))]

    def tidy(self, keep: str) -> None:
        """Remove what finished rounds no longer need, and what a killed process left.

        keep (str): Which rounds' models stay: "last" or "all".
        """
        finished = len(self.metrics)
        for number in range(finished):
            here = self.round(number)
            shutil.rmtree(here.training, ignore_errors=True)
            if keep == "last" and number < finished - 1:
                shutil.rmtree(here.model, ignore_errors=True)


def check_has_seal(model: str | Path) -> None:
    """RAISES (DeepALError): A pipeline in the folder of a run has lost its seal, so that damage is
    not noticed. A pipeline from elsewhere needs none."""
    place = Path(model).resolve()
    for run in map(RunFolder, place.parents[:2]):
        ours = [run.initial, *(here.model for here in run.rounds())]
        if place in ours and run.manifest_file.is_file() and not (place / SEAL).is_file():
            raise DeepALError(
                f"{model} is a pipeline of a run and has lost its {SEAL}, so nobody can tell "
                "whether it is whole. Give the command of the run again, which makes it again. Or "
                "use a copy elsewhere, if you are sure of it."
            )


class RoundFolder:
    """One round on disk.

    model (Path): The pipeline at the end of the round.
    scores (Path): The first scores of what was left of the pool, until no round needs them.
    training (Path), log (Path): What spaCy writes while the round trains; the log stays.
    selected (RowFile[Selected]): The sentences that the round selected, in the order taken.
    batch (Path): These sentences with their labels.
    times (Path): How long each step took.
    entities (RowFile[FoundEntities]): What the round's model finds in the stop set.
    diverged (Path): Is there while the last training of the round has failed, as its loss was not a
        number.
    """

    def __init__(self, path: Path, number: int):
        self.path, self.number = path, number
        self.model = path / "model"
        self.training = path / "training"
        self.log = path / "train.log"
        self.scores = path / "scores"
        self.selected = RowFile(path / "selected.jsonl", Selected, AGAIN)
        self.batch = path / "batch.spacy"
        self.entities = RowFile(path / "entities.jsonl", FoundEntities, AGAIN)
        self.diverged = path / "diverged"
        self.times = path / "seconds.json"

    def read_batch(self, vocab: Vocab) -> list[Doc]:
        """RETURNS (list[Doc]): The labelled sentences; none if they are not labelled yet."""
        return list(read_shards(self.batch, vocab)) if self.batch.exists() else []

    @property
    def seconds(self) -> Seconds:
        """How long each step took that is done."""
        return read_sealed_row(self.times, Seconds, AGAIN) or Seconds()

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Record how many seconds a step takes. That happens before the step's result is put in its
        place, so a finished step has its time even if the process is killed."""
        start = perf_counter()
        yield
        known = self.seconds.model_copy(update={step: round(perf_counter() - start, 3)})
        write_sealed_json(self.times, known)
