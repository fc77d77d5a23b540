"""Acquisition functions that look at the scores of the whole pool, and of earlier rounds."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Protocol, TypeGuard

from .functions import AcquisitionFunction, Score, finite_score

FinalScore = Callable[[Score, Sequence[float]], float]


class PoolFunction(AcquisitionFunction, Protocol):
    """An acquisition function that scores in two steps. Called on evidence, it gives a first score.
    When all sentences have one, `fit` says how each of them becomes the final score.
    """

    def fit(self, scores: Iterable[Score]) -> FinalScore:
        """Look at the first scores of the whole pool. Keep no state.

        scores (Iterable[Score]): The first scores of this round, as a stream.
        RETURNS (FinalScore): Makes the final score of a sentence. It gets the first score, and a
            list of the first scores in up to `Needs.rounds` rounds before, the latest last. Rounds
            whose batch was drawn at random have none.
        """
        ...


def is_pool_function(function: AcquisitionFunction) -> TypeGuard[PoolFunction]:
    """RETURNS (bool): Whether a function scores in two steps: it has a method `fit`."""
    return hasattr(function, "fit")


def final_scores(
    acquisition: AcquisitionFunction,
    read: Callable[[], Iterable[Score]],
    earlier: Iterable[Sequence[float]] | None = None,
) -> Iterator[Score]:
    """Make final scores of first ones, as a stream.

    read (Callable): Returns the first scores of the whole pool, from the first sentence to the last
        each time it is called.
    earlier (Iterable[Sequence[float]] | None): The first scores of each sentence in the rounds
        before. None: none are known.
    YIELDS (Score): In the same order. A function without `fit` has final scores already.
    RAISES (DeepALError): A score is not a finite number, with the sentence's id.
    """
    if not is_pool_function(acquisition):
        yield from read()
        return
    final = acquisition.fit(read())
    before = iter(repeat(()) if earlier is None else earlier)
    for item in read():
        yield item._replace(score=finite_score(final(item, next(before)), item.id))
