"""Sentences of different lengths side by side: groups of like length, and rows time by time."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


def split(values: NDArray, lengths: Sequence[int]) -> list[NDArray]:
    """RETURNS (list[array]): Parts of these lengths, one behind the other."""
    ends = np.cumsum(lengths).tolist()
    return [values[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def bucket(lengths: Sequence[int], max_words: int) -> Iterator[list[int]]:
    """YIELDS (list[int]): Indices of sentences of like length, longest first.

    lengths (Sequence[int]): Words of each sentence; those without a word are left out.
    max_words (int): Most words of a group, padding counted; a longer sentence goes alone.
    """
    order = sorted((i for i, length in enumerate(lengths) if length), key=lambda i: -lengths[i])
    start = 0
    while start < len(order):
        size = max(1, max_words // lengths[order[start]])
        yield order[start : start + size]
        start += size


class Packed(NamedTuple):
    """How B sequences, n rows in all, lie time by time, the longest first."""

    active: NDArray  # [T] how many sequences have a row at each time
    places: NDArray  # [n] where each row lies, sequence by sequence, as in all that follows
    ranks: NDArray  # [n] the place of each row's sequence, longest first
    times: NDArray  # [n] the row's place in its sequence


def pack(lengths: NDArray) -> Packed:
    """RETURNS (Packed): Of sequences with these lengths."""
    active = len(lengths) - np.cumsum(np.bincount(lengths))[:-1]
    ranks = np.repeat(np.argsort(np.argsort(-lengths, kind="stable")), lengths)
    times = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return Packed(active, (np.cumsum(active) - active)[times] + ranks, ranks, times)
