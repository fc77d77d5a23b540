"""CNN-CNN-LSTM (Shen et al. 2017), whole, in torch alone: no spaCy, no Thinc, no tricks.

Section 2 of the paper (section 3 of its longer text) has three parts. A character CNN turns the
characters of word i into w_i^char, a word CNN turns the words of a sentence into h_i^Enc, and an
LSTM decodes the tags y_1 … y_n from left to right. Each symbol is named where it is computed.

`fast/` computes the same from the same weights, only sooner.
"""

from collections.abc import Sequence
from itertools import repeat
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .dropout import Dropout, DropoutNetwork, Layers
from .sizes import Sizes

UNKNOWN, BOS, EOS = 0, 1, 2  # ids in front of the words: [UNK] and the frame of a sentence
PAD_CHAR, UNKNOWN_CHAR, BOW, EOW = 0, 1, 2, 3  # ids in front of the characters
BOS_ROW, EOS_ROW, PAD_ROW = 0, 1, -1  # rows of `Words` that are not real words
O_AT_FIRST = 4.0  # log-odds of O against any one tag
State = tuple[Tensor, Tensor]  # of an LSTM: hidden and cell, each [1, B, width]


class Words(NamedTuple):
    """U distinct words. Row 0 is [BOS] and row 1 is [EOS]."""

    characters: Tensor  # [U, C] int64: [BOW] characters [EOW], then PAD_CHAR
    ids: Tensor  # [U] int64
    attributes: Tensor  # [U, A * hashes] int64: rows of each lexical attribute in its table
    vectors: Tensor  # [U, D] float32: static vectors


