"""The layers of prediction: the masks of MC dropout become part of their weights."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..dropout import Dropout
from ..network import Convolutions
from .layout import Layout
from .products import FEW_ROWS, one_dnn_for

ALL = slice(None)
UNIT_STEP = 16
Units = Tensor | slice  # which units of a layer: indices, or all


class FoldedConvolutions:
    """`Convolutions` that multiply before they look at windows.

    A convolution is linear before its ReLU. So each row is multiplied once with the weights of all
    places in a window, and a window sums what its rows give to their places:

        window (a b c) = a @ W_left + b @ W_middle + c @ W_right

    factors (Tensor | float): What the units of the first layer's input are multiplied with.
    inputs, outputs (Units): The units that the first layer reads and that the last returns.
    """

    def __init__(
        self,
        module: Convolutions,
        factors: Tensor | float = 1.0,
        inputs: Units = ALL,
        outputs: Units = ALL,
    ):
        self.norms, self.kernel, last = module.norms, module.kernel, len(module.norms) - 1
        self.layers: list[tuple[Product, Product | None, Tensor]] = []
        for layer, (dropout, convolution, residual) in enumerate(
            zip(module.dropouts, module.convolutions, module.residuals, strict=True)
        ):
            read, kept = inputs if layer == 0 else ALL, outputs if layer == last else ALL
            mask = factors_of(dropout, convolution.weight) * (factors if layer == 0 else 1.0)
            weight = (convolution.weight.transpose(1, 2) * mask)[kept][:, :, read]
            bias = weight.new_zeros((self.kernel, len(weight)))
            bias[self.kernel // 2] = convolution.get_parameter("bias")[kept]
            weight = weight.permute(2, 1, 0).flatten(1)
            product = Product(weight, bias.flatten(), kept_units(mask) if layer else ALL)
            connection = None  # the identity
            if isinstance(residual, nn.Linear):
                connection = residual.weight
            elif read is not ALL or kept is not ALL:
                connection = torch.eye(len(mask), dtype=mask.dtype, device=mask.device)
            if connection is not None:
                connection = (connection * mask)[kept][:, read].t()
            projection = None if connection is None else Product(connection)
            self.layers.append((product, projection, mask))

    def tables(self, layer: int, values: Tensor) -> tuple[Tensor, Tensor]:
        """What rows [V, width_in] give to the windows that they stand in [V, kernel * width], and
        to the residual connection [V, width]. A row of zeros is [PAD]."""
        product, projection, mask = self.layers[layer]
        return product(values), values * mask if projection is None else projection(values)

    def __call__(
        self,
        tables: tuple[Tensor, Tensor],
        layout: Layout,
        more: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """The tables of the first layer -> [rows of the last layer, width]

        more (tuple | None): What a `FoldedContext` returned.
        """
        rows, residual = _sum_windows(layout.packed[layout.windows[0]], *tables)
        if more is not None:
            rows, residual = rows.add_(more[0]), residual.add_(more[1])
        rows = self.norms[0](rows.relu_().add_(residual))
        for layer, norm in enumerate(self.norms[1:], 1):
            rows[-1] = 0  # [PAD]
            rows, residual = _sum_windows(layout.windows[layer], *self.tables(layer, rows))
            rows = norm(rows.relu_().add_(residual))
        return rows


class FoldedContext:
    """What the vectors of a tok2vec give to the first layer of `Convolutions`.

    Each of them is met once, so a table of products would not pay: the windows are copied, and then
    multiplied.

    factors (Tensor): As for `FoldedConvolutions`.
    inputs (Tensor): The units of the layer's input that the vectors are.
    """

    def __init__(self, module: Convolutions, factors: Tensor, inputs: Tensor):
        convolution, residual = module.convolutions[0], module.residuals[0]
        mask = factors_of(next(iter(module.dropouts)), factors) * factors
        weight = (convolution.get_parameter("weight").transpose(1, 2) * mask)[:, :, inputs]
        self.product = Product(weight.flatten(1).t())
        connection = torch.eye(len(mask), dtype=mask.dtype, device=mask.device)
        if isinstance(residual, nn.Linear):
            connection = residual.weight
        self.projection = Product((connection * mask)[:, inputs].t())

    def __call__(self, values: Tensor, windows: Tensor) -> tuple[Tensor, Tensor]:
        """values: [V, inputs] The vectors. Those of [BOS], [EOS] and [PAD] are zeros.
        windows: [rows, kernel] Which of them each window sees.
        RETURNS: What they give to the windows and to the residual connection, each [rows, width].
        """
        seen = values.index_select(0, windows.flatten()).view(len(windows), -1)
        own = values.index_select(0, windows[:, windows.shape[1] // 2])
        return self.product(seen), self.projection(own)


def _sum_windows(windows: Tensor, bags: Tensor, residual: Tensor) -> tuple[Tensor, Tensor]:
    """What the tables of a layer give to windows [rows, kernel], and to the row in their middle."""
    kernel, width = windows.shape[1], residual.shape[1]
    entries = windows * kernel + torch.arange(kernel, device=windows.device)
    rows = F.embedding_bag(entries, bags.view(-1, width), mode="sum")
    return rows, residual.index_select(0, windows[:, kernel // 2])


class FoldedLstm:
    """One step of an LSTM. All gates go through one sigmoid, for tanh(x) = 2 sigmoid(2 x) - 1.

    The state holds twice the cell and half the hidden state. The weights that read it are scaled to
    compensate.
    """

    def __init__(self, layer: nn.LSTM):
        _, recurrent, bias, other_bias = layer.all_weights[0]
        self.width = layer.hidden_size
        self.product = Product(for_gates(2 * recurrent), for_gates(bias + other_bias))

    def start(self, sentences: int) -> tuple[Tensor, Tensor]:
        """RETURNS: The state before the first word, hidden and cell, of all sentences."""
        zeros = self.product.weight.new_zeros
        return zeros((sentences, self.width)), zeros((sentences, self.width))

    def __call__(self, state: tuple[Tensor, Tensor], gates: Tensor) -> Tensor:
        """Update the state of the first sentences by what their input gives to the gates,
        [active, 4 * width]. RETURNS [active, width]: Half their hidden state."""
        active = len(gates)
        hidden, cell = (part[:active] for part in state)
        own = self.product(state[0][: _round_up(active, len(state[0]))])[:active]
        enter, forget, new, out = own.add_(gates).sigmoid_().chunk(4, 1)
        cell.mul_(forget).addcmul_(enter, new.sub_(0.5), value=4)
        return torch.mul(torch.sigmoid(cell).sub_(0.5), out, out=hidden)


class Product:
    """Rows times a weight [width_in, width], plus a bias [width]. inputs: The units to read."""

    def __init__(self, weight: Tensor, bias: Tensor | None = None, inputs: Units = ALL):
        self.inputs, self.weight = inputs, weight[inputs].contiguous()
        self.bias = weight.new_zeros(weight.shape[1]) if bias is None else bias
        self.one_dnn = one_dnn_for(weight)
        if self.one_dnn is not None:
            self.packed = self.one_dnn.pack(self.weight.t().contiguous())

    def __call__(self, rows: Tensor) -> Tensor:
        """[V, width_in] -> [V, width]"""
        if isinstance(self.inputs, Tensor):
            rows = rows.index_select(1, self.inputs)
        if self.one_dnn is None or len(rows) < FEW_ROWS:
            return torch.addmm(self.bias, rows, self.weight)
        more = _next_size(len(rows)) - len(rows)
        padded = F.pad(rows, (0, 0, 0, more)) if more else rows
        return self.one_dnn.linear(padded, self.packed, self.bias)[: len(rows)]


def for_gates(weight: Tensor) -> Tensor:
    """Weights [4 * width, ...] of gates, for one sigmoid and transposed."""
    enter, forget, new, out = weight.chunk(4)
    return torch.cat([enter, forget, 2 * new, out]).t().contiguous()


def factors_of(dropout: Dropout, like: Tensor) -> Tensor:
    """RETURNS [width]: The factor of each unit."""
    return like.new_ones(dropout.width) if dropout.mask is None else dropout.mask.to(like)


def kept_units(mask: Tensor) -> Tensor:
    """RETURNS: The units that are not dropped, and some others, so that their number is a multiple
    of UNIT_STEP: oneDNN compiles a kernel for each size that it meets."""
    dropped = mask == 0
    size = _round_up(len(mask) - int(dropped.sum()), len(mask))
    return dropped.sort(stable=True).indices[:size]


def _round_up(size: int, most: int) -> int:
    return min(most, -(-max(1, size) // UNIT_STEP) * UNIT_STEP)


def _next_size(rows: int) -> int:
    """RETURNS (int): So many rows, or up to an eighth more. oneDNN keeps what it has compiled for
    each number of rows, a tenth of a megabyte, so there must not be many."""
    step = max(UNIT_STEP, 1 << (rows.bit_length() - 4))
    return -(-rows // step) * step
