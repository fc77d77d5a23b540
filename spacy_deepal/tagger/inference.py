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
AT_ONCE = 1024  # words worked out at once: what lies between them and the tables stays small


class Words(NamedTuple):
    """U distinct words as tensors."""

    characters: Layout
    words: Tensor  # [U] int64: word ids
    attributes: Tensor  # [U, A] int64: hashed lexical attributes
    vectors: Tensor  # [U, D] float32: static vectors


class Inference:
    """A network with the weights and masks that it has when this is made; nothing is dropped.

    Row 0 of the tables is [PAD]; the words that `add` is given follow.

    size (int): Words that the tables have room for at first.
    """

    @torch.no_grad()
    def __init__(self, network: CnnCnnLstm, size: int):
        encoder, decoder = network.encoder, network.decoder
        width, masks = network.config["encoder_width"], [_mask(d) for d in decoder.dropouts]
        self.encoder = encoder
        self.characters = _Convolutions(encoder.characters.convolution)
        self.character_tables = self.characters.tables(0, encoder.characters.embedding.weight)
        self.convolutions = _Convolutions(encoder.convolution)
        self.word_mask = _mask(encoder.dropout)
        from_word, from_tag = decoder.layers[0].weight_ih_l0.split(encoder.width, 1)
        from_word = from_word * _mask(decoder.input_dropout)
        self.from_w_full = Product(_gates(from_word[:, width:]))
        self.from_tags = decoder.embedding.weight @ _gates(from_tag)
        from_below = [from_word[:, :width]]
        from_below += [
            2 * layer.weight_ih_l0 * mask
            for layer, mask in zip(decoder.layers[1:], masks, strict=False)
        ]
        self.lstms = [
            _Lstm(layer, weight) for layer, weight in zip(decoder.layers, from_below, strict=True)
        ]
        self.output = (2 * decoder.output.weight * masks[-1]).t().contiguous()
        self.output_bias = decoder.output.bias
        self.size = 0
        self.tables = [
            self.from_tags.new_empty((0, self.convolutions.bag_width)),
            self.from_tags.new_empty((0, width)),
            self.from_tags,
        ]
        self._reserve(size + 1)
        self._append(self.from_tags.new_zeros((1, encoder.width - width)))

    @torch.no_grad()
    def add(self, words: Words) -> None:
        """Work words out and append them to the tables."""
        known = self.encoder.unknown + F.embedding(words.words, self.encoder.embedding.weight)
        others = self.encoder.features(words.attributes, words.vectors)
        w_full = torch.cat([known, self._encode_characters(words.characters), *others], 1)
        self._append(w_full * self.word_mask)

    @torch.no_grad()
    def decode(self, layout: Layout) -> tuple[Tensor, Tensor]:
        """Decode sentences greedily, from left to right.

        layout (Layout): Of table rows, [BOS] and [EOS] at the ends.
        RETURNS (Tensor, Tensor): Tags [n] and logits [n, tags] on that path, sentence by sentence.
        """
        h_last = self.convolutions(self.tables[0], self.tables[1], layout)
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
        return tags.index_select(0, layout.places), logits.index_select(0, layout.places)

    def _encode_characters(self, layout: Layout) -> Tensor:
        """RETURNS [U, char_filters]: The maximum over the characters of each word."""
        rows = self.characters(*self.character_tables, layout)
        end = layout.active[0]
        most = rows[:end].clone()
        for active in layout.active[1:]:
            part = most[:active]
            torch.maximum(part, rows[end : (end := end + active)], out=part)
        return most.index_select(0, layout.rank)

    def _append(self, w_full: Tensor) -> None:
        """Add the rows of words to the tables."""
        start, self.size = self.size, self.size + len(w_full)
        self._reserve(self.size)
        for values in w_full.split(AT_ONCE):
            end = start + len(values)
            bags, residual, gates = self.tables
            bags[start:end], residual[start:end] = self.convolutions.tables(0, values)
            gates[len(self.from_tags) :][start:end] = self.from_w_full(values)
            start = end

    def _reserve(self, size: int) -> None:
        """Make room for so many rows. What is not used yet takes no memory, on a CPU."""
        if size > len(self.tables[1]):
            for i, first in enumerate((0, 0, len(self.from_tags))):
                old = self.tables[i]
                self.tables[i] = old.new_empty((first + size, old.shape[1]))
                self.tables[i][: len(old)] = old


