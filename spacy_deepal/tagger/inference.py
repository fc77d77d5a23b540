"""The network at prediction, in torch alone: each distinct word is worked out once.

Where nothing is left to chance, w_full depends on the word alone, and what reads it is linear in
it: the first convolution, its residual connection and the gates of the decoder. So a distinct word
is a row of three tables, and a text looks its rows up and sums them. The masks of a sample of MC
dropout become part of the weights behind them.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import Convolution, Dropout
from .layout import Layout
from .network import CnnCnnLstm

ONE_DNN = torch.backends.mkldnn.is_available()
ALL = slice(None)
STEP = 16


class Words(NamedTuple):
    """U distinct words as tensors."""

    characters: Layout
    others: Tensor  # [U, width]: w_full without the characters, as `WordEncoder.others` has it


class Inference:
    """A network with the weights and masks that it has when this is made; nothing is dropped.

    Row 0 of the tables is [PAD]; the words that `add` is given follow.

    room (int): Words for which the tables have room from the beginning.
    """

    @torch.no_grad()
    def __init__(self, network: CnnCnnLstm, room: int = 0):
        config, encoder, decoder = network.config, network.encoder, network.decoder
        like, width = encoder.unknown, config["encoder_width"]
        masks = [_mask(dropout, like) for dropout in decoder.dropouts]
        # Here w_full is (characters, others), and has not the units that its mask drops.
        mask, first = _mask(encoder.dropout, like), config["word_width"]
        last = first + config["char_filters"]
        units = torch.arange(len(mask), device=mask.device)
        context = len(mask) - (encoder.context.out_features if encoder.context is not None else 0)
        others = torch.cat([units[:first], units[last:context]])
        self.kept_filters, self.kept_others = _kept(mask[first:last]), _kept(mask[others])
        of_context = units[context:]
        units = torch.cat([units[first:last][self.kept_filters], others[self.kept_others]])
        characters = encoder.characters
        self.characters = _Convolutions(characters.convolution, outputs=self.kept_filters)
        self.character_tables = self.characters.tables(0, characters.embedding.weight)
        self.convolutions = _Convolutions(encoder.convolution, mask, inputs=units)
        self.context, self.of_context = encoder.context, None
        if encoder.context is not None:  # nothing of a word alone: worked out for each of a text
            self.of_context = _Convolutions(
                encoder.convolution, mask, inputs=of_context, biased=False
            )

        from_word, from_tag = decoder.layers[0].weight_ih_l0.split(encoder.width, 1)
        from_word = from_word * _mask(decoder.input_dropout, like)
        self.from_w_full = Product(_gates((from_word[:, width:] * mask)[:, units]))
        self.from_tags = decoder.embedding.weight @ _gates(from_tag)
        self.kept_h_last = _kept(_mask(decoder.input_dropout, like)[:width])
        of_h_enc = torch.cat([self.kept_h_last, of_context + width])
        from_below = [(from_word * torch.cat([mask.new_ones(width), mask]))[:, of_h_enc]]
        from_below += [
            2 * layer.weight_ih_l0 * below
            for layer, below in zip(decoder.layers[1:], masks, strict=False)
        ]
        self.lstms = [
            _Lstm(layer, weight) for layer, weight in zip(decoder.layers, from_below, strict=True)
        ]
        self.output = (2 * decoder.output.weight * masks[-1]).t().contiguous()
        self.output_bias = decoder.output.bias

        self.words = 0
        rows, tags = (room + 1, len(self.from_tags)) if room else (0, 0)
        self.used = [0, 0, 0]  # rows of the tables
        self.tables = [
            self.output.new_empty((rows, config["encoder_kernel"] * width)),
            self.output.new_empty((rows, width)),
            self.output.new_empty((tags + rows, self.from_tags.shape[1])),
        ]

    @torch.no_grad()
    def add(self, words: Words) -> None:
        """Work words out and append them to the tables."""
        others = words.others.index_select(1, self.kept_others)
        values = torch.cat([self._encode_characters(words.characters), others], 1)
        if not self.words:
            values = F.pad(values, (0, 0, 1, 0))  # [PAD]
        new = [*self.convolutions.tables(0, values), self.from_w_full(values)]
        if not self.words:
            new[2] = torch.cat([self.from_tags, new[2]])
        self.words += len(words.others)
        for i, rows in enumerate(new):
            start, self.used[i] = self.used[i], self.used[i] + len(rows)
            if self.used[i] <= len(self.tables[i]):
                self.tables[i][start : self.used[i]] = rows
            else:
                self.tables[i] = torch.cat([self.tables[i][:start], rows]) if start else rows

    @torch.no_grad()
    def decode(self, layout: Layout, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Decode sentences greedily, from left to right.

        layout (Layout): Of table rows, [BOS] and [EOS] at the ends.
        context (Tensor | None): [n, width] What a tok2vec says of the words, sentence by sentence.
        RETURNS (Tensor, Tensor): Tags [n] and logits [n, tags] on that path, as they are laid out.
        """
        more = None
        if self.of_context is not None:
            table = self.context(context)
            context = table.new_empty(table.shape).index_copy(0, layout.places, table)
            rows = table.new_zeros((layout.size, table.shape[1]))
            table = rows.index_copy_(0, layout.rows, table)
            more = self.of_context.tables(0, table)
        h_last = self.convolutions(self.tables[0], self.tables[1], layout, more)
        h_last = h_last.index_select(1, self.kept_h_last)
        if more is not None:
            h_last = torch.cat([h_last, context], 1)
        # A word's gates begin as the sum of two rows: that of the tag before it, and its own.
        go = len(self.from_tags) - 1
        entries = torch.stack([torch.full_like(layout.ids, go), layout.ids + go + 1], 1)
        tags = torch.empty_like(layout.ids)
        logits = h_last.new_empty((len(tags), len(self.output_bias)))
        states = [lstm.start(layout.active[0]) for lstm in self.lstms]
        end = 0
        for active, following in zip(layout.active, [*layout.active[1:], 0], strict=True):
            now = slice(end, end := end + active)
            gates = F.embedding_bag(entries[now], self.tables[2], mode="sum")
            hidden = self.lstms[0](h_last[now], states[0], gates)
            for lstm, state in zip(self.lstms[1:], states[1:], strict=True):
                hidden = lstm(hidden, state)
            step = torch.addmm(self.output_bias, hidden, self.output, out=logits[now])
            tags[now] = best = step.max(1).indices
            entries[end : end + following, 0] = best[:following]
        return tags, logits

    def _encode_characters(self, layout: Layout) -> Tensor:
        """RETURNS [U, char_filters]: The maximum over the characters of each word."""
        rows = self.characters(*self.character_tables, layout)
        end = layout.active[0]
        most = rows[:end].clone()
        for active in layout.active[1:]:
            part = most[:active]
            torch.maximum(part, rows[end : (end := end + active)], out=part)
        return most.index_select(0, layout.rank)


