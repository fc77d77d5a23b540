"""Acquisition functions: evidence of one sentence in, its score out. Higher: label it sooner.

RAND, LC, MNLP and BALD are those of Shen et al. (2017), section 4. `spacy.registry.acquisition`
holds the classes. Their instances are called on the evidence of each sentence.
"""

from dataclasses import dataclass
from math import isfinite, nan
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import DeepALError

if TYPE_CHECKING:
    from ..tagger.evidence import Evidence


class Score(NamedTuple):
    """The id of a sentence, its number of real words, and its score (higher: label it sooner)."""

    id: str
    words: int
    score: float


@dataclass(frozen=True)
class Needs:
    """What an acquisition function needs to know about a sentence.

    predicts (bool): It needs the greedy path. If False, the network does not run at all.
    samples (int): How many MC dropout samples it needs.
    decoder_only (bool): The samples are to drop units of the decoder's output only. The network
        then runs once for all samples.
    anytime (bool): It looks at the samples only, and some of them estimate its score: it is an
        `AnytimeFunction`. If the budget is known, sentences that can no longer be chosen are then
        not sampled to the end.
    rounds (int): From how many rounds before this one a `PoolFunction` needs the scores.
    RAISES (DeepALError): `anytime` with fewer than two samples.
    """

    predicts: bool = True
    samples: int = 0
    decoder_only: bool = False
    anytime: bool = False
    rounds: int = 0

    def __post_init__(self) -> None:
        if self.anytime and self.samples < 2:
            raise DeepALError(f"anytime needs samples = 2 or more, not {self.samples}.")


class AcquisitionFunction(Protocol):
    """Scores the evidence of one sentence. It keeps no state and reads no file.

    A function that needs more than the greedy path has an attribute `needs` (Needs).
    """

    def __call__(self, evidence: "Evidence") -> float: ...


class AnytimeFunction(AcquisitionFunction, Protocol):
    """A function whose score is a mean over the samples, so that the first few estimate it."""

    def by_sample(self, samples: NDArray) -> NDArray[np.float64]:
        """RETURNS (array[M]): What each of the samples [M, words] adds, from 0 to 1; there is at
        least one word. The score is the mean."""
        ...


def needs_of(function: AcquisitionFunction) -> Needs:
    """RETURNS (Needs): What a function needs; of a plain callable, the greedy path.

    RAISES (DeepALError): It says `anytime` and is no `AnytimeFunction`.
    """
    needs = getattr(function, "needs", Needs())
    if needs.anytime and not hasattr(function, "by_sample"):
        raise DeepALError(
            f"{type(function).__name__} needs a method by_sample(samples), since its needs say "
            "anytime: what each sample adds to the score, from 0 to 1. Or leave out anytime."
        )
    return needs


def finite_score(value: Any, sentence: str) -> float:
    """RETURNS (float): What a function returned.

    RAISES (DeepALError): It is not a finite number.
    """
    given = "a number beyond 1e308" if isinstance(value, int) else f"{value}"
    try:
        number = float(value) if isinstance(value, Real) else nan
    except OverflowError:
        number = nan
    if not isfinite(number):
        raise DeepALError(
            f"The acquisition function gave {given[:80]} to sentence {sentence}. A score must be a "
            "finite number."
        )
    return number


@dataclass(frozen=True)
class RAND:
    """RAND: a random score, the baseline."""

    needs: ClassVar[Needs] = Needs(predicts=False)

    def __call__(self, evidence: "Evidence") -> float:
        """RETURNS (float): The sentence's own random number from [0, 1)."""
        return evidence.uniform


@dataclass(frozen=True)
class LC:
    """LC: least confidence, 1 - P(y* | x) (Culotta & McCallum 2005)."""

    def __call__(self, evidence: "Evidence") -> float:
        """RETURNS (float): -sum_i log P(y*_i). It sorts sentences as 1 - prod_i P(y*_i) does. That
        product underflows, so that all long sentences would score 1."""
        assert evidence.log_probs is not None
        return float(-np.sum(evidence.log_probs, dtype="float64"))


@dataclass(frozen=True)
class MNLP:
    """MNLP: maximum normalised log-probability (Shen et al. 2017, section 4)."""

    def __call__(self, evidence: "Evidence") -> float:
        """RETURNS (float): -(1/n) sum_i log P(y*_i); 0 for a sentence without words."""
        return LC()(evidence) / max(1, evidence.words)


@dataclass(frozen=True)
class BALD:
    """BALD: Bayesian active learning by disagreement, as a variation ratio (Shen et al. 2017,
    section 4).

    samples (int): M, the number of networks drawn by MC dropout.
    RAISES (DeepALError): When samples is below 2.
    """

    samples: int = 100

    def __post_init__(self) -> None:
        if self.samples < 2:
            raise DeepALError(
                f"spacy_deepal.{type(self).__name__}.v1: samples = {self.samples}: disagreement "
                "needs 2 or more."
            )

    @property
    def needs(self) -> Needs:
        """RETURNS (Needs): All samples, or the first few where the budget is known."""
        return Needs(samples=self.samples, anytime=True)

    def __call__(self, evidence: "Evidence") -> float:
        """RETURNS (float): (1/n) sum_i f_i, where f_i = 1 - (votes for the most popular tag of word
        i) / M; 0 for a sentence without words."""
        if not evidence.words:
            return 0.0
        assert evidence.samples is not None
        return variation_ratio(evidence.samples)

    def by_sample(self, samples: NDArray) -> NDArray[np.float64]:
        """RETURNS (array[M]): The share of words to which each of the samples [M, words] gives
        another tag than the most popular one."""
        return (samples != count_votes(samples).argmax(1)).mean(1)


@dataclass(frozen=True)
class DecoderBALD(BALD):
    """DecoderBALD: BALD whose samples drop units of the decoder's output only, given the greedy
    path. It costs little more than MNLP, because the network runs once."""

    @property
    def needs(self) -> Needs:
        """RETURNS (Needs): All samples, of the decoder's output."""
        return Needs(samples=self.samples, decoder_only=True)


def variation_ratio(samples: NDArray) -> float:
    """RETURNS (float): The mean of f_i over the words of samples [M, words]; at least one word."""
    return float(np.mean(1 - count_votes(samples).max(1) / len(samples)))


def count_votes(samples: NDArray) -> NDArray[np.int64]:
    """RETURNS (array[words, tags]): How many of the samples [M, words] give each tag to a word."""
    tags, words = int(samples.max()) + 1, samples.shape[1]
    entries = samples.astype("int64") + tags * np.arange(words)
    return np.bincount(entries.ravel(), minlength=tags * words).reshape(words, tags)
