"""The network at prediction, in torch alone: each distinct word is worked out once.

Where nothing is left to chance, w_full depends on the word alone, and what reads it is linear in
it: the first convolution, its residual connection and the gates of the decoder. So a distinct word
is a row of three tables, and a text looks its rows up and sums them. The masks of a sample of MC
dropout become part of the weights behind them.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from .folded import Convolutions, Lstm, Product, factors_of, for_gates, kept_units
from .layout import Layout
from .network import CnnCnnLstm, WordEncoder


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
        config, encoder = network.config, network.encoder
        mask = factors_of(encoder.dropout, encoder.unknown)
        # Here w_full is (characters, others), and has not the units that its mask drops.
        units = torch.arange(len(mask), device=mask.device)
        context = len(units) - (config["tok2vec_projection"] if encoder.context is not None else 0)
        first, last = config["word_width"], config["word_width"] + config["char_filters"]
        others = torch.cat([units[:first], units[last:context]])
        self.kept_filters, self.kept_others = kept_units(mask[first:last]), kept_units(mask[others])
        of_words = torch.cat([units[first:last][self.kept_filters], others[self.kept_others]])
        self._take_encoder(encoder, mask, of_words, units[context:])
        self._take_decoder(network, mask, of_words, units[context:])
        self.words = 0
        self.used = [0, 0, 0]  # rows of the tables
        rows, width = room + 1 if room else 0, config["encoder_width"]
        self.tables = [
            self.output.new_empty((rows, columns))
            for columns in (config["encoder_kernel"] * width, width, self.from_tags.shape[1])
        ]

    def _take_encoder(
        self, encoder: WordEncoder, mask: Tensor, of_words: Tensor, of_context: Tensor
    ) -> None:
        """mask: Factors of w_full; of_words, of_context: its units that are worked out by word, and
        those that are worked out for each word of a text."""
        characters = encoder.characters
        self.characters = Convolutions(characters.convolution, outputs=self.kept_filters)
        self.character_tables = self.characters.tables(0, characters.embedding.weight)
        self.convolutions = Convolutions(encoder.convolution, mask, inputs=of_words)
        self.context, self.of_context = encoder.context, None
        if encoder.context is not None:
            self.of_context = Convolutions(
                encoder.convolution, mask, inputs=of_context, biased=False
            )

    def _take_decoder(
        self, network: CnnCnnLstm, mask: Tensor, of_words: Tensor, of_context: Tensor
    ) -> None:
        """As `_take_encoder`."""
        decoder, width = network.decoder, network.config["encoder_width"]
        from_word, from_tag = decoder.layers[0].weight_ih_l0.split(network.encoder.width, 1)
        factors = factors_of(decoder.input_dropout, mask)
        self.kept_h_last = kept_units(factors[:width])
        from_h_last, from_w_full = (from_word * factors).split((width, len(mask)), 1)
        from_w_full = from_w_full * mask
        self.from_w_full = Product(for_gates(from_w_full[:, of_words]))
        self.from_tags = decoder.embedding.weight @ for_gates(from_tag)
        from_rows = torch.cat([from_h_last[:, self.kept_h_last], from_w_full[:, of_context]], 1)
        self.from_rows = Product(for_gates(from_rows))
        masks = [factors_of(dropout, mask) for dropout in decoder.dropouts]
        from_below = [None]
        from_below += [
            2 * layer.weight_ih_l0 * below
            for layer, below in zip(decoder.layers[1:], masks, strict=False)
        ]
        self.lstms = [
            Lstm(layer, weight) for layer, weight in zip(decoder.layers, from_below, strict=True)
        ]
        self.output = (2 * decoder.output.weight * masks[-1]).t().contiguous()
        self.output_bias = decoder.output.bias

    @torch.no_grad()
    def add(self, words: Words) -> None:
        """Work words out and append them to the tables."""
        others = words.others.index_select(1, self.kept_others)
        values = torch.cat([self._encode_characters(words.characters), others], 1)
        if not self.words:
            values = F.pad(values, (0, 0, 1, 0))  # [PAD]
        new = [*self.convolutions.tables(0, values), self.from_w_full(values)]
        self.words += len(words.others)
        for i, rows in enumerate(new):
            start, self.used[i] = self.used[i], self.used[i] + len(rows)
            if self.used[i] <= len(self.tables[i]):
                self.tables[i][start : self.used[i]] = rows
            else:
                self.tables[i] = torch.cat([self.tables[i][:start], rows]) if start else rows

    @torch.no_grad()
    def decode(
        self, layout: Layout, context: Tensor | None = None, hidden: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Decode sentences greedily, from left to right.

        layout (Layout): Of table rows, [BOS] and [EOS] at the ends.
        context (Tensor | None): [n, width] What a tok2vec says of the words, sentence by sentence.
        hidden (Tensor | None): [n, width] Gets what `output` reads, as it is laid out.
        RETURNS (Tensor, Tensor): Tags [n] and logits [n, tags] on that path, as they are laid out.
        """
        gates = self.gates(layout, context)
        previous = torch.full_like(layout.ids[: layout.active[0]], len(self.from_tags) - 1)  # [GO]
        tags = torch.empty_like(layout.ids)
        logits = gates.new_empty((len(tags), len(self.output_bias)))
        states = [lstm.start(len(previous)) for lstm in self.lstms]
        end = 0
        for active in layout.active:
            now = slice(end, end := end + active)
            more = gates[now].add_(self.from_tags.index_select(0, previous[:active]))
            state = self.step(states, more)
            if hidden is not None:
                hidden[now] = state
            scores = torch.addmm(self.output_bias, state, self.output, out=logits[now])
            tags[now] = previous = scores.max(1).indices
        return tags, logits

    def step(self, states: list[tuple[Tensor, Tensor]], gates: Tensor) -> Tensor:
        """Let the decoder read a word of each sequence that goes on, and update its states.

        gates (Tensor): [active, 4 * width], what the words and the tags before them say.
        RETURNS [active, width]: What `output` reads.
        """
        state = self.lstms[0](states[0], gates=gates)
        for lstm, its_own in zip(self.lstms[1:], states[1:], strict=True):
            state = lstm(its_own, below=state)
        return state

    def gates(self, layout: Layout, context: Tensor | None) -> Tensor:
        """RETURNS [n, 4 * width]: What words give to the gates of the decoder, as laid out."""
        more = None
        if self.of_context is not None:
            context = self.context(context)
            rows = context.new_zeros((layout.size, context.shape[1]))
            more = self.of_context.tables(0, rows.index_copy_(0, layout.rows, context))
        h_last = self.convolutions(self.tables[0], self.tables[1], layout, more)
        rows = h_last.index_select(1, self.kept_h_last)
        if more is not None:
            context = torch.empty_like(context).index_copy_(0, layout.places, context)
            rows = torch.cat([rows, context], 1)
        return self.from_rows(rows).add_(self.tables[2].index_select(0, layout.ids))

    def _encode_characters(self, layout: Layout) -> Tensor:
        """RETURNS [U, char_filters]: The maximum over the characters of each word."""
        rows = self.characters(*self.character_tables, layout)
        end = layout.active[0]
        most = rows[:end].clone()
        for active in layout.active[1:]:
            part = most[:active]
            torch.maximum(part, rows[end : (end := end + active)], out=part)
        return most.index_select(0, layout.rank)
