"""Numbers that compare runs. F1 is from 0 to 1 here, words in percent of the pool."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import numpy
from pydantic import Field

from ..files import read_json
from ..rounds.rows import RoundMetrics, Row, parse_row
from .runs import Run

TARGET = 0.99
BASELINE = "RAND"
# 0.99 * 0.8 is not exactly 0.792 in floating point: smaller differences than this are none.
TINY = 1e-9


class Scores(Row):
    """What the report needs of a file that `spacy evaluate --output` writes."""

    ents_f: Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class Full:
    """The F1 of a model trained on the whole pool, or the mean of several; and where it is from."""

    f: float
    source: str

    @property
    def target(self) -> float:
        return TARGET * self.f


@dataclass(frozen=True)
class Spread:
    """A number over several runs. For one run, mean, low and high are the same."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Summary:
    """A row of the comparison: one run, or all runs of an acquisition function (seed None).

    runs, reached, passed (int): Runs; those that reached 99% of the full-data F1; those that
        passed the shallow model.
    Each other number is None if it is not known.
    """

    name: str
    seed: int | None
    runs: int
    reached: int = 0
    passed: int = 0
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


def read_f(path: Path) -> float:
    """Read the F1 of a model.

    path (Path): JSON with "ents_f", as `spacy evaluate --output` writes it.
    RAISES (DeepALError): If the file is missing or has no F1 from 0 to 1.
    """
    remedy = "Name a file that `spacy evaluate --output` has written."
    return parse_row(Scores, read_json(path), str(path), remedy).ents_f


def find_full(runs: Iterable[Run], paths: Sequence[Path]) -> Full | None:
    """Find the full-data F1.

    runs (Iterable[Run]): Without files, the mean of the runs that labelled the whole pool counts.
    paths (Sequence[Path]): Files as for `read_f`, one for each seed. Their mean counts.
    RETURNS (Full | None): The number; None if it is not known.
    RAISES (DeepALError): As `read_f`.
    """
    if paths:
        source = Path(paths[0]).name if len(paths) == 1 else f"mean of {len(paths)} models"
        return Full(float(numpy.mean([read_f(path) for path in paths])), source)
    ends = [run.rounds[-1] for run in runs if run.rounds]
    last = [row.ents_f for row in ends if row.words_percent >= 100 - TINY]
    if not last:
        return None
    source = "the last round of the run" if len(last) == 1 else f"mean of the {len(last)} runs"
    return Full(float(numpy.mean(last)), f"{source} that labelled the whole pool")


def first_reaching(run: Run, f: float) -> RoundMetrics | None:
    """RETURNS (RoundMetrics | None): The first recorded round with this F1 or a higher one. Nothing
    is interpolated."""
    return next((row for row in run.rounds if row.ents_f >= f - TINY), None)


def common_range(runs: Iterable[Run]) -> tuple[float, float] | None:
    """RETURNS (tuple[float, float] | None): The part of the x axis, in percent of the words, that
    every run with a round covers; None if there is none."""
    started = [run.rounds for run in runs if run.rounds]
    low = max((rounds[0].words_percent for rounds in started), default=0.0)
    high = min((rounds[-1].words_percent for rounds in started), default=0.0)
    return (low, high) if low < high else None


def mean_f(run: Run, low: float, high: float) -> float:
    """Area under the learning curve between two percentages, divided by their distance.

    run (Run): The run; straight lines join its rounds.
    low (float): Percent of the words, not before the first round.
    high (float): Percent of the words, after `low`, not after the last round.
    RETURNS (float): The area as a mean F1.
    """
    x = [row.words_percent for row in run.rounds]
    inner = [percent for percent in x if low < percent < high]
    grid = numpy.array([low, *inner, high])
    f = numpy.interp(grid, x, [row.ents_f for row in run.rounds])
    return float(numpy.sum((f[1:] + f[:-1]) / 2 * numpy.diff(grid)) / (high - low))