class _Convolutions:
    """A Convolution whose products come before its windows.

    A convolution is linear before its ReLU, so that a row is multiplied once with the weights of
    all places in a window, and a window sums what its rows are in their places.
    """

    def __init__(self, module: Convolution):
        self.norms, self.kernel = module.norms, module.kernel
        self.bag_width = self.kernel * len(module.convolutions[0].bias)
        self.layers = []
        for dropout, convolution, residual in zip(
            module.dropouts, module.convolutions, module.residuals, strict=True
        ):
            mask = _mask(dropout)
            width = len(convolution.bias)
            weight = convolution.weight.view(width, self.kernel, -1) * mask
            bias = weight.new_zeros((self.kernel, width))
            bias[self.kernel // 2] = convolution.bias
            product = Product(weight.permute(2, 1, 0).flatten(1), bias.flatten())
            projection = None
            if isinstance(residual, nn.Linear):
                projection = Product((residual.weight * mask).t())
            self.layers.append((product, projection, mask))

    def tables(self, layer: int, values: Tensor) -> tuple[Tensor, Tensor]:
        """What rows give to the windows that they stand in, and to the residual connection.

        values (Tensor): Rows [V, width_in]; a row of zeros is [PAD].
        RETURNS (Tensor, Tensor): [V, kernel * width] and [V, width].
        """
        product, projection, mask = self.layers[layer]
        return product(values), values * mask if projection is None else projection(values)

    def __call__(self, bags: Tensor, residual: Tensor, layout: Layout) -> Tensor:
        """The tables of the first layer -> [rows of the last layer, width]"""
        rows = residual
        for layer, norm in enumerate(self.norms):
            if layer:
                rows[-1] = 0  # [PAD]
                bags, residual = self.tables(layer, rows)
            rows = F.embedding_bag(
                layout.bags[layer], bags.view(-1, residual.shape[1]), mode="sum"
            ).relu_()
            rows = norm(rows.add_(residual.index_select(0, layout.centres[layer])))
        return rows


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
        gates = self.product(reads)
        if more is not None:
            gates += more
        enter, forget, new, out = gates.sigmoid_().chunk(4, 1)
        cell.mul_(forget).addcmul_(enter, new.sub_(0.5), value=4)
        return torch.mul(torch.sigmoid(cell).sub_(0.5), out, out=reads[:, self.width_in :])


class Product:
    """Rows times a weight [width_in, width], plus a bias [width].

    oneDNN, where torch has it, takes half the time of MKL on processors of AMD, and as long on
    others; for a few rows its calls cost more than they save.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None = None):
        self.weight = weight.contiguous()
        self.bias = self.weight.new_zeros(self.weight.shape[1]) if bias is None else bias
        self.packed = None
        if ONE_DNN and weight.device.type == "cpu" and weight.dtype == torch.float32:
            self.packed = torch.ops.mkldnn._reorder_linear_weight(weight.t().contiguous())

    def __call__(self, rows: Tensor) -> Tensor:
        """[V, width_in] -> [V, width]"""
        if self.packed is None or len(rows) < 16:
            return torch.addmm(self.bias, rows, self.weight)
        return torch.ops.mkldnn._linear_pointwise(rows, self.packed, self.bias, "none", [], "")


def _gates(weight: Tensor) -> Tensor:
    """Weights [4 * width, ...] of gates, for one sigmoid and transposed."""
    enter, forget, new, out = weight.chunk(4)
    return torch.cat([enter, forget, 2 * new, out]).t().contiguous()


def _mask(dropout: Dropout) -> Tensor | float:
    """RETURNS: The factor of each unit, 1 where nothing is dropped."""
    return 1.0 if dropout.mask is None else dropout.mask
