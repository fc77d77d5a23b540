"""The runs of a report: their manifests and the rounds that they have finished."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..acquisition.registry import NAME, acquisition_label
from ..errors import DeepALError
from ..rounds.rows import Manifest, RoundMetrics
from ..rounds.run_folder import RunFolder


@dataclass(frozen=True)
class Run:
    """A run as the report shows it.

    folder (RunFolder): Its folder.
    name (str): The acquisition function with its arguments; its short name if it is one of ours.
    manifest (Manifest): What the run is.
    rounds (tuple[RoundMetrics, ...]): The finished rounds.
    """

    folder: RunFolder
    name: str
    manifest: Manifest
    rounds: tuple[RoundMetrics, ...]

    @property
    def seed(self) -> int:
        return self.manifest.seed

    def seconds(self, step: str) -> float:
        """Add up the time of one step ("score", "select", "train", "evaluate") over all rounds."""
        return sum(getattr(row.seconds, step) for row in self.rounds)


def read_runs(run_dirs: Iterable[Path]) -> list[Run]:
    """Read run folders.

    run_dirs (Iterable[Path]): The folders. A run in progress gives the rounds it has finished.
    RETURNS (list[Run]): The runs, ordered by acquisition function and seed.
    RAISES (DeepALError): If there is no folder, if one is given twice, or if one is not a run.
    """
    paths = [Path(path) for path in run_dirs]
    if not paths:
        raise DeepALError("No run folder given. Name at least one folder of `spacy deepal run`.")
    for path, times in Counter(path.resolve() for path in paths).items():
        if times > 1:
            raise DeepALError(f"The run folder {path} is given {times} times. Give it once.")
    runs = [read_run(RunFolder(path)) for path in paths]
    return sorted(runs, key=lambda run: (run.name, run.seed, str(run.folder.path)))


def read_run(folder: RunFolder) -> Run:
    """Read a run.

    RAISES (DeepALError): If the folder is not a run, or a file in it is damaged.
    """
    manifest = folder.manifest
    name = acquisition_label({NAME: manifest.acquisition, **manifest.arguments})
    return Run(folder, name, manifest, tuple(folder.metrics))
