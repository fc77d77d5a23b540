"""How the tagger runs its network: sentences are padded, and the network is called as it is.

`fast/` has an engine and encoded sentences of its own, with the same methods and results.
"""

from collections.abc import Sequence
from copy import deepcopy
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.vocab import Vocab
from torch import Tensor

from .lexicon import Lexicon
from .network import BOS_ROW, EOS_ROW, PAD_ROW, CnnCnnLstm, State, Words
from .packing import pack, split

FIRST = 2  # row of the first word behind [BOS] and [EOS]
Snapshot = tuple[CnnCnnLstm, Words]  # a network with the masks that it has now, and what it knows


class PaddedLayout(NamedTuple):
    """B sentences of at most T words, the longest first; n words in all."""

    rows: Tensor  # [B, T + 2]: rows of [BOS] words [EOS], then PAD_ROW
    ranks: Tensor  # [n] which row of `rows` each word stands in, sentence by sentence
    times: Tensor  # [n] which word of its sentence it is
    active: list[int]  # [T] how many sentences have a word at each time
    places: Tensor  # [n] where each word lies time by time, sentence by sentence


class Encoded:
    """Encoded sentences, ready to be decoded. active, places: As in a PaddedLayout."""

    active: list[int]
    places: Tensor

    def __init__(self, snapshot: Snapshot, layout: PaddedLayout, context: Tensor | None):
        (self.network, words), self.layout = snapshot, layout
        self.inputs = words, layout.rows, context
        self.active, self.places = layout.active, layout.places

    def greedy(self, *, h_dec: bool = False) -> list[Tensor]:
        """RETURNS: Tags [n] and logits [n, tags] of the greedy path, sentence by sentence; with
        `h_dec` also h^Dec [n, width]."""
        path = self.network.greedy(*self.inputs)[: 3 if h_dec else 2]
        return [part[self.layout.ranks, self.layout.times] for part in path]

    @torch.no_grad()
    def start(self, rows: int) -> list[State]:
        """RETURNS: The states of the decoder's layers before the first word, each [rows, width]."""
        self.h_enc = self.network.encoder(*self.inputs)
        zeros = self.h_enc.new_zeros((rows, self.network.sizes.decode.width))
        return [(zeros.clone(), zeros.clone()) for _ in self.network.decoder.layers]

    @torch.no_grad()
    def step(self, time: int, previous: Tensor, states: list[State]) -> Tensor:
        """Read the words of one time and update the states, which are as long or longer.

        previous: [active, beam] the tag before, on each path of each sentence that goes on.
        RETURNS: Logits [active * beam, tags].
        """
        active, beam = previous.shape
        h_enc = self.h_enc[:active, time].repeat_interleave(beam, 0).unsqueeze(1)
        now = [(hidden[None, : len(h_enc)], cell[None, : len(h_enc)]) for hidden, cell in states]
        h_dec, after = self.network.decoder(h_enc, previous.view(-1, 1), now)
        for part, new in zip(chain(*states), chain(*after), strict=True):
            part[: len(h_enc)] = new[0]
        return self.network.decoder.output(h_dec).squeeze(1)


class Engine:
    """Runs a network on words of its lexicon. It keeps nothing from call to call."""

    def __init__(self, network: CnnCnnLstm, lexicon: Lexicon):
        self.network, self.lexicon = network, lexicon

    @property
    def device(self) -> torch.device:
        """RETURNS (torch.device): Where the weights are."""
        return self.network.encoder.unknown.device

    def forget(self) -> None:
        """Weights have changed: drop what was computed with them."""

    def teacher_forced(
        self, sentences: Sequence[NDArray], previous: Tensor, context: Tensor | None
    ) -> Tensor:
        """Run the network as training does.

        sentences: Lexicon rows of the words of each, none empty.
        previous: [n] the tag before each word, sentence by sentence.
        context: [n, width] the tok2vec's vector of each word, sentence by sentence.
        RETURNS: Logits [n, tags], sentence by sentence.
        """
        distinct, inverse = np.unique(np.concatenate(sentences), return_inverse=True)
        layout = self.lay_out(split(inverse + FIRST, list(map(len, sentences))))
        tags = previous.new_zeros((len(layout.rows), len(layout.active)))
        tags[layout.ranks, layout.times] = previous
        padded = pad_context(context, layout)
        logits = self.network(self._words(distinct), layout.rows, tags, padded)
        return logits[layout.ranks, layout.times]

    def snapshot(self, vocab: Vocab, orths: NDArray) -> tuple[Any, NDArray]:
        """orths: ORTH ids of distinct words.
        RETURNS: A snapshot without dropout that knows these words, and their rows for `lay_out`."""
        return (self.network, self.words(vocab, orths)), FIRST + np.arange(len(orths))

    def words(self, vocab: Vocab, orths: NDArray) -> Any:
        """RETURNS: The features of distinct words, for `masked_snapshot`."""
        with self.lexicon.lock:
            return self._words(self.lexicon.find(vocab, orths))

    def _words(self, rows: NDArray) -> Words:
        """RETURNS: The features of [BOS], [EOS] and the words of these lexicon rows."""
        rows = np.append([BOS_ROW, EOS_ROW], rows)
        characters = self.lexicon.characters[rows, : self.lexicon.lengths[rows].max()]
        tensor = torch.from_numpy(characters).to(self.device)
        return Words(tensor, *self.lexicon.features(rows, self.device))

    def masked_snapshot(self, words: Any, masks: Sequence[Tensor]) -> Any:
        """RETURNS: A snapshot of a network drawn by MC dropout. For `lay_out`, its words have rows
        from FIRST on, in their order."""
        network = deepcopy(self.network)  # other threads may be using this one
        for dropout, mask in zip(network.dropouts, masks, strict=True):
            dropout.mask = mask.to(self.device)
        return network, words

    def read_context(self, vectors: Tensor) -> Tensor:
        """Do once what all that reads the vectors of a tok2vec would do with each of them.

        vectors: [n, width]
        RETURNS: The context for `lay_out_context` [n, any width].
        """
        return vectors

    def lay_out_context(self, layout: Any, context: Tensor | None) -> Any:
        """layout: What `lay_out` returned.
        context: What `read_context` returned of its words, sentence by sentence."""
        return pad_context(context, layout)

    def encode(self, snapshot: Any, layout: Any, context: Any) -> Encoded:
        """layout: What `lay_out` returned.
        context: What `lay_out_context` returned."""
        return Encoded(snapshot, layout, context)

    def lay_out(self, sentences: Sequence[NDArray]) -> Any:
        """sentences: Rows of the words of each, none empty."""
        lengths = np.asarray([len(sentence) for sentence in sentences])
        active, places, ranks, times = pack(lengths)
        rows = np.full((len(sentences), lengths.max() + 2), PAD_ROW)
        rows[:, 0] = BOS_ROW
        rows[ranks, times + 1] = np.concatenate(sentences)
        rows[np.arange(len(sentences)), np.sort(lengths)[::-1] + 1] = EOS_ROW

        def tensor(values: NDArray) -> Tensor:
            return torch.from_numpy(values).to(self.device)

        return PaddedLayout(
            tensor(rows), tensor(ranks), tensor(times), active.tolist(), tensor(places)
        )


def pad_context(flat: Tensor | None, layout: PaddedLayout) -> Tensor | None:
    """[n, width], sentence by sentence -> [B, T, width], or None as it is"""
    if flat is None:
        return None
    table = flat.new_zeros((len(layout.rows), len(layout.active), flat.shape[1]))
    return table.index_put((layout.ranks, layout.times), flat)
