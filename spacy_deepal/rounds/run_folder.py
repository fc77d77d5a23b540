"""The folder of a run: the one module that writes and reads it.

Every file is there whole or not at all, so a run can be killed at any moment and started again.

manifest.json     what the run is: config, seed, versions, pool; fixed at its start
initial/          the pipeline before any training
metrics.jsonl     a line for each finished round
round_NN/         selected.jsonl, batch.spacy (labelled), seconds.json, model/, train.log,
                  entities.jsonl (what the model finds in the stop set)
labelling/        what `spacy deepal label` adds: see annotation/labelling_folder.py
"""

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from filelock import FileLock, Timeout
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..corpus.docbin import write_docs
from ..errors import DeepALError
from ..files import Row, parse_row, read_json, read_rows, write_json, write_jsonl
from ..pool.shards import read_shards
from .manifest import differences
from .rows import RUN_FORMAT, FoundEntities, Manifest, RoundMetrics, Seconds, Selected

LABELLING = "labelling"
RESTORE = "Restore the file from a copy, or begin the run again in another folder."


@dataclass(frozen=True)
class RunFolder:
    """A run on disk. path (Path): Its folder."""

    path: Path

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes out.

        RAISES (DeepALError): If another process is in; if the folder holds other files, which stay
            as they are; if it cannot be written to.
        """
        self.refuse_foreign()
        lock = FileLock(self.path / ".lock")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise DeepALError(
                f"Another process is running in {self.path}. Wait for it, or use another folder."
            ) from error
        except OSError as error:
            raise DeepALError(f"{self.path} cannot be written: {error.strerror}.") from error
        try:
            yield
        finally:
            lock.release()

    def refuse_foreign(self) -> None:
        """RAISES (DeepALError): The folder is a file, or it holds other files than a run."""
        if self.path.exists() and not self.path.is_dir():
            raise DeepALError(f"{self.path} is a file. Name a folder for the run.")
        if not self.path.exists() or self._manifest_file.exists():
            return
        names = sorted(path.name for path in self.path.iterdir())
        ours = (".lock", ".manifest.json", LABELLING)
        others = [name for name in names if not name.startswith(ours)]
        if others:
            raise DeepALError(
                f"{self.path} is not a run folder: it holds {', '.join(others[:5])}. Use a new "
                "folder."
            )

    def open(self, manifest: Manifest) -> None:
        """Begin a run, or continue it. A run that failed before it was initialised begins anew.

        A run that continues may have other data paths, as long as the data are the same, and
        another end than when it began.

        manifest (Manifest): What the run is.
        RAISES (DeepALError): If the folder holds another run; the message names each difference.
        """
        if not (self._manifest_file.exists() and self.initial.exists()):
            write_json(self._manifest_file, manifest.model_dump())
        elif changes := differences(self.manifest, manifest):
            raise DeepALError(
                f"{self.path} holds another run. Use another folder, or undo these changes:\n- "
                + "\n- ".join(changes)
            )

    def grow(self, manifest: Manifest) -> None:
        """Begin a run, or continue one whose dev, test and types may grow while people label.

        manifest (Manifest): What the run is now.
        RAISES (DeepALError): If the folder holds a run with another pool or seed.
        """
        if self._manifest_file.exists():
            old = self.manifest
            growing = {key: getattr(manifest, key) for key in ("config", "dev", "test")}
            if changes := differences(old.model_copy(update=growing), manifest):
                raise DeepALError(
                    f"{self.path} holds another run. Use another folder, or undo these changes:\n- "
                    + "\n- ".join(changes)
                )
            manifest = manifest.model_copy(update={"started": old.started})
        write_json(self._manifest_file, manifest.model_dump())

    @property
    def _manifest_file(self) -> Path:
        return self.path / "manifest.json"

    @property
    def manifest(self) -> Manifest:
        """What the run is.

        RAISES (DeepALError): If the file is missing, damaged, or of another format.
        """
        file = self._manifest_file
        if not file.is_file():
            raise DeepALError(f"{self.path} is not a run folder: it has no manifest.json.")
        content = read_json(file)
        version = content.get("format") if isinstance(content, dict) else None
        if isinstance(version, int) and version != RUN_FORMAT:
            raise DeepALError(
                f"{file} has format {version}, and this version of spacy_deepal reads format "
                f"{RUN_FORMAT}. Use the version that made the run."
            )
        return parse_row(Manifest, content, str(file), RESTORE)

    @property
    def initial(self) -> Path:
        """The pipeline before any training."""
        return self.path / "initial"

    @property
    def _metrics_file(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def metrics(self) -> list[RoundMetrics]:
        """The finished rounds in order; none if the file is missing.

        RAISES (DeepALError): If a line is damaged, or does not follow the line before.
        """
        if not self._metrics_file.exists():
            return []
        lines = read_rows(RoundMetrics, self._metrics_file, RESTORE)
        percent = -1.0
        for number, line in enumerate(lines):
            if line.round != number or line.words_percent <= percent:
                raise DeepALError(
                    f"{self._metrics_file}, line {number + 1}: expected round {number} at more "
                    f"than {max(percent, 0.0):g}% of the words, found round {line.round} at "
                    f"{line.words_percent:g}%. Restore the file from a copy."
                )
            percent = line.words_percent
        return lines

    def add_metrics(self, line: RoundMetrics) -> None:
        """Add the line of a finished round."""
        write_rows(self._metrics_file, [*self.metrics, line])

    def round(self, number: int) -> "RoundFolder":
        """RETURNS (RoundFolder): The folder of a round. It is made if it is missing."""
        path = self.path / f"round_{number:02}"
        path.mkdir(exist_ok=True)
        return RoundFolder(path, number)

    def rounds(self) -> list["RoundFolder"]:
        """RETURNS (list[RoundFolder]): The folders of all rounds that have begun, in order."""
        folders = [path for path in self.path.iterdir() if path.is_dir()]
        found = [(re.fullmatch(r"round_(\d+)", path.name), path) for path in folders]
        rounds = [RoundFolder(path, int(match[1])) for match, path in found if match]
        return sorted(rounds, key=lambda each: each.number)

    def tidy(self, keep: str) -> None:
        """Remove what finished rounds no longer need, including what a killed process left.

        keep (str): Which rounds' models stay: "last" or "all".
        """
        finished = len(self.metrics)
        for number in range(finished):
            here = self.round(number)
            shutil.rmtree(here.training, ignore_errors=True)
            if keep == "last" and number < finished - 1:
                shutil.rmtree(here.model, ignore_errors=True)


@dataclass(frozen=True)
class RoundFolder:
    """One round on disk. path (Path): Its folder. number (int): The round."""

    path: Path
    number: int

    @property
    def model(self) -> Path:
        """The pipeline at the end of the round."""
        return self.path / "model"

    @property
    def training(self) -> Path:
        """What spaCy writes while the round trains."""
        return self.path / "training"

    @property
    def log(self) -> Path:
        """The log of the training."""
        return self.path / "train.log"

    @property
    def selected_file(self) -> Path:
        """The sentences that the round selected, in the order taken."""
        return self.path / "selected.jsonl"

    def read_selected(self) -> list[Selected]:
        """RETURNS (list[Selected]): The selected sentences in order; none if nothing is selected
        yet.

        RAISES (DeepALError): If the file is damaged.
        """
        file = self.selected_file
        return read_rows(Selected, file, RESTORE) if file.exists() else []

    def write_selected(self, sentences: Iterable[Selected]) -> None:
        """Write the selected sentences."""
        write_rows(self.selected_file, sentences)

    @property
    def batch_file(self) -> Path:
        """The batch with its labels."""
        return self.path / "batch.spacy"

    def read_batch(self, vocab: Vocab) -> list[Doc] | None:
        """RETURNS (list[Doc] | None): The labelled sentences; None if they are not labelled yet.

        RAISES (DeepALError): If the file is damaged.
        """
        return list(read_shards(self.batch_file, vocab)) if self.batch_file.exists() else None

    def write_batch(self, docs: Iterable[Doc]) -> None:
        """Write the labelled sentences."""
        write_docs(docs, self.batch_file)

    @property
    def entities_file(self) -> Path:
        """What the round's model finds in the stop set."""
        return self.path / "entities.jsonl"

    def read_entities(self) -> list[FoundEntities] | None:
        """RETURNS (list[FoundEntities] | None): The entities found in each sentence of the stop
        set; None if the file is missing.

        RAISES (DeepALError): If the file is damaged.
        """
        remedy = "Delete it: the run can continue without it."
        there = self.entities_file.exists()
        return read_rows(FoundEntities, self.entities_file, remedy) if there else None

    def write_entities(self, entities: Iterable[FoundEntities]) -> None:
        """Write what the round's model finds in the stop set."""
        write_rows(self.entities_file, entities)

    @property
    def _seconds_file(self) -> Path:
        return self.path / "seconds.json"

    @property
    def seconds(self) -> Seconds:
        """How long each step took that is done."""
        file = self._seconds_file
        if not file.exists():
            return Seconds()
        return parse_row(Seconds, read_json(file), str(file), "Delete it: only times are lost.")

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Record how many seconds a step takes. That happens before the step's result is put in its
        place, so a finished step has its time even if the process is killed."""
        start = perf_counter()
        yield
        known = self.seconds.model_copy(update={step: round(perf_counter() - start, 3)})
        write_json(self._seconds_file, known.model_dump())


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as JSONL, whole or not at all."""
    write_jsonl(path, (row.model_dump() for row in rows))
