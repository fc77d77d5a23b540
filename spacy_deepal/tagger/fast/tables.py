"""The network at prediction: each distinct word is computed once.

Without dropout w^full depends on the word alone, and all that reads it first is linear: the first
convolution, its residual connection and the gates of the decoder. So a distinct word is a row of
three tables, and a text looks its rows up and sums them. The vectors of a tok2vec depend on the
sentence: what they give to the three is computed for each word of the text, and added. The masks of
MC dropout become part of the weights.
"""

from typing import NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ..lexicon import Lexicon
from ..network import PAD_CHAR, CnnCnnLstm, WordEncoder
from .folded import (
    FoldedContext,
    FoldedConvolutions,
    FoldedLstm,
    Product,
    factors_of,
    for_gates,
    kept_units,
)
from .layout import Layout, lay_out


class WordFeatures(NamedTuple):
    """What is known of U distinct words before any mask of MC dropout."""

    characters: Layout
    others: Tensor  # [U, width]: w^full without w^char


@torch.no_grad()
def word_features(
    lexicon: Lexicon, rows: NDArray, network: CnnCnnLstm, device: torch.device
) -> WordFeatures:
    """rows: Lexicon rows of the words."""
    embed, encoder = network.sizes.embed, network.encoder
    table = lexicon.characters[rows]
    characters = lay_out(
        table[table != PAD_CHAR],
        lexicon.lengths[rows],
        kernel=embed.char_kernel,
        layers=embed.char_layers,
        frame=0,
        device=device,
    )
    ids, attributes, vectors = lexicon.features(rows, device)
    w_emb = encoder.unknown + encoder.embedding(ids)
    return WordFeatures(characters, torch.cat([w_emb, *encoder.features(attributes, vectors)], 1))


