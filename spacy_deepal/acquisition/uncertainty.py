"""A function beyond those of Shen et al. (2017): another reading of the same prediction.

It looks at the tag distribution of each word on the greedy path.
"""

from typing import TYPE_CHECKING

import numpy as np

from .functions import AcquisitionFunction

if TYPE_CHECKING:
    from ..tagger.evidence import Evidence


def make_token_entropy() -> AcquisitionFunction:
    """TokenEntropy: mean entropy of the words' tags (Settles & Craven 2008, section 3.1). They take
    a word's marginal distribution; here it is the one given the greedy path before the word."""
    return token_entropy


def token_entropy(evidence: "Evidence") -> float:
    """RETURNS (float): (1/n) sum_i H_i, H_i = -sum_y P(y) log P(y), in nats; 0 for a sentence
    without words."""
    log_probs = evidence.tag_log_probs.astype("float64")
    return float(-np.sum(np.exp(log_probs) * log_probs)) / max(1, evidence.words)
