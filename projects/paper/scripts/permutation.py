"""An exact permutation test within seeds."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence


def tail(drawn: Iterable[Sequence[int] | Mapping[int, int]], observed: int) -> float:
    """Compute the probability that one number from each seed, all of a seed equally likely, sum to
    at least what was observed.

    drawn (Iterable): The numbers of each seed, or how often each of them is there. One of them was
        observed. Under the null hypothesis it could as well have been any other.
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


def permuted(table: Sequence[Sequence[int]]) -> Counter[int]:
    """Count the sums along the diagonal of a square table, over all orders of its rows.

    RETURNS (Counter[int]): How many orders have each sum.
    """
    # The rows that are placed, as bits: the first columns hold them, in any order.
    placed: dict[int, Counter[int]] = {0: Counter({0: 1})}
    for column in range(len(table)):
        further: dict[int, Counter[int]] = defaultdict(Counter)
        for rows, sums in placed.items():
            for row in range(len(table)):
                if not rows >> row & 1:
                    for total, ways in sums.items():
                        further[rows | 1 << row][total + table[row][column]] += ways
        placed = further
    return placed[2 ** len(table) - 1]
