"""Fisher's exact test and the sign test."""

from math import comb


def fisher(hits: int, misses: int, other_hits: int, other_misses: int) -> float:
    """Compute the probability that chance alone gives the first sample at least this many hits: the
    upper tail of the hypergeometric distribution with all four margins given (R. A. Fisher 1935,
    one-sided).

    hits, misses (int): Counts of the first sample.
    other_hits, other_misses (int): Counts of the second sample.
    RETURNS (float): The p value, above 0 and up to 1.
    """
    drawn, all_hits = hits + misses, hits + other_hits
    rest = other_hits + other_misses + drawn - all_hits
    most = min(drawn, all_hits)
    tail = sum(comb(all_hits, k) * comb(rest, drawn - k) for k in range(hits, most + 1))
    return tail / comb(all_hits + rest, drawn)


def sign_test(wins: int, losses: int) -> float:
    """Compute the probability that fair coins give at least this many wins. Ties do not count.

    RETURNS (float): The p value, above 0 and up to 1.
    """
    total = wins + losses
    return sum(comb(total, k) for k in range(wins, total + 1)) / 2**total
