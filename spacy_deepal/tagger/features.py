"""From Docs to the words that the network reads."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import IS_SPACE, ORTH
from spacy.tokens import Doc

from .packing import split


def word_orths(doc: Doc) -> NDArray[np.uint64]:
    """RETURNS (array[n_words]): ORTH ids of the real words."""
    table = doc.to_array([ORTH, IS_SPACE])
    return table[table[:, 1] == 0, 0] if len(doc) else np.zeros(0, "uint64")


def word_places(doc: Doc) -> NDArray[np.int64]:
    """RETURNS (array[n_words]): Which tokens are real words."""
    return np.flatnonzero(doc.to_array(IS_SPACE) == 0) if len(doc) else np.zeros(0, "int64")


def distinct_words(docs: Sequence[Doc]) -> tuple[NDArray[np.uint64], list[NDArray[np.int64]]]:
    """RETURNS (array[U], list[array[n_words]]): ORTH ids of the distinct real words of all Docs,
    and which of them stand in each Doc."""
    sentences = [word_orths(doc) for doc in docs]
    words = np.concatenate(sentences) if sentences else np.zeros(0, "uint64")
    distinct, index = np.unique(words, return_inverse=True)
    return distinct, split(index, [len(sentence) for sentence in sentences])
