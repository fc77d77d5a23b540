"""Sentences in which people have looked for some entity types only: other types were added later.

A word that is not annotated in such a sentence is not an entity of the types that were looked for.
So it is O, or it has a tag of one of the other types, and the loss is that of either:
-log sum_y P(y) over the tags y that are possible.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.training import Example

from ..sentences import count_words, labels_looked_for
from . import scheme


def possible_tags(
    examples: Sequence[Example], labels: Sequence[str]
) -> list[NDArray[np.bool_]] | None:
    """The tags that a word may have if it is not annotated.

    labels (Sequence[str]): The entity types, in the order of their tags.
    RETURNS (list[array[n_words, n_tags]] | None): Per Doc; True for all tags where nothing is
        known. None if that is so of all Docs.
    """
    rows = [_possible(eg.reference, labels) for eg in examples]
    if all(row.all() for row in rows):
        return None
    words = [count_words(eg.predicted) for eg in examples]
    return [np.tile(row, (count, 1)) for row, count in zip(rows, words, strict=True)]


def _possible(doc: Doc, labels: Sequence[str]) -> NDArray[np.bool_]:
    row = np.ones(scheme.tag_count(labels), bool)
    known = labels_looked_for(doc)
    for i, label in enumerate(labels):
        row[scheme.tag_count(labels[:i]) : scheme.tag_count(labels[: i + 1])] = label not in known
    return row


def partial_loss(
    log_probs: NDArray, possible: NDArray[np.bool_]
) -> tuple[float, NDArray[np.floating]]:
    """The loss of words that are not annotated, and its gradient.

    log_probs (array[n_words, n_tags]): Log-probabilities of their tags.
    possible (array[n_words, n_tags]): At least one tag of each word.
    RETURNS (float, array[n_words, n_tags]): The loss, summed, and d loss / d logits; both are 0
        where all tags are possible.
    """
    inside = np.where(possible, log_probs, -np.inf)
    total = np.logaddexp.reduce(inside, axis=1, keepdims=True)
    gradient = np.exp(log_probs) - np.exp(inside - total)
    gradient[possible.all(1)] = 0
    return -float(total[~possible.all(1)].sum()), gradient
