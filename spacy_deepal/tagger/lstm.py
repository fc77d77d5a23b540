"""The decoder's LSTM in training, without padding."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from .layers import linear


class PackedLstm(nn.LSTM):
    """One layer over packed sequences: rows lie time by time, the longest sequence first, so that
    those which still go on lead. On a CPU step by step: what torch has there wants padding."""

    def __init__(self, width_in: int, width: int):
        super().__init__(width_in, width)

    def forward(self, rows: Tensor, active: Sequence[int]) -> Tensor:
        """rows [n, width_in], active [T]: how many sequences go on at each time -> [n, width]"""
        if rows.device.type != "cpu":
            return super().forward(PackedSequence(rows, torch.tensor(active)))[0].data
        bias = self.bias_ih_l0 + self.bias_hh_l0
        return _Steps.apply(linear(rows, self.weight_ih_l0, bias), self.weight_hh_l0, active)


class _Steps(torch.autograd.Function):
    """From what the input gives to the gates to the hidden states, time by time.

    What a time has is small: NumPy, which shares the tensors' memory, spares much of what torch
    needs to begin an operation. All that can wait is done for all times at once.
    """

    @staticmethod
    def forward(ctx: Any, gates: Tensor, weight: Tensor, active: Sequence[int]) -> Tensor:
        """gates [n, 4 * width], weight [4 * width, width] -> [n, width]"""
        width = weight.shape[1]
        # sigmoid(x) = (1 + tanh(x / 2)) / 2, so one tanh does for all gates
        scale = gates.new_tensor([0.5, 0.5, 1, 0.5]).repeat_interleave(width)
        gates, recurrent = gates * scale, (weight * scale.unsqueeze(1)).t()
        hidden, cells, squashed = (gates.new_empty((len(gates), width)) for _ in range(3))
        factor, shift = scale.numpy(), (1 - scale).numpy()
        table, cell, states = gates.numpy(), cells.numpy(), hidden.numpy()
        enter, forget, new, out = np.split(table, 4, axis=1)
        for now, before in _times(active):
            if before:
                gates[now].addmm_(hidden[before], recurrent)
            own = table[now]
            np.tanh(own, out=own)
            own *= factor
            own += shift
            np.multiply(enter[now], new[now], out=cell[now])
            if before:
                cell[now] += forget[now] * cell[before]
            np.multiply(out[now], np.tanh(cell[now], out=squashed.numpy()[now]), out=states[now])
        ctx.save_for_backward(weight, gates, cells, squashed, hidden)
        ctx.active = active
        return hidden

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        weight, gates, cells, squashed, hidden = ctx.saved_tensors
        n, width = hidden.shape
        active = np.asarray(ctx.active)
        later = int(active[0])  # the first row that has one before it
        earlier = torch.from_numpy(np.arange(later, n) - np.repeat(active[:-1], active[1:]))
        before = torch.zeros_like(cells)
        before[later:] = cells[earlier]
        enter, forget, new, out = gates.chunk(4, 1)
        # What a gate's input changes: of the cell (the first three), and of the hidden state.
        slopes = [new * enter * (1 - enter), before * forget * (1 - forget)]
        slopes += [enter * (1 - new * new), squashed * out * (1 - out)]
        slopes = torch.stack(slopes, 1).numpy()
        through = (out * (1 - squashed * squashed)).numpy()  # from hidden state to cell
        d_gates, d_hidden = gates.new_empty((n, 4, width)), gradient.clone()
        d_cells, forget = torch.zeros_like(cells).numpy(), forget.numpy()
        rows, table, states = d_gates.view(n, -1), d_gates.numpy(), d_hidden.numpy()
        for now, before in reversed(list(_times(ctx.active))):
            d_cells[now] += states[now] * through[now]
            np.multiply(d_cells[now, None], slopes[now, :3], out=table[now, :3])
            np.multiply(states[now], slopes[now, 3], out=table[now, 3])
            if before:
                np.multiply(d_cells[now], forget[now], out=d_cells[before])
                d_hidden[before].addmm_(rows[now], weight)
        return rows, rows[later:].t() @ hidden[earlier], None


def _times(active: Sequence[int]) -> Iterator[tuple[slice, slice | None]]:
    """YIELDS (slice, slice | None): The rows of a time, and where the same sequences have those of
    the time before."""
    now = None
    for sequences in active:
        before = now and slice(now.start, now.start + sequences)
        start = now.stop if now else 0
        now = slice(start, start + sequences)
        yield now, before
