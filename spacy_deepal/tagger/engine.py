"""How the tagger runs its network: the face of an engine, and the plain engine behind it.

`PlainEngine` pads sentences and calls the network as it is. `FastEngine` in `fast/` has the same
face and gives the same results, sooner.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.vocab import Vocab
from torch import Tensor

from .lexicon import Lexicon
from .network import BOS_ROW, EOS_ROW, PAD_CHAR, PAD_ROW, CnnCnnLstm, State, Words
from .packing import pack, ranks_and_times

FIRST = 2  # row of the first word behind [BOS] and [EOS]


class Encoded(Protocol):
    """Encoded sentences, ready to be decoded. n is the number of their words.

    active: [T] how many sentences have a word at each time, the longest sentence first.
    places: [n] where each word lies time by time, sentence by sentence.
    """

    active: list[int]
    places: Tensor

    def greedy(self) -> tuple[Tensor, Tensor]:
        """RETURNS: Tags [n] and logits [n, tags] of the greedy path, sentence by sentence."""
        ...

    def sample_outputs(self, masks: Tensor) -> Tensor:
        """Vote at each word of the greedy path, with dropout between decoder and tags alone.

        masks: [M, width] of the last dropout.
        RETURNS: Tags [n, M], sentence by sentence.
        """
        ...

    def start(self, rows: int) -> list[Any]:
        """RETURNS: The states of the decoder's layers before the first word, of so many paths."""
        ...

    def step(self, time: int, previous: Tensor, states: list[Any]) -> Tensor:
        """Read the words of one time and update the states.

        previous: [active, beam] the tag before, on each path of each sentence that goes on.
        RETURNS: Logits [active * beam, tags].
        """
        ...

    def go_on_from(self, states: list[Any], source: Tensor) -> None:
        """Let path i go on from path source[i]."""
        ...


class Snapshot(Protocol):
    """A network that reads sentences, with the weights and masks that it has when this is made."""

    def encode(self, layout: Any, context: Tensor | None) -> Encoded:
        """layout: What the engine's `lay_out` returns.
        context: [n, width] what a tok2vec says of each word, sentence by sentence."""
        ...


class Engine(Protocol):
    """Runs a network on words of its lexicon."""

    def teacher_forced(
        self, sentences: Sequence[NDArray], previous: Tensor, context: Tensor | None
    ) -> Tensor:
        """Run the network as training does.

        sentences: Lexicon rows of the words of each, none empty.
        previous: [n] the tag before each word, sentence by sentence.
        context: As for `Snapshot.encode`.
        RETURNS: Logits [n, tags], sentence by sentence.
        """
        ...

    def snapshot(self, vocab: Vocab, orths: NDArray) -> tuple[Snapshot, NDArray]:
        """Read without dropout.

        orths: ORTH ids of distinct words.
        RETURNS: A snapshot that knows these words, and their rows for `lay_out`.
        """
        ...

    def words(self, vocab: Vocab, orths: NDArray) -> Any:
        """RETURNS: The features of distinct words, for `masked_snapshot`."""
        ...

    def masked_snapshot(self, words: Any, masks: Sequence[Tensor]) -> Snapshot:
        """RETURNS: A snapshot of a network drawn by MC dropout. For `lay_out`, its words have rows
        from FIRST on, in their order."""
        ...

    def lay_out(self, sentences: Sequence[NDArray]) -> Any:
        """sentences: Rows of the words of each, none empty."""
        ...

    def forget(self) -> None:
        """Weights have changed: drop what was computed with them."""
        ...


class PaddedLayout(NamedTuple):
    """B sentences of at most T words, the longest first."""

    rows: Tensor  # [B, T + 2]: rows of [BOS] words [EOS], then PAD_ROW
    ranks: Tensor  # [n] which row of `rows` each word stands in, sentence by sentence
    times: Tensor  # [n] which word of its sentence it is
    active: list[int]  # as in a Encoded
    places: Tensor  # as in a Encoded


