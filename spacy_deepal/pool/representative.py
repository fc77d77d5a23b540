"""Representativeness: a batch that stands for the sentences from which it is chosen."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from math import ceil, floor, log

import numpy as np
from numpy.typing import NDArray

EPSILON = 0.1  # goals of the sieves are apart by this share


class Likeness:
    """How alike sentences are: the cosine of their sets of words, from 0 to 1, a word that is in
    `d` of the `n` sets weighing ln(1 + n / d). The memory is linear in the words of all sets.

    Words, not embeddings of them: so it needs no table, and a pool with its scores is enough.
    """

    def __init__(self, sets: Sequence[frozenset[str]]):
        """sets (Sequence[frozenset[str]]): The words of each sentence, at least one."""
        counts = Counter(word for words in sets for word in words)
        weights = {word: log(1 + len(sets) / count) for word, count in counts.items()}
        places, values = defaultdict(list), defaultdict(list)  # by word: whose, and what it weighs
        for place, words in enumerate(sets):
            length = np.linalg.norm([weights[word] for word in sorted(words)])
            for word in words:
                places[word].append(place)
                values[word].append(weights[word] / length)
        self._sets = sets
        self._columns = {word: (np.array(places[word]), np.array(values[word])) for word in places}

    def __call__(self, place: int) -> NDArray:
        """RETURNS (NDArray): How alike sentence `place` and each of all are [n]."""
        row = np.zeros(len(self._sets))
        for word in sorted(self._sets[place]):  # one order of addition: one result
            places, values = self._columns[word]
            row[places] += values[np.searchsorted(places, place)] * values
        return row


def sieve(
    likeness: Callable[[int], NDArray],
    words: Sequence[int],
    budget: int,
    epsilon: float = EPSILON,
) -> list[int]:
    """Choose the sentences S, of `budget` words at most, that stand for the most words of all:
    maximise f(S) = sum_j words_j max_{i in S} w_ij in one pass (after Shen et al. 2018, section 4
    and appendix A; Badanidiyuru et al. 2014, "Streaming Submodular Maximization"). Without words_j
    the shortest would be bought, for each stands for itself.

    Some sieves aim at values v a factor of 1 + epsilon apart, one of them close to the best
    possible. A sieve keeps what fits and adds at least v / (2 budget) to f for each of its words.
    If all that adds so much fits, then the rest of the best S adds at most v / 2, so f(S) >= v / 2;
    else S has more than budget - c words, c those of a sentence, and f(S) > (1 - c / budget) v / 2.
    With the best single sentence as a rival f(S) is at least 1/4 - epsilon of the best possible,
    and 1/2 - epsilon where all have one length that divides the budget.

    likeness (Callable): Gives w_i [n], from 0 to 1, of a sentence i; w_ii is not 0.
    words (Sequence[int]): Of the n sentences, each from 1 to the budget.
    RETURNS (list[int]): S, in the order of the sentences.
    """
    if not words:
        return []
    worth = np.array(words, dtype=float)
    best, single = (likeness(0) * worth).sum(), [0]
    goals = _goals(best, worth.sum(), epsilon)
    covers, left = np.zeros((len(goals), len(words))), np.full(len(goals), budget)
    kept: list[list[int]] = [[] for _ in goals]
    for place, cost in enumerate(words):
        row = likeness(place) * worth
        if row.sum() > best:
            best, single = row.sum(), [place]
            low = np.count_nonzero(goals * (1 + epsilon) < best)  # goals that are out of question
            goals, covers, left, kept = goals[low:], covers[low:], left[low:], kept[low:]
        gains = np.maximum(row - covers, 0).sum(axis=1)
        for s in np.flatnonzero((cost <= left) & (gains * 2 * budget >= goals * cost)):
            np.maximum(covers[s], row, out=covers[s])
            left[s] -= cost
            kept[s].append(place)
    values = covers.sum(axis=1)
    return kept[values.argmax()] if values.max() >= best else single


def _goals(least: float, most: float, epsilon: float) -> NDArray:
    """RETURNS (NDArray): Powers of 1 + epsilon, from `least` or below to `most` or above."""
    first, last = (log(value) / log(1 + epsilon) for value in (least, most))
    return (1 + epsilon) ** np.arange(floor(first), ceil(last) + 1)
