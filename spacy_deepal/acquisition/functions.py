"""The acquisition functions of Shen et al. (2017), section 4. Higher: label this sentence first.

`spacy.registry.acquisition` holds factories; what they return is called on one sentence's Evidence.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import DeepALError

if TYPE_CHECKING:
    from ..tagger.evidence import Evidence


class AcquisitionFunction(Protocol):
    """Evidence of one sentence in, its score out. No state, no I/O.

    A function may say what it looks at: `predicts = False` when it needs no prediction, `samples`
    (int) for the MC dropout samples that it needs, `decoder_only = True` for those of the decoder
    alone. Without these it gets the greedy path.
    """

    def __call__(self, evidence: "Evidence") -> float: ...


def make_rand() -> AcquisitionFunction:
    """RAND: uniform, the baseline."""
    return rand


def rand(evidence: "Evidence") -> float:
    """RETURNS (float): The sentence's own random number from [0, 1)."""
    return evidence.uniform


rand.predicts = False


def make_lc() -> AcquisitionFunction:
    """LC: least confidence (Culotta & McCallum 2005), 1 - P(y* | x)."""
    return lc


def lc(evidence: "Evidence") -> float:
    """RETURNS (float): -sum_i log P(y*_i), which sorts as 1 - prod_i P(y*_i) does. The product is
    not taken: it underflows, and long sentences would all score 1."""
    return float(-np.sum(evidence.log_probs, dtype="float64"))


def make_mnlp() -> AcquisitionFunction:
    """MNLP: maximum normalised log-probability (Shen et al. 2017, section 4)."""
    return mnlp


def mnlp(evidence: "Evidence") -> float:
    """RETURNS (float): -(1/n) sum_i log P(y*_i); 0 for a sentence without words."""
    return lc(evidence) / max(1, evidence.words)


def make_bald(samples: int = 100) -> AcquisitionFunction:
    """BALD: Bayesian active learning by disagreement, as a variation ratio (Shen et al. 2017, 4).

    samples (int): M, the networks drawn by MC dropout.
    RAISES (DeepALError): When samples is below 2.
    """
    return Bald(_check_samples("BALD", samples))


def make_decoder_bald(samples: int = 100) -> AcquisitionFunction:
    """DecoderBALD: BALD with the dropout before the tags alone, given the greedy path. The network
    runs once, so that it costs little more than MNLP; it ranks less like BALD than MNLP does.

    samples (int): M.
    RAISES (DeepALError): When samples is below 2.
    """
    return Bald(_check_samples("DecoderBALD", samples), decoder_only=True)


def _check_samples(name: str, samples: int) -> int:
    if samples < 2:
        raise DeepALError(
            f"spacy_deepal.{name}.v1: samples = {samples}: disagreement needs 2 or more."
        )
    return samples


@dataclass(frozen=True)
class Bald:
    """samples (int): M, the networks drawn by MC dropout. decoder_only (bool): Of the decoder."""

    samples: int
    decoder_only: bool = False

    def __call__(self, evidence: "Evidence") -> float:
        """RETURNS (float): (1/n) sum_i f_i, f_i = 1 - (votes of the most popular tag at i) / M;
        0 for a sentence without words."""
        if not evidence.words:
            return 0.0
        return variation_ratio(evidence.samples)


def variation_ratio(samples: NDArray) -> float:
    """RETURNS (float): The mean of f_i over the words of samples [M, words]; at least one word."""
    return float(np.mean(1 - count_votes(samples).max(1) / len(samples)))


def count_votes(samples: NDArray) -> NDArray[np.int64]:
    """RETURNS (array[words, tags]): How many of the samples [M, words] have each tag at a word."""
    tags, words = int(samples.max()) + 1, samples.shape[1]
    entries = samples.astype("int64") + tags * np.arange(words)
    return np.bincount(entries.ravel(), minlength=tags * words).reshape(words, tags)


def disagreement(samples: NDArray) -> NDArray[np.float64]:
    """RETURNS (array[M]): Share of the words at which a sample has not the most popular tag; their
    mean is the variation ratio."""
    return (samples != count_votes(samples).argmax(1)).mean(1)
