"""Where the stopping rule would have ended a run, and what later rounds still gained."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..rounds.stability import ROUNDS, stopping_point


@dataclass(frozen=True)
class Stop:
    """Where a run would have ended: the place of its round, F1 there, and the F1 lost against the
    best of the later rounds and against the last round (below 0: it was won)."""

    place: int
    f: float
    lost_to_best: float
    lost_to_last: float


def find_stop(
    f: Sequence[float], stability: Sequence[float | None], threshold: float, rounds: int = ROUNDS
) -> Stop | None:
    """Apply the rule of `stopping_point` to recorded rounds.

    f (Sequence[float]): F1 of each round on the test set, which the rule does not look at.
    stability (Sequence[float | None]): Of each round; None where it is not known.
    threshold (float), rounds (int): As for `stopping_point`.
    RETURNS (Stop | None): None if the rule lets the run go on. At the last round nothing is lost.
    """
    place = stopping_point(stability, threshold, rounds)
    if place is None:
        return None
    later = f[place + 1 :] or f[place:]
    return Stop(place, f[place], max(later) - f[place], f[-1] - f[place])
