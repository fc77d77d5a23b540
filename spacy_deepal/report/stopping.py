"""Where the stopping rule would have ended a run, and what later rounds still gained."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..rounds.stability import ROUNDS, stopping_point


@dataclass(frozen=True)
class Stop:
    """Where the rule would have ended a run.

    place (int): The place of its round.
    f (float): F1 of that round.
    lost_to_best, lost_to_last (float): How much higher F1 is in the best later round, and in the
        last round. Below 0, it is lower there.
    """

    place: int
    f: float
    lost_to_best: float
    lost_to_last: float


def find_stop(
    f: Sequence[float], stability: Sequence[float | None], threshold: float, rounds: int = ROUNDS
) -> Stop | None:
    """Apply the rule of `stopping_point` to recorded rounds.

    f (Sequence[float]): F1 of each round on the test set. The rule does not look at it.
    stability (Sequence[float | None]): The stability of each round; None if it is not known.
    threshold (float), rounds (int): As for `stopping_point`.
    RETURNS (Stop | None): None if the rule lets the run continue. After the last round,
        nothing is lost.
    """
    place = stopping_point(stability, threshold, rounds)
    if place is None:
        return None
    later = f[place + 1 :] or f[place:]
    return Stop(place, f[place], max(later) - f[place], f[-1] - f[place])