def words_saved(run: Run, baseline: Run, full: Full | None) -> tuple[float, float] | None:
    """Compare the words that two runs needed for the same F1.

    That F1 is 99% of the full-data F1 if both reached it, else the lower of their best F1.

    run (Run): A run with at least one round.
    baseline (Run): A run of RAND with the same seed.
    full (Full | None): The full-data F1, if it is known.
    RETURNS (tuple[float, float] | None): Percent of the baseline's words that the run did not need
        (below 0, it needed more), and the F1. None if the baseline has no round, or got there
        without a word.
    """
    if not baseline.rounds:
        return None
    level = min(max(row.ents_f for row in each.rounds) for each in (run, baseline))
    if full is not None:
        level = min(level, full.target)
    mine, theirs = first_reaching(run, level), first_reaching(baseline, level)
    if mine is None or theirs is None or theirs.words == 0:
        return None
    return 100 * (1 - mine.words / theirs.words), level


def summarise(runs: list[Run], full: Full | None, shallow: float | None = None) -> list[Summary]:
    """Make the rows of the comparison.

    runs (list[Run]): The runs, those of a function next to each other.
    full (Full | None): The full-data F1, if it is known.
    shallow (float | None): The F1 of a shallow model trained on the whole pool, if it is known.
    RETURNS (list[Summary]): A row for each run, and a row with the mean after several runs of a
        function.
    """
    shared = common_range(runs)
    baselines = {run.seed: run for run in runs if run.name == BASELINE}
    rows: list[Summary] = []
    for name in dict.fromkeys(run.name for run in runs):
        group = [run for run in runs if run.name == name]
        own = [summarise_run(run, full, shallow, shared, baselines.get(run.seed)) for run in group]
        rows += own if len(own) == 1 else [*own, summarise_function(own)]
    return rows


def summarise_run(
    run: Run,
    full: Full | None,
    shallow: float | None,
    shared: tuple[float, float] | None,
    baseline: Run | None,
) -> Summary:
    """Make the row of one run.

    shared (tuple[float, float] | None): The range of the area.
    baseline (Run | None): The run of RAND with the same seed.
    """
    if not run.rounds:
        return Summary(run.name, run.seed, runs=1)
    last = run.rounds[-1]
    target = first_reaching(run, full.target) if full else None
    passing = None if shallow is None else first_reaching(run, shallow)
    compared = baseline is not None and baseline.name != run.name
    saved = words_saved(run, baseline, full) if baseline and compared else None
    return Summary(
        name=run.name,
        seed=run.seed,
        runs=1,
        reached=int(target is not None),
        passed=int(passing is not None),
        percent=spread([last.words_percent]),
        final_f=spread([last.ents_f]),
        best_f=spread([max(row.ents_f for row in run.rounds)]),
        target_words=spread([target.words if target else None]),
        target_percent=spread([target.words_percent if target else None]),
        shallow_words=spread([passing.words if passing else None]),
        shallow_percent=spread([passing.words_percent if passing else None]),
        area=spread([mean_f(run, *shared)]) if shared else None,
        saved=saved and spread([saved[0]]),
        saved_f=saved and spread([saved[1]]),
        score_seconds=spread([run.seconds("score")]),
        train_seconds=spread([run.seconds("train")]),
    )


def summarise_function(rows: list[Summary]) -> Summary:
    """Make the row of an acquisition function from the rows of its runs."""
    values: dict[str, Any] = {}
    for field in fields(Summary):
        found = [getattr(row, field.name) for row in rows]
        if field.name in ("reached", "passed"):
            values[field.name] = sum(found)
        elif field.default is None:
            values[field.name] = spread(each and each.mean for each in found)
    return Summary(name=rows[0].name, seed=None, runs=len(rows), **values)


def spread(values: Iterable[float | None]) -> Spread | None:
    """RETURNS (Spread | None): Over the numbers that are known; None if none is."""
    found = [value for value in values if value is not None]
    return Spread(float(numpy.mean(found)), min(found), max(found)) if found else None
