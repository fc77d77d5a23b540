"""How sequences lie in memory at prediction and in the LSTM: packed time by time, without padding.

Three sentences of 3, 1 and 2 words, framed by [BOS] (<) and [EOS] (>), ranked by length:

                     time 0   time 1   time 2   time 3   time 4
    rank 0  a b c    <        a        b        c        >
    rank 1  e f      <        e        f        >
    rank 2  d        <        d        >

    row     0 1 2    3 4 5    6 7 8    9 10     11       12
    what    < < <    a e d    b f >    c >      >        [PAD]
    active  3        3        3        2        1

The rows of a time are those of the sentences that still go on, so a step of the LSTM reads a slice.
The decoder reads the real words alone (frame = 1), packed in the same way:

    row     0 1 2    3 4    5
    what    a e d    b f    c
    active  3        2      1

`places` leads back to the order of the sentences: a b c d e f lie in rows 0 3 5 2 1 4.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..packing import count_active, pack

PAD = 0  # the table row that stands for what lies beyond either end of a sequence


class Layout(NamedTuple):
    """B sequences of N rows in all, n of which are wanted; T is the longest one's wanted rows."""

    packed: Tensor  # [N + 1] int64: table row of each row, [PAD] behind all others
    windows: list[Tensor]  # per convolution [rows, kernel] int64: the rows that a window sees
    ids: Tensor  # [n] int64: table row of each wanted row
    rows: Tensor  # [n] int64: the wanted rows, sequence by sequence
    active: list[int]  # [T]: how many sequences have a wanted row at that time
    rank: Tensor  # [B] int64: place of each sequence, longest first
    places: Tensor  # [n] int64: where the wanted rows lie, sequence by sequence


def lay_out(
    ids: NDArray, lengths: NDArray, *, kernel: int, layers: int, frame: int, device: torch.device
) -> Layout:
    """Lay sequences out for convolutions and for what reads them from left to right.

    ids (array[N]): Table row of each row of the sequences, one behind the other.
    lengths (array[B]): Rows of each sequence, more than twice `frame`.
    frame (int): Rows at either end that the last convolution reads and nobody wants.
    """
    order = np.argsort(-lengths, kind="stable")
    active = count_active(lengths)
    starts = np.cumsum(active) - active
    sequence, time = _packed(active)
    packed = np.append(ids[(np.cumsum(lengths) - lengths)[order][sequence] + time], PAD)
    windows = _windows(sequence, time, lengths[order], starts, kernel)
    inner_active, places = pack(lengths - 2 * frame)
    inner_sequence, inner_time = _packed(inner_active)
    inner = starts[inner_time + frame] + inner_sequence

    def tensor(values: NDArray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(device)

    return Layout(
        packed=tensor(packed),
        windows=[*[tensor(windows)] * (layers - 1), tensor(windows[inner])],
        ids=tensor(packed[inner]),
        rows=tensor(inner[places]),
        active=inner_active.tolist(),
        rank=tensor(np.argsort(order)),
        places=tensor(places),
    )


def _windows(
    sequence: NDArray, time: NDArray, lengths: NDArray, starts: NDArray, kernel: int
) -> NDArray:
    """RETURNS (array[N + 1, kernel]): The packed rows in the window around each packed row, that of
    [PAD] beyond either end of a sequence. lengths: Longest first. starts: Of each time."""
    total = len(time)
    around = time[:, None] + np.arange(kernel) - kernel // 2
    inside = (around >= 0) & (around < lengths[sequence][:, None])
    rows = starts[np.clip(around, 0, len(starts) - 1)] + sequence[:, None]
    return np.concatenate([np.where(inside, rows, total), np.full((1, kernel), total)])


def _packed(active: NDArray) -> tuple[NDArray, NDArray]:
    """RETURNS (array[N], array[N]): Sequence, longest first, and time of each packed row."""
    time = np.repeat(np.arange(len(active)), active)
    return np.arange(len(time)) - np.repeat(np.cumsum(active) - active, active), time
