"""Sentences of different lengths side by side: groups of like length, and rows time by time."""

from collections.abc import Iterator, Sequence

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


def pack(lengths: NDArray) -> tuple[NDArray, NDArray]:
    """Lay sequences of these lengths out time by time, the longest first.

    RETURNS (array[T], array[n]): How many sequences have a row at each time; and where the rows
        lie, sequence by sequence.
    """
    active = count_active(lengths)
    ranks, times = ranks_and_times(lengths)
    return active, (np.cumsum(active) - active)[times] + ranks


def ranks_and_times(lengths: NDArray) -> tuple[NDArray, NDArray]:
    """RETURNS (array[n], array[n]): The place of each row's sequence, longest first, and the row's
    place in its sequence; sequence by sequence."""
    rank = np.argsort(np.argsort(-lengths, kind="stable"))
    times = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(rank, lengths), times


def count_active(lengths: NDArray) -> NDArray:
    """RETURNS (array[T]): How many sequences are longer than each time."""
    return len(lengths) - np.cumsum(np.bincount(lengths))[:-1]
