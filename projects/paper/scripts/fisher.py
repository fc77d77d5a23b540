"""Fisher's exact test, for counts of two kinds in two samples."""

from math import comb


def fisher(hits: int, misses: int, other_hits: int, other_misses: int) -> float:
    """How likely chance alone gives the first sample so many hits or more: the upper tail of the
    hypergeometric distribution, all four margins given (R. A. Fisher 1935, one-sided).

    hits, misses (int): Counts of the first sample; other_hits, other_misses (int): of the second.
    RETURNS (float): The p value, above 0 and up to 1.
    """
    drawn, all_hits = hits + misses, hits + other_hits
    rest = other_hits + other_misses + drawn - all_hits
    most = min(drawn, all_hits)
    tail = sum(comb(all_hits, k) * comb(rest, drawn - k) for k in range(hits, most + 1))
    return tail / comb(all_hits + rest, drawn)


def sign_test(wins: int, losses: int) -> float:
    """How likely fair coins give so many wins or more; ties are left out beforehand.

    RETURNS (float): The p value, above 0 and up to 1.
    """
    total = wins + losses
    return sum(comb(total, k) for k in range(wins, total + 1)) / 2**total
