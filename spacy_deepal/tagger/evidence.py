"""What a prediction shows of its certainty: all that acquisition functions may look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc

from ..seeds import derive_uniform
from ..sentences import sentence_id

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


def make_evidence(
    docs: Sequence[Doc], paths: "Paths", samples: Sequence[NDArray | None], seed: int
) -> list[Evidence]:
    """Put together what a model says of sentences.

    samples (Sequence[array[M, n_words] | None]): Per Doc.
    seed (int): Of `Evidence.uniform`.
    """
    return [
        Evidence(
            id=(name := sentence_id(doc)),
            words=len(tags),
            uniform=derive_uniform(seed, "uniform", name),
            tags=tags,
            log_probs=np.take_along_axis(log_probs, tags[:, None], 1)[:, 0],
            tag_log_probs=log_probs,
            samples=sampled,
        )
        for doc, tags, log_probs, sampled in zip(
            docs, paths.tags, paths.log_probs, samples, strict=True
        )
    ]
