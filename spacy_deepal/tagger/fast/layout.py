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

from ..packing import pack

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
    _, places, ranks, times = pack(lengths)
    total, until_end = len(ids), np.repeat(lengths, lengths) - times
    offsets = np.arange(kernel) - kernel // 2
    inside = (times[:, None] + offsets >= 0) & (offsets < until_end[:, None])
    neighbours = places[np.clip(np.arange(total)[:, None] + offsets, 0, total - 1)]
    windows = np.full((total + 1, kernel), total)  # [PAD] lies behind all others
    windows[places] = np.where(inside, neighbours, total)
    packed = np.append(ids[np.argsort(places)], PAD)
    rows = places[(times >= frame) & (until_end > frame)]
    inner = pack(lengths - 2 * frame)
    wanted = rows[np.argsort(inner.places)]

    def tensor(values: NDArray) -> Tensor:
        return torch.from_numpy(values).to(device)

    return Layout(
        packed=tensor(packed),
        windows=[*[tensor(windows)] * (layers - 1), tensor(windows[wanted])],
        ids=tensor(packed[wanted]),
        rows=tensor(rows),
        active=inner.active.tolist(),
        rank=tensor(ranks[times == 0]),
        places=tensor(inner.places),
    )
