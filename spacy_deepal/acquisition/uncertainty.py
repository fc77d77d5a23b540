"""Acquisition functions beyond those of Shen et al. (2017): other readings of the same prediction.

They look at the greedy path and at the tag distribution of each word on it. A sentence without
words scores 0.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DeepALError
from .functions import AcquisitionFunction, lc

if TYPE_CHECKING:
    from ..tagger.evidence import Evidence


def make_length_lc(exponent: float = 0.5) -> AcquisitionFunction:
    """LengthLC: LC divided by a power of the length; between LC (0) and MNLP (1), whose formulas
    Shen et al. (2017, section 4) give.

    exponent (float): a of the formula, 0 or more; above 1 short sentences are preferred.
    RAISES (DeepALError): When the exponent is below 0 or not finite.
    """
    if not 0 <= exponent < np.inf:
        raise DeepALError(
            f"spacy_deepal.LengthLC.v1: exponent = {exponent}: must be a number of 0 or more."
        )
    return LengthLC(exponent)


@dataclass(frozen=True)
class LengthLC:
    """exponent (float): a of the formula."""

    exponent: float

    def __call__(self, evidence: "Evidence") -> float:
        """RETURNS (float): -(1/n^a) sum_i log P(y*_i)."""
        return lc(evidence) / max(1, evidence.words) ** self.exponent


def make_ltp() -> AcquisitionFunction:
    """LTP: lowest token probability (Liu et al. 2022, "LTP: A New Active Learning Strategy for
    CRF-Based Named Entity Recognition")."""
    return ltp


def ltp(evidence: "Evidence") -> float:
    """RETURNS (float): 1 - min_i P(y*_i): how unsure the least sure tag of the path is."""
    return float(-np.expm1(np.min(evidence.log_probs, initial=0.0)))


def make_token_entropy() -> AcquisitionFunction:
    """TokenEntropy: mean entropy of the words' tags (Settles & Craven 2008, section 3.1). They take
    a word's marginal distribution; here it is the one given the greedy path before the word."""
    return token_entropy


def token_entropy(evidence: "Evidence") -> float:
    """RETURNS (float): (1/n) sum_i H_i, H_i = -sum_y P(y) log P(y), in nats."""
    log_probs = evidence.tag_log_probs.astype("float64")
    return float(-np.sum(np.exp(log_probs) * log_probs)) / max(1, evidence.words)
