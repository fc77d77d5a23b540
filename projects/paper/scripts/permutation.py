"""An exact permutation test within seeds."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import permutations


def tail(drawn: Iterable[Sequence[int]], observed: int) -> float:
    """Compute the probability that one number from each seed, all of a seed equally likely, sum to
    at least what was observed.

    drawn (Iterable[Sequence[int]]): The numbers of each seed. One of them was observed. Under the
        null hypothesis it could as well have been any other.
    observed (int): The sum of those that were observed.
    RETURNS (float): The p value, above 0 and up to 1. It cannot be below one divided by the product
        of how many numbers each seed has.
    """
    sums = Counter({0: 1})
    for numbers in drawn:
        together: Counter[int] = Counter()
        for number, times in Counter(numbers).items():
            for total, ways in sums.items():
                together[total + number] += ways * times
        sums = together
    reached = sum(ways for total, ways in sums.items() if total >= observed)
    return reached / sums.total()


def permuted(table: Sequence[Sequence[int]]) -> list[int]:
    """RETURNS (list[int]): The sum along the diagonal of a square table, for each order of its
    rows. The first sum is that of the order given."""
    orders = permutations(range(len(table)))
    return [sum(table[row][column] for column, row in enumerate(order)) for order in orders]