class FoldedNetwork:
    """A network with the weights and masks that it has when this is made. Nothing is dropped.

    Row 0 of the tables is [PAD]. The words that `add` gets follow; there is `room` for so many.
    """

    @torch.no_grad()
    def __init__(self, network: CnnCnnLstm, room: int = 0):
        embed, encode, encoder = network.sizes.embed, network.sizes.encode, network.encoder
        mask = factors_of(encoder.dropout, encoder.unknown)
        # Here w^full is (w^char, others), and lacks the units that its mask drops.
        units = torch.arange(len(mask), device=mask.device)
        context = len(units) - (0 if encoder.context is None else embed.tok2vec_projection)
        first, last = embed.word_width, embed.word_width + embed.char_filters
        others = torch.cat([units[:first], units[last:context]])
        self.kept_filters, self.kept_others = kept_units(mask[first:last]), kept_units(mask[others])
        of_words = torch.cat([units[first:last][self.kept_filters], others[self.kept_others]])
        self.kept_context = kept_units(mask[context:])
        of_context = units[context:][self.kept_context]
        self._take_encoder(encoder, mask, of_words, of_context)
        self._take_decoder(network, mask, of_words, of_context)
        self.rows = 0  # of the tables, that are used
        self.tables = [
            self.output.new_empty((room + 1 if room else 0, columns))
            for columns in (encode.kernel * encode.width, encode.width, self.from_tags.shape[1])
        ]

    def _take_encoder(
        self, encoder: WordEncoder, mask: Tensor, of_words: Tensor, of_context: Tensor
    ) -> None:
        """mask: [width] the factors of w^full.
        of_words, of_context: Its units that depend on the word alone, and those that do not; in
            each, those that the mask drops are missing."""
        characters = encoder.characters
        self.characters = FoldedConvolutions(characters.convolutions, outputs=self.kept_filters)
        self.character_tables = self.characters.tables(0, characters.embedding.weight)
        self.convolutions = FoldedConvolutions(encoder.convolutions, mask, inputs=of_words)
        self.from_context: FoldedContext | None = None
        if encoder.context is not None:
            self.from_context = FoldedContext(encoder.convolutions, mask, of_context)

    def _take_decoder(
        self, network: CnnCnnLstm, mask: Tensor, of_words: Tensor, of_context: Tensor
    ) -> None:
        """As `_take_encoder`."""
        decoder, width = network.decoder, network.sizes.encode.width
        of_input = [layer.all_weights[0][0] for layer in decoder.layers]
        from_word, from_tag = of_input[0].split(network.encoder.width, 1)
        factors = factors_of(decoder.input_dropout, mask)
        self.kept_h_last = kept_units(factors[:width])
        from_h_last, from_w_full = (from_word * factors).split((width, len(mask)), 1)
        from_w_full = from_w_full * mask
        self.from_w_full = Product(for_gates(from_w_full[:, of_words]))
        self.from_tags = decoder.embedding.weight @ for_gates(from_tag)
        from_rows = torch.cat([from_h_last[:, self.kept_h_last], from_w_full[:, of_context]], 1)
        self.from_rows = Product(for_gates(from_rows))
        masks = [factors_of(dropout, mask) for dropout in decoder.dropouts]
        self.from_below = [
            Product(for_gates(2 * weight * below))
            for weight, below in zip(of_input[1:], masks[:-1], strict=True)
        ]
        self.lstms = [FoldedLstm(layer) for layer in decoder.layers]
        self.output = (2 * decoder.output.weight * masks[-1]).t().contiguous()
        self.output_bias = decoder.output.bias

    @torch.no_grad()
    def add(self, words: WordFeatures) -> None:
        """Compute words and append them to the tables."""
        others = words.others.index_select(1, self.kept_others)
        values = torch.cat([self._encode_characters(words.characters), others], 1)
        if not self.rows:
            values = F.pad(values, (0, 0, 1, 0))  # [PAD]
        new = [*self.convolutions.tables(0, values), self.from_w_full(values)]
        start, self.rows = self.rows, self.rows + len(values)
        for i, (table, rows) in enumerate(zip(self.tables, new, strict=True)):
            if self.rows <= len(table):
                table[start : self.rows] = rows
            else:
                self.tables[i] = torch.cat([table[:start], rows]) if start else rows

    @torch.no_grad()
    def decode(self, layout: Layout, gates: Tensor, *, h_dec: bool) -> list[Tensor]:
        """Decode sentences greedily, from left to right.

        gates: [n, 4 * width] what the method of this name returns.
        h_dec: Whether h^Dec is wanted: writing it takes time.
        RETURNS: Tags [n], logits [n, tags] and h^Dec [n, width] on that path, as they are laid out.
        """
        previous = torch.full_like(layout.ids[: layout.active[0]], len(self.from_tags) - 1)  # [GO]
        tags = torch.empty_like(layout.ids)
        logits = gates.new_empty((len(tags), len(self.output_bias)))
        hidden = [gates.new_empty((len(tags), len(self.output)))] if h_dec else []
        states = [lstm.start(len(previous)) for lstm in self.lstms]
        end = 0
        for active in layout.active:
            now = slice(end, end := end + active)
            more = gates[now].add(self.from_tags.index_select(0, previous[:active]))
            state = self.step(states, more)
            for whole in hidden:
                torch.mul(state, 2, out=whole[now])
            scores = torch.addmm(self.output_bias, state, self.output, out=logits[now])
            tags[now] = previous = scores.max(1).indices
        return [tags, logits, *hidden]

    def step(self, states: list[tuple[Tensor, Tensor]], gates: Tensor) -> Tensor:
        """Update the states by what words and the tags before them give, [active, 4 * width].
        RETURNS: [active, width] what `output` reads."""
        state = self.lstms[0](states[0], gates)
        for from_below, lstm, own in zip(self.from_below, self.lstms[1:], states[1:], strict=True):
            state = lstm(own, from_below(state))
        return state

    def gates(self, layout: Layout, context: Tensor | None) -> Tensor:
        """context: [N + 1, width] what `FastEngine.lay_out_context` returns.
        RETURNS: [n, 4 * width] what words give to the gates of the decoder, as laid out."""
        more = None
        if self.from_context is not None and context is not None:
            context = context.index_select(1, self.kept_context)
            more = self.from_context(context, layout.windows[0])
        h_last = self.convolutions((self.tables[0], self.tables[1]), layout, more)
        rows = h_last.index_select(1, self.kept_h_last)
        if context is not None:
            windows = layout.windows[-1]
            own = context.index_select(0, windows[:, windows.shape[1] // 2])
            rows = torch.cat([rows, own], 1)
        return self.from_rows(rows).add_(self.tables[2].index_select(0, layout.ids))

    def _encode_characters(self, layout: Layout) -> Tensor:
        """RETURNS: [U, char_filters] the maximum over the characters of each word."""
        rows = self.characters(self.character_tables, layout)
        end = layout.active[0]
        most = rows[:end].clone()
        for active in layout.active[1:]:
            part = most[:active]
            torch.maximum(part, rows[end : (end := end + active)], out=part)
        return most.index_select(0, layout.rank)
