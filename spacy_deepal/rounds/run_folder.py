"""What a run leaves on disk. Every file is there whole or not at all, so a run can be killed at any
moment and started again.

manifest.json     what the run is: config, seed, versions, pool; fixed at its start
initial/          the pipeline before any training
metrics.jsonl     a line a finished round
round_NN/         selected.jsonl, batch.spacy (labelled), seconds.json, model/,
                  entities.jsonl (of the stop set, as the model finds them)
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..errors import DeepALError
from ..files import read_json, read_jsonl, write_json, write_jsonl
from ..pool.shards import read_shards
from .settings import DEFAULTS, ENDS, SECTION

FORMAT = 1
DATA = ("pool", "dev", "test")
FIXED = ("format", "config", "seed", *DATA)  # what must not change in a run


@dataclass(frozen=True)
class RunFolder:
    """A run on disk. path (Path): Its folder."""

    path: Path

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes out.

        RAISES (DeepALError): One is in; the folder holds other files, and is left as it is; or it
            cannot be written to.
        """
        self._refuse_foreign()
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

    def round(self, number: int) -> "RoundFolder":
        """RETURNS (RoundFolder): The folder of a round; made when it is missing."""
        path = self.path / f"round_{number:02}"
        path.mkdir(exist_ok=True)
        return RoundFolder(path)

    def open(self, manifest: dict[str, Any]) -> None:
        """Begin a run, or go on with the same one; when it is to end may be another one now, and
        its data may lie elsewhere. A run that failed before it was initialised begins anew.

        manifest (dict): What the run is.
        RAISES (DeepALError): The folder holds another run; the difference is named.
        """
        file = self.path / "manifest.json"
        if file.exists() and self.initial.exists():
            differences = list(differ(_fixed(read_json(file)), _fixed(manifest)))
            if differences:
                raise DeepALError(
                    f"{self.path} holds another run; use another folder, or take this back:\n- "
                    + "\n- ".join(differences)
                )
            return
        write_json(file, manifest)

    def _refuse_foreign(self) -> None:
        """Raise an error for a file, and for a folder that holds other things than a run."""
        if self.path.exists() and not self.path.is_dir():
            raise DeepALError(f"{self.path} is a file. Name a folder for the run.")
        if not self.path.exists() or (self.path / "manifest.json").exists():
            return
        names = sorted(path.name for path in self.path.iterdir())
        others = [name for name in names if not name.startswith((".lock", ".manifest.json"))]
        if others:
            raise DeepALError(
                f"{self.path} is no run folder: it holds {', '.join(others[:5])}. Use a new folder."
            )

    @property
    def manifest(self) -> dict[str, Any]:
        """RETURNS (dict): What the run is."""
        return read_json(self.path / "manifest.json")

    @property
    def initial(self) -> Path:
        """RETURNS (Path): The pipeline before any training."""
        return self.path / "initial"

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """RETURNS (list[dict]): A line a finished round."""
        file = self.path / "metrics.jsonl"
        return read_jsonl(file) if file.exists() else []

    def add_metrics(self, line: dict[str, Any]) -> None:
        """Add a finished round's line."""
        lines = [*self.metrics, line]
        write_jsonl(self.path / "metrics.jsonl", lines)

    def tidy(self, keep: str) -> None:
        """Remove what finished rounds no longer need, also what a killed process left.

        keep (str): "last" or "all": which rounds' models stay.
        """
        finished = len(self.metrics)
        for number in range(finished):
            here = self.round(number)
            shutil.rmtree(here.training, ignore_errors=True)
            if keep == "last" and number < finished - 1:
                shutil.rmtree(here.model, ignore_errors=True)


@dataclass(frozen=True)
class RoundFolder:
    """One round on disk. path (Path): Its folder."""

    path: Path

    @property
    def selected(self) -> Path:
        """RETURNS (Path): JSONL, a line a sentence in the order taken: {"id", "words", "score"}."""
        return self.path / "selected.jsonl"

    @property
    def batch(self) -> Path:
        """RETURNS (Path): The batch with its labels."""
        return self.path / "batch.spacy"

    @property
    def model(self) -> Path:
        """RETURNS (Path): The pipeline at the end of the round."""
        return self.path / "model"

    @property
    def entities(self) -> Path:
        """RETURNS (Path): JSONL, what the model finds in the stop set."""
        return self.path / "entities.jsonl"

    @property
    def training(self) -> Path:
        """RETURNS (Path): spaCy's output while the round trains."""
        return self.path / "training"

    @property
    def seconds(self) -> dict[str, float]:
        """RETURNS (dict[str, float]): Time taken by each step that is done."""
        file = self.path / "seconds.json"
        return read_json(file) if file.exists() else {}

    def add_seconds(self, step: str, seconds: float) -> None:
        """Keep how long a step took."""
        write_json(self.path / "seconds.json", {**self.seconds, step: round(seconds, 3)})

    def read_batch(self, vocab: Vocab) -> Iterator[Doc]:
        """YIELDS (Doc): The labelled sentences of the batch."""
        return read_shards(self.batch, vocab)


def differ(old: Any, new: Any, where: str = "") -> Iterator[str]:
    """YIELDS (str): Each place in which two nested values differ, with both values."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from differ(old.get(key), new.get(key), f"{where}.{key}" if where else key)
    elif old != new:
        yield f"{where}: was {_short(old)}, is {_short(new)}"


def _fixed(manifest: dict[str, Any]) -> dict[str, Any]:
    from thinc.api import Config

    fixed = {key: manifest.get(key) for key in FIXED}
    fixed["config"] = dict(Config().from_str(manifest["config"]))
    # A run may be older than a setting, and may go on beyond the end that it had.
    settings = DEFAULTS | fixed["config"].get(SECTION, {})
    fixed["config"][SECTION] = {key: settings[key] for key in settings if key not in ENDS}
    # How many sentences are predicted at a time changes nothing either.
    nlp = fixed["config"].get("nlp", {})
    fixed["config"]["nlp"] = {key: nlp[key] for key in nlp if key != "batch_size"}
    # Its data may have been moved: their fingerprints say that they are the same.
    paths = dict(fixed["config"].get("paths", {}))
    moved = {paths.pop(key, None): key for key in DATA}
    fixed["config"]["paths"] = paths
    corpora = fixed["config"].get("corpora", {})
    fixed["config"]["corpora"] = {
        name: {**corpus, "path": moved.get(corpus.get("path"), corpus.get("path"))}
        for name, corpus in corpora.items()
    }
    for key in DATA:
        fixed[key] = {name: value for name, value in (fixed[key] or {}).items() if name != "path"}
    return fixed


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "…"