class PlainEngine:
    """Pads sentences and calls the network. Keeps nothing from call to call."""

    def __init__(self, network: CnnCnnLstm, lexicon: Lexicon):
        self.network, self.lexicon = network, lexicon

    @property
    def device(self) -> torch.device:
        """RETURNS (torch.device): Where the weights are."""
        return self.network.encoder.unknown.device

    def teacher_forced(
        self, sentences: Sequence[NDArray], previous: Tensor, context: Tensor | None
    ) -> Tensor:
        """As `Engine` says."""
        distinct, inverse = np.unique(np.concatenate(sentences), return_inverse=True)
        ends = np.cumsum([len(sentence) for sentence in sentences])[:-1]
        layout = self.lay_out(np.split(inverse + FIRST, ends))
        tags = previous.new_zeros((len(layout.rows), len(layout.active)))
        tags[layout.ranks, layout.times] = previous
        words = self._words(distinct)
        logits = self.network(words, layout.rows, tags, padded(context, layout))
        return logits[layout.ranks, layout.times]

    def snapshot(self, vocab: Vocab, orths: NDArray) -> tuple[Snapshot, NDArray]:
        """As `Engine` says."""
        words = self.words(vocab, orths)
        return self.masked_snapshot(words, ()), np.arange(FIRST, FIRST + len(orths))

    def words(self, vocab: Vocab, orths: NDArray) -> Words:
        """As `Engine` says."""
        with self.lexicon.lock:
            return self._words(self.lexicon.find(vocab, orths))

    def _words(self, rows: NDArray) -> Words:
        """RETURNS: The features of [BOS], [EOS] and the words of these lexicon rows."""
        lexicon, rows = self.lexicon, np.append([BOS_ROW, EOS_ROW], rows)
        lengths = lexicon.lengths[rows]
        characters = lexicon.characters[rows, : lengths.max()]
        characters[np.arange(lengths.max()) >= lengths[:, None]] = PAD_CHAR
        parts = characters, lexicon.ids[rows], lexicon.attributes[rows], lexicon.vectors[rows]
        return Words(*(torch.from_numpy(part).to(self.device) for part in parts))

    def masked_snapshot(self, words: Words, masks: Sequence[Tensor]) -> "PlainSnapshot":
        """As `Engine` says."""
        return PlainSnapshot(self.network, words, masks)

    def lay_out(self, sentences: Sequence[NDArray]) -> PaddedLayout:
        """As `Engine` says."""
        lengths = np.asarray([len(sentence) for sentence in sentences])
        active, places = pack(lengths)
        ranks, times = ranks_and_times(lengths)
        rows = np.full((len(sentences), lengths.max() + 2), PAD_ROW)
        rows[:, 0] = BOS_ROW
        rows[ranks, times + 1] = np.concatenate(sentences)
        rows[np.arange(len(sentences)), np.sort(lengths)[::-1] + 1] = EOS_ROW

        def tensor(values: NDArray) -> Tensor:
            return torch.from_numpy(values).to(self.device)

        return PaddedLayout(
            tensor(rows), tensor(ranks), tensor(times), active.tolist(), tensor(places)
        )

    def forget(self) -> None:
        """As `Engine` says."""


class PlainSnapshot:
    """A network and the masks under which it reads; without masks nothing is dropped."""

    def __init__(self, network: CnnCnnLstm, words: Words, masks: Sequence[Tensor]):
        self.network, self.words, self.masks = network, words, masks

    def encode(self, layout: PaddedLayout, context: Tensor | None) -> "PlainEncoded":
        """As `Snapshot` says."""
        return PlainEncoded(self, layout, padded(context, layout))


class PlainEncoded:
    """As `Encoded` says."""

    def __init__(self, snapshot: PlainSnapshot, layout: PaddedLayout, context: Tensor | None):
        self.network, self.masks = snapshot.network, snapshot.masks
        self.layout, self.inputs = layout, (snapshot.words, layout.rows, context)
        self.active, self.places = layout.active, layout.places

    def greedy(self) -> tuple[Tensor, Tensor]:
        """As `Encoded` says."""
        tags, logits, _ = self._greedy()
        return tags, logits

    def _greedy(self) -> list[Tensor]:
        masks = self.network.masked(self.masks) if self.masks else nullcontext()
        with masks, evaluating(self.network):
            path = self.network.greedy(*self.inputs)
        return [part[self.layout.ranks, self.layout.times] for part in path]

    @torch.no_grad()
    def sample_outputs(self, masks: Tensor) -> Tensor:
        """As `Encoded` says."""
        _, _, h_dec = self._greedy()
        output = self.network.decoder.output
        return torch.stack([output(h_dec * mask).argmax(1) for mask in masks], 1)

    @torch.no_grad()
    def start(self, rows: int) -> list[State]:
        """As `Encoded` says."""
        with evaluating(self.network):
            self.h_enc = self.network.encoder(*self.inputs)
        decode = self.network.sizes.decode
        zeros = self.h_enc.new_zeros((1, rows, decode.width))
        return [(zeros, zeros) for _ in range(decode.layers)]

    @torch.no_grad()
    def step(self, time: int, previous: Tensor, states: list[State]) -> Tensor:
        """As `Encoded` says."""
        active, beam = previous.shape
        h_enc = self.h_enc[:active, time].repeat_interleave(beam, 0).unsqueeze(1)
        now = [tuple(part[:, : active * beam].contiguous() for part in state) for state in states]
        with evaluating(self.network):
            h_dec, states[:] = self.network.decoder(h_enc, previous.view(-1, 1), now)
        return self.network.decoder.output(h_dec).squeeze(1)

    def go_on_from(self, states: list[State], source: Tensor) -> None:
        """As `Encoded` says."""
        states[:] = [(hidden[:, source], cell[:, source]) for hidden, cell in states]


@contextmanager
def evaluating(network: CnnCnnLstm) -> Iterator[None]:
    """Drop nothing for a while."""
    training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(training)


def padded(flat: Tensor | None, layout: PaddedLayout) -> Tensor | None:
    """[n, width], sentence by sentence -> [B, T, width], or None as it is"""
    if flat is None:
        return None
    table = flat.new_zeros((len(layout.rows), len(layout.active), flat.shape[1]))
    return table.index_put((layout.ranks, layout.times), flat)
