"""Numbers that compare runs. F1 is from 0 to 1 here, words in percent of the pool."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy
from pydantic import Field

from ..files import Row, parse_row, read_json
from ..rounds.rows import RoundMetrics
from .runs import TINY, RecordedRun, read_runs

TARGET = 0.99
BASELINE = "RAND"


class Scores(Row):
    """What the report needs of a file that `spacy evaluate --output` writes."""

    ents_f: Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class Spread:
    """A number over the runs that have it. For one run, mean, low and high are the same."""

    mean: float
    low: float
    high: float
    runs: int


@dataclass(frozen=True)
class Summary:
    """A row of the comparison: one run, or all runs of an acquisition function (seed None). A
    number is None if no run has it."""

    name: str
    seed: int | None
    runs: int
    percent: Spread | None = None
    final_f: Spread | None = None
    best_f: Spread | None = None
    target_words: Spread | None = None
    target_percent: Spread | None = None
    shallow_words: Spread | None = None
    shallow_percent: Spread | None = None
    area: Spread | None = None
    saved: Spread | None = None
    saved_f: Spread | None = None
    score_seconds: Spread | None = None
    train_seconds: Spread | None = None

    @property
    def reached(self) -> int:
        """The runs that reached 99% of the full-data F1."""
        return self.target_words.runs if self.target_words else 0

    @property
    def passed(self) -> int:
        """The runs that passed the shallow model."""
        return self.shallow_words.runs if self.shallow_words else 0


@dataclass(frozen=True)
class Passing:
    """Another pipeline without labels: its name and F1 on the test set.

    runs (list): Each run and the first round in which it is better; None if none is.
    """

    name: str
    f: float
    runs: list[tuple[RecordedRun, RoundMetrics | None]]


@dataclass(frozen=True)
class Comparison:
    """Runs beside each other, and beside models trained on the whole pool.

    full (float | None), source (str): The full-data F1, if it is known, and where it is from.
    shallow (float | None): The F1 of a shallow model, if it is known.
    """

    runs: list[RecordedRun]
    full: float | None = None
    source: str = ""
    shallow: float | None = None

    @property
    def target(self) -> float | None:
        """99% of the full-data F1."""
        return None if self.full is None else TARGET * self.full

    @property
    def started(self) -> list[RecordedRun]:
        """The runs with a finished round."""
        return [run for run in self.runs if run.rounds]

    @property
    def shared(self) -> tuple[float, float] | None:
        """The part of the x axis that every started run covers; None if there is none."""
        low = max((run.percents[0] for run in self.started), default=0.0)
        high = min((run.percents[-1] for run in self.started), default=0.0)
        return (low, high) if low < high else None

    def words_saved(
        self, run: RecordedRun, baseline: RecordedRun | None
    ) -> tuple[float, float] | None:
        """Compare the words that two runs needed for the same F1: 99% of the full-data F1 if both
        reached it, else the lower of their best F1.

        baseline (RecordedRun | None): A run of RAND with the same seed.
        RETURNS (tuple[float, float] | None): Percent of the baseline's words that the run did not
            need (below 0, it needed more), and the F1. None if there is nothing to compare with,
            or the baseline got there without a word.
        """
        if baseline is None or baseline.name == run.name or not baseline.rounds:
            return None
        level = min(max(run.curve), max(baseline.curve))
        if self.target is not None:
            level = min(level, self.target)
        mine, theirs = run.first_reaching(level), baseline.first_reaching(level)
        if mine is None or theirs is None or theirs.words == 0:
            return None
        return 100 * (1 - mine.words / theirs.words), level

    @property
    def baselines(self) -> list[Passing]:
        """Other pipelines without labels, each with the runs that were measured beside it."""
        groups: dict[tuple[str, float], list[RecordedRun]] = {}
        for run in self.runs:
            if (other := run.baseline) is not None:
                groups.setdefault((other.name, other.ents_f), []).append(run)
        return [
            Passing(name, f, [(run, run.first_above(f)) for run in runs])
            for (name, f), runs in groups.items()
        ]

    def summaries(self) -> list[Summary]:
        """RETURNS (list[Summary]): A row for each run, and a row with the mean after several runs
        of a function."""
        rows: list[Summary] = []
        for name in dict.fromkeys(run.name for run in self.runs):
            group = [run for run in self.runs if run.name == name]
            measured = [self._measure(run) for run in group]
            rows += [_row(name, run.seed, [own]) for run, own in zip(group, measured, strict=True)]
            if len(group) > 1:
                rows.append(_row(name, None, measured))
        return rows

    def _measure(self, run: RecordedRun) -> dict[str, float | None]:
        """RETURNS (dict): The numbers of a run by the fields of `Summary`."""
        if not run.rounds:
            return {}
        baselines = {other.seed: other for other in self.runs if other.name == BASELINE}
        saved = self.words_saved(run, baselines.get(run.seed))
        target = run.first_reaching(self.target)
        passing = run.first_reaching(self.shallow)
        return {
            "percent": run.percents[-1],
            "final_f": run.curve[-1],
            "best_f": max(run.curve),
            "target_words": target.words if target else None,
            "target_percent": target.words_percent if target else None,
            "shallow_words": passing.words if passing else None,
            "shallow_percent": passing.words_percent if passing else None,
            "area": run.mean_f(*self.shared) if self.shared else None,
            "saved": saved and saved[0],
            "saved_f": saved and saved[1],
            "score_seconds": run.seconds("score"),
            "train_seconds": run.seconds("train"),
        }


def _row(name: str, seed: int | None, measured: list[dict[str, float | None]]) -> Summary:
    keys = {key for numbers in measured for key in numbers}
    spreads = {key: spread(numbers.get(key) for numbers in measured) for key in keys}
    return Summary(name, seed, len(measured), **spreads)


def spread(values: Iterable[float | None]) -> Spread | None:
    """RETURNS (Spread | None): Over the numbers that are known; None if none is."""
    known = [value for value in values if value is not None]
    return Spread(float(numpy.mean(known)), min(known), max(known), len(known)) if known else None


def read_comparison(
    run_dirs: Iterable[Path], full: Sequence[Path] = (), shallow: Path | None = None
) -> Comparison:
    """Read run folders, and files with the F1 of models: JSON with "ents_f", as `spacy evaluate
    --output` writes it.

    full (Sequence[Path]): The full-data F1; of several files the mean. Without any, runs that
        labelled the whole pool count.
    shallow (Path | None): The F1 of a shallow model trained on the whole pool.
    RAISES (DeepALError): As `read_runs`; a file is missing or has no F1 from 0 to 1.
    """
    runs = read_runs(run_dirs)
    shallow_f = None if shallow is None else _read_f(shallow)
    if full:
        known = [_read_f(path) for path in full]
        source = Path(full[0]).name if len(full) == 1 else f"mean of {len(full)} models"
    else:
        known = [run.curve[-1] for run in runs if run.rounds and run.percents[-1] >= 100 - TINY]
        last = "the last round of the run" if len(known) == 1 else f"mean of the {len(known)} runs"
        source = f"{last} that labelled the whole pool"
    if not known:
        return Comparison(runs, shallow=shallow_f)
    return Comparison(runs, float(numpy.mean(known)), source, shallow_f)


def _read_f(path: Path) -> float:
    remedy = "Name a file that `spacy evaluate --output` has written."
    return parse_row(Scores, read_json(path, remedy), str(path), remedy).ents_f
