"""The decoder's LSTM in training: rows lie time by time, so that nothing is computed for padding.

On a CPU, torch's own LSTM would pad them. `layout.py` has a drawing of the rows.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from .products import linear


def packed_lstm(layer: nn.LSTM, rows: Tensor, active: Sequence[int]) -> Tensor:
    """Run one layer over sequences, the longest first.

    rows: [n, width_in], time by time.
    active: [T] how many sequences go on at each time.
    RETURNS: [n, width]
    """
    if rows.device.type != "cpu":
        return layer(PackedSequence(rows, torch.tensor(active)))[0].data
    of_input, recurrent, bias, other_bias = layer.all_weights[0]
    return _Steps.apply(linear(rows, of_input, bias + other_bias), recurrent, active)


class _Steps(torch.autograd.Function):
    """From what the input gives to the gates to the hidden states, time by time.

    The arrays of one time are small. NumPy, which shares the tensors' memory, begins an operation
    sooner than torch does. Whatever does not depend on the step before is computed for all steps at
    once.
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
        tanh_cell = squashed.numpy()
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
            np.tanh(cell[now], out=tanh_cell[now])
            np.multiply(out[now], tanh_cell[now], out=states[now])
        ctx.save_for_backward(weight, gates, cells, squashed, hidden)
        ctx.active = active
        return hidden

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, Tensor, None]:
        (gradient,) = gradients
        weight, gates, cells, _, hidden = ctx.saved_tensors
        n, width = hidden.shape
        active = np.asarray(ctx.active)
        later = int(active[0])  # the first row that has one before it
        earlier = torch.from_numpy(np.arange(later, n) - np.repeat(active[:-1], active[1:]))
        before = torch.zeros_like(cells)
        before[later:] = cells[earlier]
        slopes, through = _slopes(ctx.saved_tensors, before)
        d_gates, d_hidden = gates.new_empty((n, 4, width)), gradient.clone()
        d_cells, forget = np.zeros_like(cells.numpy()), gates.numpy()[:, width : 2 * width]
        rows, table, states = d_gates.view(n, -1), d_gates.numpy(), d_hidden.numpy()
        for now, earlier_now in reversed(list(_times(ctx.active))):
            d_cells[now] += states[now] * through[now]
            np.multiply(d_cells[now, None], slopes[now, :3], out=table[now, :3])
            np.multiply(states[now], slopes[now, 3], out=table[now, 3])
            if earlier_now:
                np.multiply(d_cells[now], forget[now], out=d_cells[earlier_now])
                d_hidden[earlier_now].addmm_(rows[now], weight)
        return rows, rows[later:].t() @ hidden[earlier], None


def _slopes(saved: Sequence[Tensor], before: Tensor) -> tuple[NDArray, NDArray]:
    """Derivatives that need no gradient.

    before: [n, width] the cell one time earlier.
    RETURNS: [n, 4, width] what a gate's input changes: of the cell (the first three) and of the
        hidden state. [n, width] what the cell changes of the hidden state.
    """
    _, gates, _, squashed, _ = saved
    enter, forget, new, out = gates.chunk(4, 1)
    slopes = [new * enter * (1 - enter), before * forget * (1 - forget)]
    slopes += [enter * (1 - new * new), squashed * out * (1 - out)]
    return torch.stack(slopes, 1).numpy(), (out * (1 - squashed * squashed)).numpy()


def _times(active: Sequence[int]) -> Iterator[tuple[slice, slice | None]]:
    """YIELDS (slice, slice | None): The rows of a time, and where the same sequences have those of
    the time before."""
    start, before_start = 0, None
    for sequences in active:
        before = None if before_start is None else slice(before_start, before_start + sequences)
        yield slice(start, start + sequences), before
        start, before_start = start + sequences, start
