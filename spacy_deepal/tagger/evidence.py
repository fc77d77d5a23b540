"""What a prediction shows of its certainty: all that acquisition functions may look at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc

from ..seeds import derive_uniform
from ..sentences import count_words, sentence_id

if TYPE_CHECKING:
    from .decoding import Paths


@dataclass(frozen=True)
class Evidence:
    """One sentence as the model sees it. The arrays are None where nobody asked for them.

    id (str): The sentence.
    words (int): Its real words; white space does not count.
    uniform (float): A random number from [0, 1) that belongs to this sentence and seed.
    tags (array[words]): The greedy path.
    log_probs (array[words]): log P of each tag of the path, given the path before it.
    tag_log_probs (array[words, n_tags]): The same for every tag.
    samples (array[M, words]): The greedy paths of M networks drawn by MC dropout.
    """

    id: str
    words: int
    uniform: float
    tags: NDArray | None = None
    log_probs: NDArray | None = None
    tag_log_probs: NDArray | None = None
    samples: NDArray | None = None


def blank_evidence(doc: Doc, seed: int) -> Evidence:
    """RETURNS (Evidence): What is known of a sentence without any prediction."""
    name = sentence_id(doc)
    return Evidence(name, count_words(doc), derive_uniform(seed, "uniform", name))


def make_evidence(
    docs: Sequence[Doc], paths: "Paths", samples: Sequence[NDArray | None], seed: int
) -> list[Evidence]:
    """Put together what a model says of sentences. samples: [M, n_words] per Doc, or None."""
    return [
        replace(
            blank_evidence(doc, seed),
            tags=tags,
            log_probs=np.take_along_axis(log_probs, tags[:, None], 1)[:, 0],
            tag_log_probs=log_probs,
            samples=sampled,
        )
        for doc, tags, log_probs, sampled in zip(
            docs, paths.tags, paths.log_probs, samples, strict=True
        )
    ]
