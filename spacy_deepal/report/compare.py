"""Numbers that compare runs. F1 is from 0 to 1 here, words in percent of the pool."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy

from ..errors import DeepALError
from .files import field, read_json
from .runs import Round, Run

TARGET = 0.99
BASELINE = "RAND"
# 0.99 * 0.8 is not exactly 0.792 in floating point: differences below this are none.
TINY = 1e-9


@dataclass(frozen=True)
class Full:
    """The F1 of a model trained on the whole pool, of several the mean, and where it is from."""

    f: float
    source: str

    @property
    def target(self) -> float:
        return TARGET * self.f


@dataclass(frozen=True)
class Spread:
    """A number over several runs; of one run, mean, low and high are the same."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Summary:
    """A row of the comparison: one run, or (seed None) all runs of an acquisition function."""

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
    RAISES (DeepALError): The file is missing or has no F1 from 0 to 1.
    """
    f = field(read_json(Path(path)), "ents_f", float, str(path))
    if not 0 <= f <= 1:
        raise DeepALError(f"{path}: 'ents_f' should be from 0 to 1, found {f}")
    return f


def find_full(runs: Iterable[Run], paths: Sequence[Path]) -> Full | None:
    """Find the full-data F1.

    runs (Iterable[Run]): Runs; those that labelled the whole pool tell it when no file does.
    paths (Sequence[Path]): Files as for `read_f`, one a seed; their mean counts.
    RETURNS (Full | None): The number, None if it is not known.
    RAISES (DeepALError): As `read_f`.
    """
    if paths:
        source = Path(paths[0]).name if len(paths) == 1 else f"mean of {len(paths)} models"
        return Full(float(numpy.mean([read_f(path) for path in paths])), source)
    last = [run.rounds[-1].f for run in runs if run.rounds and run.rounds[-1].percent >= 100 - TINY]
    if not last:
        return None
    source = "the last round of the run" if len(last) == 1 else f"mean of the {len(last)} runs"
    return Full(float(numpy.mean(last)), f"{source} that labelled the whole pool")


def first_reaching(run: Run, f: float) -> Round | None:
    """Find the first recorded round with this F1 or a higher one; nothing is interpolated."""
    return next((round for round in run.rounds if round.f >= f - TINY), None)


def common_range(runs: Iterable[Run]) -> tuple[float, float] | None:
    """Find the part of the x axis, in percent of the words, that every started run covers."""
    started = [run.rounds for run in runs if run.rounds]
    low = max((rounds[0].percent for rounds in started), default=0.0)
    high = min((rounds[-1].percent for rounds in started), default=0.0)
    return (low, high) if low < high else None


def mean_f(run: Run, low: float, high: float) -> float:
    """Area under the learning curve between two percentages, divided by their distance.

    run (Run): The run; straight lines join its rounds.
    low (float): Percent of the words, not before the first round.
    high (float): Percent of the words, after `low`, not after the last round.
    RETURNS (float): The area as a mean F1.
    """
    x = [round.percent for round in run.rounds]
    inner = [percent for percent in x if low < percent < high]
    grid = numpy.array([low, *inner, high])
    f = numpy.interp(grid, x, [round.f for round in run.rounds])
    return float(numpy.sum((f[1:] + f[:-1]) / 2 * numpy.diff(grid)) / (high - low))


def words_saved(
    run: Run, baseline: Run, full: Full | None
) -> tuple[float, float] | tuple[None, None]:
    """Compare the words two runs needed for the same F1.

    That F1 is 99% of the full-data F1 when both reached it, else the lower of their best F1.

    run (Run): The run, with a round at least.
    baseline (Run): A run of RAND with the same seed.
    full (Full | None): The full-data F1, if known.
    RETURNS (tuple[float, float] | tuple[None, None]): Percent of the baseline's words that the
        run did not need (below 0: it needed more), and the F1; None if the baseline has no
        round, or got there without a word.
    """
    if not baseline.rounds:
        return None, None
    level = min(max(round.f for round in each.rounds) for each in (run, baseline))
    if full is not None:
        level = min(level, full.target)
    mine, theirs = first_reaching(run, level), first_reaching(baseline, level)
    if theirs.words == 0:
        return None, None
    return 100 * (1 - mine.words / theirs.words), level


def mean_run(runs: Sequence[Run]) -> Run:
    """Make the mean curve of several runs: each number of a round is the mean of theirs, as far as
    all have come; nothing is interpolated.

    runs (Sequence[Run]): Runs of one function, at least one.
    RETURNS (Run): The first of them, with the mean rounds.
    """
    rounds = zip(*(run.rounds for run in runs), strict=False)
    return replace(runs[0], rounds=tuple(map(mean_round, rounds)))


def mean_round(rounds: Sequence[Round]) -> Round:
    """RETURNS (Round): The means, without what is told by type and by genre."""

    def mean(key: str) -> float:
        return float(numpy.mean([getattr(each, key) for each in rounds]))

    return replace(
        rounds[0],
        words=round(mean("words")),
        sentences=round(mean("sentences")),
        **{key: mean(key) for key in ("percent", "p", "r", "f")},
        **{
            key: None if any(getattr(each, key) is None for each in rounds) else mean(key)
            for key in ("dev_f", "stability")
        },
        per_type={},
        genres={},
        seconds={
            step: float(numpy.mean([each.seconds.get(step, 0.0) for each in rounds]))
            for step in rounds[0].seconds
        },
    )


def summarise(runs: list[Run], full: Full | None, shallow: float | None = None) -> list[Summary]:
    """Make the rows of the comparison.

    runs (list[Run]): The runs, those of a function next to each other.
    full (Full | None): The full-data F1, if known.
    shallow (float | None): The F1 of a shallow model trained on the whole pool, if known.
    RETURNS (list[Summary]): A row for each run; a row with the mean after several of a function.
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
    """Make the row of one run; `shared` is the range of the area, `baseline` the run of RAND."""
    if not run.rounds:
        return Summary(run.name, run.seed, runs=1)
    last = run.rounds[-1]
    target = first_reaching(run, full.target) if full else None
    passing = None if shallow is None else first_reaching(run, shallow)
    compared = baseline is not None and baseline.name != run.name
    saved, saved_f = words_saved(run, baseline, full) if compared else (None, None)
    return Summary(
        name=run.name,
        seed=run.seed,
        runs=1,
        reached=int(target is not None),
        passed=int(passing is not None),
        percent=spread([last.percent]),
        final_f=spread([last.f]),
        best_f=spread([max(round.f for round in run.rounds)]),
        target_words=spread([target and target.words]),
        target_percent=spread([target and target.percent]),
        shallow_words=spread([passing and passing.words]),
        shallow_percent=spread([passing and passing.percent]),
        area=spread([mean_f(run, *shared) if shared else None]),
        saved=spread([saved]),
        saved_f=spread([saved_f]),
        score_seconds=spread([run.seconds("score")]),
        train_seconds=spread([run.seconds("train")]),
    )


def summarise_function(rows: list[Summary]) -> Summary:
    """Make the row of an acquisition function from the rows of its runs."""
    values = {}
    for key, kind in Summary.__annotations__.items():
        if kind == Spread | None:
            found = (getattr(row, key) for row in rows)
            values[key] = spread(value and value.mean for value in found)
    for key in ("reached", "passed"):
        values[key] = sum(getattr(row, key) for row in rows)
    return Summary(name=rows[0].name, seed=None, runs=len(rows), **values)


def spread(values: Iterable[float | None]) -> Spread | None:
    """Mean, lowest and highest of the numbers that there are; None if there is none."""
    found = [value for value in values if value is not None]
    return Spread(float(numpy.mean(found)), min(found), max(found)) if found else None
