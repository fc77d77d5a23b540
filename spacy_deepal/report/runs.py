"""The runs of a report: what they are, the rounds that they have finished, numbers of one curve."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy

from ..acquisition.registry import NAME, acquisition_label
from ..errors import DeepALError
from ..rounds.rows import Baseline, Manifest, RoundMetrics
from ..rounds.run_folder import RunFolder
from ..rounds.stability import ROUNDS, stopping_point

# 0.99 * 0.8 is not exactly 0.792 in floating point: smaller differences than this are none.
TINY = 1e-9


@dataclass(frozen=True)
class Stop:
    """Where the stopping rule would have ended a run.

    row (RoundMetrics): Its last round.
    lost_to_best, lost_to_last (float): How much higher F1 is in the best later round, and in the
        last round. Below 0, it is lower there.
    """

    row: RoundMetrics
    lost_to_best: float
    lost_to_last: float


@dataclass(frozen=True)
class RecordedRun:
    """A run as the report shows it. F1 is from 0 to 1, words in percent of the pool.

    name (str): The acquisition function with its arguments; its short name if it is one of ours.
    rounds (tuple[RoundMetrics, ...]): The finished rounds.
    baseline (Baseline | None): Another pipeline, measured without labels.
    """

    folder: RunFolder
    name: str
    manifest: Manifest
    rounds: tuple[RoundMetrics, ...]
    baseline: Baseline | None = None

    @property
    def seed(self) -> int:
        return self.manifest.seed

    @property
    def percents(self) -> list[float]:
        """The words labelled after each round."""
        return [row.words_percent for row in self.rounds]

    @property
    def curve(self) -> list[float]:
        """F1 on the test set after each round."""
        return [row.ents_f for row in self.rounds]

    def seconds(self, step: str) -> float:
        """Add up the time of one step ("score", "select", "train", "evaluate") over all rounds."""
        return sum(getattr(row.seconds, step) for row in self.rounds)

    def first_reaching(self, f: float | None) -> RoundMetrics | None:
        """RETURNS (RoundMetrics | None): The first round with this F1 or a higher one. Nothing is
        interpolated."""
        return next((row for row in self.rounds if f is not None and row.ents_f >= f - TINY), None)

    def first_above(self, f: float) -> RoundMetrics | None:
        """RETURNS (RoundMetrics | None): The first round with a higher F1."""
        return next((row for row in self.rounds if row.ents_f > f), None)

    def mean_f(self, low: float, high: float) -> float:
        """RETURNS (float): The mean F1 between two percentages of the words, both in the range of
        the rounds: the area under the curve, with straight lines between rounds, by its width."""
        inner = [percent for percent in self.percents if low < percent < high]
        grid = numpy.array([low, *inner, high])
        f = numpy.interp(grid, self.percents, self.curve)
        return float(numpy.trapezoid(f, grid)) / (high - low)

    def find_stop(self, threshold: float, rounds: int = ROUNDS) -> Stop | None:
        """RETURNS (Stop | None): Where `stopping_point` ends the run, without a look at the test
        set; None if it never does."""
        place = stopping_point([row.stability for row in self.rounds], threshold, rounds)
        if place is None:
            return None
        f, later = self.curve[place], self.curve[place + 1 :] or self.curve[place:]
        return Stop(self.rounds[place], max(later) - f, later[-1] - f)


def read_runs(run_dirs: Iterable[Path]) -> list[RecordedRun]:
    """Read run folders. A run in progress gives the rounds that it has finished.

    RETURNS (list[RecordedRun]): The runs, ordered by acquisition function and seed.
    RAISES (DeepALError): There is no folder, one is given twice, one is not a run, or a file is
        damaged.
    """
    paths = [Path(path) for path in run_dirs]
    if not paths:
        raise DeepALError("No run folder given. Name at least one folder of `spacy deepal run`.")
    for path, times in Counter(path.resolve() for path in paths).items():
        if times > 1:
            raise DeepALError(f"The run folder {path} is given {times} times. Give it once.")
    runs = []
    for folder in map(RunFolder, paths):
        manifest = folder.manifest
        name = acquisition_label({NAME: manifest.acquisition, **manifest.arguments})
        runs.append(RecordedRun(folder, name, manifest, tuple(folder.metrics), folder.baseline))
    return sorted(runs, key=lambda run: (run.name, run.seed, str(run.folder.path)))
