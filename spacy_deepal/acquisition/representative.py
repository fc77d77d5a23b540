"""Representativeness: a batch that has the words of the sentences from which it is chosen.

The longer text of the paper (Shen et al. 2018) wants a batch close to all these sentences:
sum_j max_{i in S} w_ij, w their likeness. It is then made of short and common sentences with few
names, and takes time that grows with the square of their number.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from math import ceil, floor, fsum, log
from operator import truediv

EPSILON = 0.1  # the sieves' goals are this share apart


def word_weights(sets: Sequence[Collection[str]]) -> dict[str, float]:
    """RETURNS (dict): What it is worth to have a word that n of the sentences have: ln(1 + n)."""
    counts = Counter(word for words in sets for word in words)
    return {word: log(1 + count) for word, count in counts.items()}


def sieve(
    sets: Sequence[frozenset[str]],
    costs: Sequence[int],
    budget: int,
    weights: dict[str, float],
    epsilon: float = EPSILON,
) -> list[int]:
    """Choose a set S of sentences that maximises the summed weight f(S) of the words they have,
    within a budget: submodular maximisation with sieves (Badanidiyuru et al. 2014, "Streaming
    Submodular Maximization", for a number of sentences; the argument below is for a budget).

    Some sieves aim at values v a factor of 1 + epsilon apart, one of them close to the best
    possible. A sieve looks at each sentence once, and keeps what fits and adds at least
    v / (2 budget) to f for each unit of its cost. If all that adds so much fits, then the rest of
    the best S adds at most v / 2, so f(S) >= v / 2; else S costs more than budget - c, c the cost
    of a sentence, and f(S) > (1 - c / budget) v / 2. With the best single sentence as a rival f(S)
    is at least 1/4 - epsilon of the best possible, and 1/2 - epsilon where all have one cost that
    divides the budget.

    sets (Sequence[frozenset[str]]): The words of each sentence, at least one.
    costs (Sequence[int]): What each costs, from 1 to the budget.
    weights (dict[str, float]): Of all words, above 0.
    RETURNS (list[int]): The places of S, in the order of the sentences.
    """
    if not sets:
        return []
    alone = [fsum(weights[word] for word in words) for words in sets]
    best = max(alone)
    most = min(fsum(weights.values()), budget * max(map(truediv, alone, costs)))
    chosen = [alone.index(best)]
    for power in range(floor(log(best, 1 + epsilon)), ceil(log(most, 1 + epsilon)) + 1):
        bar = (1 + epsilon) ** power / (2 * budget)
        kept, covered, left = [], set(), budget
        for place, (words, cost) in enumerate(zip(sets, costs, strict=True)):
            if cost > left or alone[place] < bar * cost:
                continue
            if fsum(weights[word] for word in words - covered) >= bar * cost:
                kept.append(place)
                covered |= words
                left -= cost
        value = fsum(weights[word] for word in covered)
        if value > best:
            best, chosen = value, kept
    return chosen