class _Convolutions:
    """A Convolution whose products come before its windows.

    A convolution is linear before its ReLU, so that a row is multiplied once with the weights of
    all places in a window, and a window sums what its rows are in their places.

    factors (Tensor): Of the units of the first layer's input.
    inputs, outputs (Tensor | slice): Units that the first layer reads and that the last returns.
    biased (bool): Whether it has its biases.
    """

    def __init__(
        self,
        module: Convolution,
        factors: Tensor | float = 1.0,
        inputs: Tensor | slice = ALL,
        outputs: Tensor | slice = ALL,
        biased: bool = True,
    ):
        self.norms, self.kernel, last = module.norms, module.kernel, len(module.norms) - 1
        self.layers = []
        for layer, (dropout, convolution, residual) in enumerate(
            zip(module.dropouts, module.convolutions, module.residuals, strict=True)
        ):
            read, kept = inputs if layer == 0 else ALL, outputs if layer == last else ALL
            mask = _mask(dropout, convolution.bias) * (factors if layer == 0 else 1.0)
            weight = convolution.weight.view(len(convolution.bias), self.kernel, -1) * mask
            weight = weight[kept][:, :, read]
            bias = weight.new_zeros((self.kernel, len(weight)))
            if biased:
                bias[self.kernel // 2] = convolution.bias[kept]
            weight = weight.permute(2, 1, 0).flatten(1)
            product = Product(weight, bias.flatten(), _kept(mask) if layer else ALL)
            projection = residual.weight if isinstance(residual, nn.Linear) else None
            if projection is None and (read is not ALL or kept is not ALL):
                projection = torch.eye(len(mask), dtype=mask.dtype, device=mask.device)
            if projection is not None:
                projection = Product((projection * mask)[kept][:, read].t())
            self.layers.append((product, projection, mask))

    def tables(self, layer: int, values: Tensor) -> tuple[Tensor, Tensor]:
        """What rows give to the windows that they stand in, and to the residual connection.

        values (Tensor): Rows [V, width_in]; a row of zeros is [PAD].
        RETURNS (Tensor, Tensor): [V, kernel * width] and [V, width].
        """
        product, projection, mask = self.layers[layer]
        return product(values), values * mask if projection is None else projection(values)

    def __call__(
        self,
        bags: Tensor,
        residual: Tensor,
        layout: Layout,
        more: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """The tables of the first layer -> [rows of the last layer, width]

        more (tuple | None): Tables by rows of the layout that are added to those of the first.
        """
        rows = residual
        for layer, norm in enumerate(self.norms):
            if layer:
                rows[-1] = 0  # [PAD]
                bags, residual = self.tables(layer, rows)
            width = residual.shape[1]
            rows = _sum_bags(layout.bags[layer], bags, width)
            residual = residual.index_select(0, layout.centres[layer])
            if more is not None and layer == 0:
                rows += _sum_bags(layout.around, more[0], width)
                residual += more[1].index_select(0, layout.middle)
            rows = norm(rows.relu_().add_(residual))
        return rows


def _sum_bags(entries: Tensor, table: Tensor, width: int) -> Tensor:
    return F.embedding_bag(entries, table.view(-1, width), mode="sum")


class _Lstm:
    """One step of an LSTM, its gates all through one sigmoid: tanh(x) = 2 sigmoid(2 x) - 1.

    Kept are twice the cell and half the hidden state; the weights behind them make up for it.

    from_below (Tensor): [4 * width, width_in], what the layer's input is multiplied with.
    """

    def __init__(self, layer: nn.LSTM, from_below: Tensor):
        self.width_in, self.width = from_below.shape[1], layer.hidden_size
        weight = torch.cat([from_below, 2 * layer.weight_hh_l0], 1)
        self.product = Product(_gates(weight), _gates(layer.bias_ih_l0 + layer.bias_hh_l0))

    def start(self, sentences: int) -> tuple[Tensor, Tensor]:
        """RETURNS: The state before the first word: what a step reads, (input, hidden), and the
        cell, of all sentences."""
        zeros = self.product.weight.new_zeros
        return zeros((sentences, self.width_in + self.width)), zeros((sentences, self.width))

    def __call__(
        self, below: Tensor, state: tuple[Tensor, Tensor], more: Tensor | None = None
    ) -> Tensor:
        """Read below [active, width_in], update the state of the first `active` sentences.

        more (Tensor | None): [active, 4 * width], what else goes into the gates.
        RETURNS [active, width]: Half their hidden state.
        """
        reads, cell = (part[: len(below)] for part in state)
        reads[:, : self.width_in] = below
        gates = self.product(state[0][: _round_up(len(below), len(state[0]))])[: len(below)]
        if more is not None:
            gates += more
        enter, forget, new, out = gates.sigmoid_().chunk(4, 1)
        cell.mul_(forget).addcmul_(enter, new.sub_(0.5), value=4)
        return torch.mul(torch.sigmoid(cell).sub_(0.5), out, out=reads[:, self.width_in :])


class Product:
    """Rows times a weight [width_in, width], plus a bias [width].

    oneDNN, where torch has it, takes half the time of MKL on processors of AMD, and as long on
    others; for a few rows its calls cost more than they save.

    inputs (Tensor | slice): The units of a row that are not zero.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None = None, inputs: Tensor | slice = ALL):
        self.inputs, self.weight = inputs, weight[inputs].contiguous()
        self.bias = weight.new_zeros(weight.shape[1]) if bias is None else bias
        self.packed = None
        if ONE_DNN and weight.device.type == "cpu" and weight.dtype == torch.float32:
            self.packed = torch.ops.mkldnn._reorder_linear_weight(self.weight.t().contiguous())

    def __call__(self, rows: Tensor) -> Tensor:
        """[V, width_in] -> [V, width]"""
        if self.inputs is not ALL:
            rows = rows.index_select(1, self.inputs)
        if self.packed is None or len(rows) < 16:
            return torch.addmm(self.bias, rows, self.weight)
        return torch.ops.mkldnn._linear_pointwise(rows, self.packed, self.bias, "none", [], "")


def _gates(weight: Tensor) -> Tensor:
    """Weights [4 * width, ...] of gates, for one sigmoid and transposed."""
    enter, forget, new, out = weight.chunk(4)
    return torch.cat([enter, forget, 2 * new, out]).t().contiguous()


def _mask(dropout: Dropout, like: Tensor) -> Tensor:
    """RETURNS [width]: The factor of each unit."""
    return like.new_ones(dropout.width) if dropout.mask is None else dropout.mask.to(like)


def _kept(mask: Tensor) -> Tensor:
    """RETURNS: The units that are not dropped, and as many others as make it a multiple of STEP:
    oneDNN makes a program for each size that it meets."""
    dropped = mask == 0
    size = _round_up(len(mask) - int(dropped.sum()), len(mask))
    return dropped.sort(stable=True).indices[:size]


def _round_up(size: int, most: int) -> int:
    return min(most, -(-max(1, size) // STEP) * STEP)
