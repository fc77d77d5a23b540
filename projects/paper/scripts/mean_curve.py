"""The mean learning curve of several runs."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy

from spacy_deepal.report.runs import RecordedRun
from spacy_deepal.rounds.rows import RoundMetrics, Seconds


def mean_run(runs: Sequence[RecordedRun]) -> RecordedRun:
    """Make the mean curve of several runs. Each number of a round is the mean of theirs, as far as
    all have come; nothing is interpolated.

    runs (Sequence[RecordedRun]): Runs of one function, at least one.
    RETURNS (RecordedRun): The first of them, with the mean rounds.
    """
    rounds = zip(*(run.rounds for run in runs), strict=False)
    return replace(runs[0], rounds=tuple(map(mean_round, rounds)))


def mean_round(rounds: Sequence[RoundMetrics]) -> RoundMetrics:
    """RETURNS (RoundMetrics): The means, without the numbers by type and by genre."""

    def mean(values: Iterable[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return float(numpy.mean(known)) if len(known) == len(rounds) else None

    keys = ("words_percent", "ents_p", "ents_r", "ents_f", "dev_ents_f", "stability")
    values: dict[str, Any] = {key: mean(getattr(row, key) for row in rounds) for key in keys}
    for key in ("words", "sentences"):
        values[key] = round(numpy.mean([getattr(row, key) for row in rounds]))
    seconds = {
        step: numpy.mean([getattr(row.seconds, step) for row in rounds])
        for step in Seconds.model_fields
    }
    values["seconds"] = Seconds(**{step: float(value) for step, value in seconds.items()})
    return rounds[0].model_copy(update={**values, "ents_per_type": {}, "genres": {}})
