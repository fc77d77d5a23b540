"""Acquisition functions that look at the scores of the whole pool, and of earlier rounds."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import sqrt
from typing import TYPE_CHECKING, Protocol, TypeGuard

from ..errors import DeepALError
from .functions import MNLP, AcquisitionFunction, Needs, Score, finite_score

if TYPE_CHECKING:
    from ..tagger.evidence import Evidence

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


@dataclass(frozen=True)
class Fluctuation:
    """Fluctuation: MNLP, and how much it has changed over the last rounds.

    The idea is that of FHS (Yao et al. 2020, "Looking Back on the Past: Active Learning with
    Historical Evaluation Results"); window and weight are those of the code of Kohl et al. (2024).
    That code takes the variance. Here it is the standard deviation, which has the unit of the
    score: MNLP is far below 1, so the variance hardly changes the ranking.

    Where earlier rounds are not known, as to `spacy deepal score` and the labelling page, sentences
    rank as by MNLP.

    rounds (int): The window in rounds, this one included.
    weight (float): The weight of this round's score; that of the deviation is 1 - weight.
    RAISES (DeepALError): The window is below 2, or the weight is not from 0 to 1.
    """

    rounds: int = 3
    weight: float = 0.5

    def __post_init__(self) -> None:
        if self.rounds < 2 or not 0 <= self.weight <= 1:
            raise DeepALError(
                f"spacy_deepal.Fluctuation.v1: rounds = {self.rounds}, weight = {self.weight}: "
                "rounds must be 2 or more, and weight from 0 to 1."
            )

    @property
    def needs(self) -> Needs:
        """RETURNS (Needs): The greedy path, and the first scores of the rounds before."""
        return Needs(rounds=self.rounds - 1)

    def __call__(self, evidence: "Evidence") -> float:
        """RETURNS (float): The first score, that of MNLP."""
        return MNLP()(evidence)

    def fit(self, scores: Iterable[Score]) -> FinalScore:
        """The final score is weight s_t + (1 - weight) SD(s_(t-k+1), ..., s_t), where s_t is MNLP
        in round t. In the first round that has scores, the standard deviation is 0."""

        def final(item: Score, earlier: Sequence[float]) -> float:
            window = [*earlier, item.score]
            mean = sum(window) / len(window)
            deviation = sqrt(sum((score - mean) ** 2 for score in window) / len(window))
            return self.weight * item.score + (1 - self.weight) * deviation

        return final
