"""CNN-CNN-LSTM (Shen et al. 2017, section 3) in torch alone: no spaCy, no Thinc.

Sentences lie one behind the other in a flat layout, [BOS] words [EOS], with rows of [PAD] between
them as wide as the kernel reaches, so a convolution is one matrix product and sees no neighbour.
The characters of the distinct words of a batch lie in the same way.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import DeepALError
from .layers import Convolution, Dropout, Linear
from .lstm import PackedLstm

UNKNOWN, BOS, EOS = 0, 1, 2  # word ids that are no words
PAD_CHAR, UNKNOWN_CHAR, BOW, EOW = 0, 1, 2, 3  # character ids that are no characters


class Batch(NamedTuple):
    """Sentences as tensors. U distinct words, N flat rows, n words."""

    characters: Tensor  # [K] int64: characters of the distinct words, flat, PAD_CHAR between words
    character_places: Tensor  # [k] int64: which of them are no PAD_CHAR
    character_starts: Tensor  # [U] int64: where each word begins among these places
    words: Tensor  # [U] int64: word ids
    attributes: Tensor  # [U, A * hashes] int64: rows that lexical attributes have in their tables
    vectors: Tensor  # [U, D] float32: static vectors
    index: Tensor  # [N] int64: which distinct word stands in a row; -1: [PAD]
    positions: Tensor  # [n] int64: row of each real word, sentence by sentence
    places: Tensor  # [n] int64: where the decoder reads each word: time by time, the longest
    active: list[int]  # sentence first; and how many sentences have a word at each time
    context: Tensor | None = None  # [n, width] float32: what a tok2vec says of each real word


class CharacterEncoder(nn.Module):
    """Distinct words to vectors: character embeddings, convolutions, maximum over the word."""

    def __init__(self, config: dict[str, Any]):
        super().__init__()
        width = config["char_width"]
        self.embedding = nn.Embedding(len(config["characters"]) + EOW + 1, width, PAD_CHAR)
        self.convolution = Convolution(
            width,
            config["char_filters"],
            config["char_kernel"],
            config["char_layers"],
            [config["char_dropout"]] * config["char_layers"],
            False,
        )

    def forward(self, batch: Batch) -> Tensor:
        mask = (batch.characters != PAD_CHAR).unsqueeze(1).float()
        rows = self.convolution(self.embedding(batch.characters), mask)
        return F.embedding_bag(batch.character_places, rows, batch.character_starts, mode="max")


class WordEncoder(nn.Module):
    """w_full = (w_char, w_emb, word features); h_enc = (last convolution, w_full)."""

    def __init__(self, config: dict[str, Any]):
        super().__init__()
        self.characters = CharacterEncoder(config)
        self.word_drop = config["word_drop"]
        # A word's embedding is [UNK]'s plus its own, which begins at zero: a word that training has
        # not yet seen is [UNK], also when the vocabulary was fixed on an unlabelled pool. Words
        # outside the vocabulary share a row of their own, what rare words have in common.
        self.unknown = nn.Parameter(torch.randn(config["word_width"]) * 0.1)
        self.embedding = nn.Embedding(len(config["words"]) + EOS + 1, config["word_width"])
        nn.init.zeros_(self.embedding.weight)
        # The tables of all attributes lie in one: to look rows up in many small ones costs more.
        self.attributes = None
        if config["attr_rows"]:
            rows = torch.tensor([0, *config["attr_rows"]])
            self.attributes = nn.EmbeddingBag(int(rows.sum()), config["attr_width"], mode="sum")
            nn.init.normal_(self.attributes.weight, std=0.5)
            self.register_buffer("attribute_starts", rows.cumsum(0)[:-1], persistent=False)
        parts = [config["char_filters"], config["word_width"]]
        parts += [config["attr_width"]] * len(config["attr_rows"])
        self.vectors = None
        if config["vectors_width"]:
            self.vectors = Linear(config["vectors_width"], config["vectors_projection"])
            parts.append(config["vectors_projection"])
        self.context = None
        if width := config.get("tok2vec_width"):  # older models do not have it
            self.context = Linear(width, config["tok2vec_projection"])
            parts.append(config["tok2vec_projection"])
        self.dropout = Dropout(sum(parts), config["word_dropout"])
        self.convolution = Convolution(
            sum(parts),
            config["encoder_width"],
            config["encoder_kernel"],
            config["encoder_layers"],
            [0.0] + [config["encoder_dropout"]] * (config["encoder_layers"] - 1),
            config["layer_norm"],
        )
        self.width = sum(parts) + config["encoder_width"]

    def forward(self, batch: Batch) -> Tensor:
        """RETURNS [n, width]: h_enc of the real words, where the decoder reads them."""
        index = batch.index.clamp(min=0)
        mask = (batch.index >= 0).unsqueeze(1).float()
        known = F.embedding(index, self.embedding(batch.words))
        if self.training and self.word_drop:
            known = known * (torch.rand_like(mask) >= self.word_drop)
        others = [self.characters(batch), *self.features(batch.attributes, batch.vectors)]
        rows = torch.cat([self.unknown + known, F.embedding(index, torch.cat(others, 1))], 1)
        if self.context is not None:
            context = self.context(batch.context)
            table = context.new_zeros((len(rows), context.shape[1]))
            rows = torch.cat([rows, table.index_copy(0, batch.positions, context)], 1)
        w_full = self.dropout(rows) * mask
        h_last = self.convolution(w_full, mask)
        return torch.cat([h_last, w_full], 1).index_select(0, in_places(batch.positions, batch))

    def others(self, words: Tensor, attributes: Tensor, vectors: Tensor) -> Tensor:
        """RETURNS [U, width]: w_full of U words less the characters; nothing is dropped.

        words, attributes, vectors: As in a Batch.
        """
        known = self.unknown + self.embedding(words)
        return torch.cat([known, *self.features(attributes, vectors)], 1)

    def features(self, attributes: Tensor, vectors: Tensor) -> list[Tensor]:
        """What w_full has of U distinct words beside characters and embedding, each [U, width].

        attributes, vectors: As in a Batch.
        """
        parts = []
        if self.attributes is not None:
            hashed = attributes.unflatten(1, (len(self.attribute_starts), -1))
            bags = (hashed + self.attribute_starts.unsqueeze(1)).flatten(0, 1)
            parts.append(self.attributes(bags).view(len(attributes), -1))
        return parts if self.vectors is None else [*parts, self.vectors(vectors)]


class TagDecoder(nn.Module):
    """An LSTM that reads h_enc of a word and the tag before it, from left to right."""

    def __init__(self, config: dict[str, Any], width_in: int):
        super().__init__()
        tags, width = config["n_tags"], config["decoder_width"]
        self.go = tags  # the tag before the first word
        self.embedding = nn.Embedding(tags + 1, config["tag_width"])
        self.input_dropout = Dropout(width_in, config["decoder_dropout"])
        sizes = [width_in + config["tag_width"]] + [width] * (config["decoder_layers"] - 1)
        self.layers = nn.ModuleList(PackedLstm(size, width) for size in sizes)
        self.dropouts = nn.ModuleList(Dropout(width, config["decoder_dropout"]) for _ in sizes)
        self.output = nn.Linear(width, tags)
        for layer in self.layers:
            nn.init.orthogonal_(layer.weight_hh_l0)
            nn.init.xavier_uniform_(layer.weight_ih_l0)
            nn.init.zeros_(layer.bias_hh_l0)
            nn.init.zeros_(layer.bias_ih_l0)
            nn.init.ones_(layer.bias_ih_l0[width : 2 * width])  # remember at first

    def forward(self, h_enc: Tensor, batch: Batch, previous: Tensor) -> Tensor:
        """Teacher forcing: h_enc [n, width_in] as `WordEncoder` returns it, the tags before [n] ->
        logits [n, tags], sentence by sentence as these tags."""
        before = self.embedding(in_places(previous, batch))
        rows = torch.cat([self.input_dropout(h_enc), before], 1)
        for layer, dropout in zip(self.layers, self.dropouts, strict=True):
            rows = dropout(layer(rows, batch.active))
        return self.output(rows).index_select(0, batch.places)


def in_places(values: Tensor, batch: Batch) -> Tensor:
    """[n] of the real words, sentence by sentence -> [n], where the decoder reads them"""
    return torch.empty_like(values).index_copy_(0, batch.places, values)


class CnnCnnLstm(nn.Module):
    """Character CNN, word CNN, LSTM tag decoder.

    config (dict): The arguments of `spacy_deepal.CnnCnnLstm.v1`, and n_tags, characters (a string),
        words (a list of strings), vectors_width, vectors_scale, tok2vec_width. Plain values, so
        that bytes can rebuild a network.
    """

    def __init__(self, config: dict[str, Any]):
        super().__init__()
        self.config = config
        self.encoder = WordEncoder(config)
        self.decoder = TagDecoder(config, self.encoder.width)
        self._dropouts = [module for module in self.modules() if isinstance(module, Dropout)]

    def forward(self, batch: Batch, previous: Tensor) -> Tensor:
        """Teacher forcing: the tags before each word [n] -> logits [n, tags]. Prediction goes
        through `Inference`."""
        return self.decoder(self.encoder(batch), batch, previous)

    def dropouts(self) -> list[Dropout]:
        """RETURNS (list[Dropout]): Every dropout of the network, in a fixed order."""
        return self._dropouts

    def set_dropout(self, rate: float) -> None:
        """Set the rate of each dropout that the config leaves to training: 0 or more, below 1."""
        if not 0 <= rate < 1:
            raise DeepALError(f"dropout = {rate}: must be 0 or more, and below 1.")
        for dropout in self.dropouts():
            if dropout.follows:
                dropout.rate = rate
        if rate:  # what MC dropout will use, kept with the weights
            self.config["dropout"] = float(rate)

    def sample_masks(self, generator: torch.Generator) -> list[Tensor]:
        """Draw one sample of the network: a mask over the units of each dropout.

        RETURNS (list[Tensor]): A mask [width] per dropout. All words of all sentences share it, as
            they share the weights of a network drawn from the posterior (Gal & Ghahramani 2016), so
            a sample does not depend on how sentences are batched.
        """
        masks = []
        for dropout in self.dropouts():
            rate = self.config.get("dropout", 0.0) if dropout.follows else dropout.rate
            keep = torch.rand(dropout.width, generator=generator) >= rate
            masks.append(keep.float() / (1 - rate))
        return masks

    @contextmanager
    def sampled(self, masks: list[Tensor]) -> Iterator[None]:
        """Use one sample's masks; afterwards the network is as it was."""
        device = self.encoder.unknown.device
        try:
            for dropout, mask in zip(self.dropouts(), masks, strict=True):
                dropout.mask = mask.to(device)
            yield
        finally:
            for dropout in self.dropouts():
                dropout.mask = None