class Convolutions(nn.Module):
    """h^(k) = W h^(k-1) + ReLU(Conv(h^(k-1))), with dropout on each h^(k-1) and h^(0) the input.

    W is the residual connection: the identity, or a projection where the widths differ.

    dropouts (list[float | None]): The rate before each layer.
    layer_norm (bool): Normalise each h^(k). The paper does not do that.
    """

    def __init__(
        self,
        width_in: int,
        width: int,
        kernel: int,
        dropouts: Sequence[float | None],
        layer_norm: bool,
    ):
        super().__init__()
        widths = [width_in] + [width] * (len(dropouts) - 1)
        self.kernel = kernel
        self.dropouts: Layers[Dropout] = Layers(map(Dropout, widths, dropouts))
        self.convolutions: Layers[nn.Conv1d] = Layers(
            nn.Conv1d(each, width, kernel, padding=kernel // 2) for each in widths
        )
        self.residuals: Layers[nn.Identity | nn.Linear] = Layers(
            nn.Identity() if each == width else nn.Linear(each, width, bias=False)
            for each in widths
        )
        self.norms: Layers[nn.Identity | nn.LayerNorm] = Layers(
            nn.LayerNorm(width) if layer_norm else nn.Identity() for _ in widths
        )
        for convolution in self.convolutions:
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            nn.init.constant_(convolution.get_parameter("bias"), 0)

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        """h [B, T, width_in], mask [B, T, 1] (0 at padding) -> [B, T, width]"""
        for dropout, convolution, residual, norm in zip(
            self.dropouts, self.convolutions, self.residuals, self.norms, strict=True
        ):
            h = dropout(h * mask)
            h = norm(residual(h) + F.relu(convolution(h.transpose(1, 2)).transpose(1, 2)))
        return h


class CharacterEncoder(nn.Module):
    """w_i^char: the maximum over the word of what the character CNN makes of its characters."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        embed = sizes.embed
        self.embedding = nn.Embedding(EOW + 1 + sizes.characters, embed.char_width, PAD_CHAR)
        self.convolutions = Convolutions(
            embed.char_width,
            embed.char_filters,
            embed.char_kernel,
            [embed.char_dropout] * embed.char_layers,
            layer_norm=False,
        )

    def forward(self, characters: Tensor) -> Tensor:
        """characters [U, C] -> w^char [U, filters]"""
        mask = (characters != PAD_CHAR).unsqueeze(2)
        h = self.convolutions(self.embedding(characters), mask.float())
        return h.masked_fill(~mask, float("-inf")).amax(1)


class WordEncoder(nn.Module):
    """w_i^full = (w_i^emb, w_i^char, features); h_i^Enc = (h_i^(l), w_i^full).

    h^(l) is the last layer of the word CNN. The paper's w_i^full has no features: here they are
    lexical attributes, static vectors, and the vectors of a tok2vec.
    """

    attribute_starts: Tensor  # [A] where the table of each attribute begins

    def __init__(self, sizes: Sizes):
        super().__init__()
        embed, encode = sizes.embed, sizes.encode
        self.word_drop = embed.word_drop
        # A word's embedding is that of [UNK] plus its own, which begins at zero (or at a static
        # vector): a word that training has not seen yet is [UNK], also when the vocabulary comes
        # from an unlabelled pool. All words outside the vocabulary share row UNKNOWN.
        self.unknown = nn.Parameter(torch.randn(embed.word_width) * 0.1)
        self.embedding = nn.Embedding(EOS + 1 + sizes.words, embed.word_width)
        nn.init.zeros_(self.embedding.weight)
        self.characters = CharacterEncoder(sizes)
        widths = [embed.word_width, embed.char_filters, len(embed.attrs) * embed.attr_width]
        self.attributes: nn.EmbeddingBag | None = None
        self.vectors: nn.Linear | None = None
        self.context: nn.Linear | None = None
        if embed.attrs:  # the tables of all attributes, one below the other
            rows = torch.tensor([0, *embed.attr_rows])
            self.attributes = nn.EmbeddingBag(int(rows.sum()), embed.attr_width, mode="sum")
            nn.init.normal_(self.attributes.weight, std=0.5)
            self.register_buffer("attribute_starts", rows.cumsum(0)[:-1], persistent=False)
        if sizes.vectors_width:
            self.vectors = nn.Linear(sizes.vectors_width, embed.vectors_projection)
            widths.append(embed.vectors_projection)
        if sizes.tok2vec_width:
            self.context = nn.Linear(sizes.tok2vec_width, embed.tok2vec_projection)
            widths.append(embed.tok2vec_projection)
        self.dropout = Dropout(sum(widths), embed.dropout)
        self.convolutions = Convolutions(
            sum(widths),
            encode.width,
            encode.kernel,
            [0.0] + [encode.dropout] * (encode.layers - 1),  # w^full has its own dropout
            encode.layer_norm,
        )
        self.width = encode.width + sum(widths)

    def forward(self, words: Words, index: Tensor, context: Tensor | None = None) -> Tensor:
        """Encode B sentences of at most n words.

        index: [B, n + 2] rows of `words`: [BOS] words [EOS], then PAD_ROW.
        context: [B, n, tok2vec_width] the tok2vec's vector of each word.
        RETURNS: h^Enc [B, n, width]. What stands behind the last word of a sentence has no meaning.
        """
        mask = (index != PAD_ROW).unsqueeze(2).float()
        index = index.clamp(min=0)
        known = self.embedding(words.ids)[index]
        if self.training:  # word drop
            known = known * (torch.rand_like(mask) >= self.word_drop)
        w_emb = self.unknown + known
        w_char = self.characters(words.characters)[index]
        features = [part[index] for part in self.features(words.attributes, words.vectors)]
        if self.context is not None:
            real = (index > EOS_ROW).unsqueeze(2)
            features.append(F.pad(self.context(context), (0, 0, 1, 1)) * real)
        w_full = self.dropout(torch.cat([w_emb, w_char, *features], 2)) * mask
        h_last = self.convolutions(w_full, mask)
        return torch.cat([h_last, w_full], 2)[:, 1:-1]

    def features(self, attributes: Tensor, vectors: Tensor) -> list[Tensor]:
        """What w^full has of U distinct words beside embedding and characters, each [U, width]."""
        parts = []
        if self.attributes is not None:
            hashed = attributes.unflatten(1, (len(self.attribute_starts), -1))
            bags = (hashed + self.attribute_starts.unsqueeze(1)).flatten(0, 1)
            parts.append(self.attributes(bags).view(len(attributes), -1))
        return parts if self.vectors is None else [*parts, self.vectors(vectors)]


class TagDecoder(nn.Module):
    """h_i^Dec = LSTM(h_i^Enc, y_{i-1}, h_{i-1}^Dec), P(y_i) = softmax(W h_i^Dec + b), y_0 = [GO]"""

    def __init__(self, sizes: Sizes, width_in: int):
        super().__init__()
        decode = sizes.decode
        self.go = sizes.tags  # the id of [GO], behind those of the tags
        self.embedding = nn.Embedding(sizes.tags + 1, decode.tag_width)
        self.input_dropout = Dropout(width_in, decode.dropout)
        widths = [width_in + decode.tag_width] + [decode.width] * (decode.layers - 1)
        self.layers: Layers[nn.LSTM] = Layers(
            nn.LSTM(each, decode.width, batch_first=True) for each in widths
        )
        self.dropouts: Layers[Dropout] = Layers(
            Dropout(decode.width, decode.dropout) for _ in widths
        )
        self.output = nn.Linear(decode.width, sizes.tags)
        # Most words are O (tag 0): begin there, so that an untrained network finds no entity.
        nn.init.zeros_(self.output.bias)
        nn.init.constant_(self.output.bias[:1], O_AT_FIRST)
        for layer in self.layers:
            of_input, recurrent, bias, other_bias = layer.all_weights[0]
            nn.init.xavier_uniform_(of_input)
            nn.init.orthogonal_(recurrent)
            nn.init.zeros_(bias)
            nn.init.zeros_(other_bias)
            nn.init.ones_(bias[decode.width : 2 * decode.width])  # remember at first

    def forward(
        self, h_enc: Tensor, previous: Tensor, states: Sequence[State] | None = None
    ) -> tuple[Tensor, list[State]]:
        """Read words [B, n, width_in] and the tag before each, in the state that the words before
        them have left. RETURNS: h^Dec [B, n, width], and the states behind the last word."""
        h = torch.cat([self.input_dropout(h_enc), self.embedding(previous)], 2)
        after = []
        for layer, dropout, state in zip(
            self.layers, self.dropouts, states or repeat(None, len(self.layers)), strict=True
        ):
            h, new_state = layer(h, state)
            h = dropout(h)
            after.append(new_state)
        return h, after


class CnnCnnLstm(DropoutNetwork):
    """The network: character CNN, word CNN, LSTM tag decoder."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        self.sizes = sizes
        self.encoder = WordEncoder(sizes)
        self.decoder = TagDecoder(sizes, self.encoder.width)

    def forward(
        self, words: Words, index: Tensor, previous: Tensor, context: Tensor | None = None
    ) -> Tensor:
        """Teacher forcing: the decoder reads the tags that are right.

        words, index, context: As for `WordEncoder.forward`.
        previous: [B, n] the tag before each word; [GO] before the first.
        RETURNS: Logits [B, n, tags].
        """
        h_dec, _ = self.decoder(self.encoder(words, index, context), previous)
        return self.decoder.output(h_dec)

    @torch.no_grad()
    def greedy(
        self, words: Words, index: Tensor, context: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Decode from left to right: the decoder reads the most probable tag of the word before.

        RETURNS: y* [B, n], logits [B, n, tags] and h^Dec [B, n, width].
        """
        states: list[State] | None = None
        path = []
        h_enc = self.encoder(words, index, context)
        previous = torch.full_like(index[:, :1], self.decoder.go)
        for i in range(h_enc.shape[1]):
            h_dec, states = self.decoder(h_enc[:, i : i + 1], previous, states)
            logits = self.decoder.output(h_dec)
            previous = logits.max(2).indices
            path.append((previous, logits, h_dec))
        tags, logits, h_dec = (torch.cat(parts, 1) for parts in zip(*path, strict=True))
        return tags, logits, h_dec
