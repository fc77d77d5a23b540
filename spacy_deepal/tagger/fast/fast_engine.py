"""The face of the fast path: an engine over flat rows in training and tables at prediction."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.vocab import Vocab
from torch import Tensor

from ..engine import Encoded, Engine
from ..lexicon import CACHED_WORDS, Lexicon
from ..network import BOS_ROW, EOS_ROW, CnnCnnLstm, State
from .flat_rows import lay_out_flat, teacher_forced
from .folded import Product
from .layout import Layout, lay_out
from .tables import FoldedNetwork, word_features

AT_ONCE = 1024  # words computed at once: what lies between them and the tables stays small


class FastEngine(Engine):
    """Keeps the tables of the lexicon's words until weights, masks or features change."""

    def __init__(self, network: CnnCnnLstm, lexicon: Lexicon):
        super().__init__(network, lexicon)
        self.forget()

    def forget(self) -> None:
        self._tables: FoldedNetwork | None = None
        self._made_of: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """The tables can be computed again: leave them out of copies and pickles."""
        return {**self.__dict__, "_tables": None, "_made_of": None}

    def teacher_forced(
        self, sentences: Sequence[NDArray], previous: Tensor, context: Tensor | None
    ) -> Tensor:
        batch = lay_out_flat(sentences, self.lexicon, self.network, self.device)
        return teacher_forced(self.network, batch, previous, context)

    def snapshot(self, vocab: Vocab, orths: NDArray) -> tuple[FoldedNetwork, NDArray]:
        """Threads take turns in making the tables. If one is interrupted, the
        half-made tables are made again on the next call."""
        with self.lexicon.lock, torch.inference_mode(False), ExitStack() as interrupted:
            interrupted.callback(self.forget)
            rows = self.lexicon.find(vocab, orths)
            tables = self._make_tables()
            interrupted.pop_all()
            return tables, rows

    def _make_tables(self) -> FoldedNetwork:
        """Make the tables that are missing, of all words of the lexicon."""
        # The key keeps the weights alive, so no new tensor can reuse their addresses. Assigning
        # `weight.data` does not raise `_version`: code that does it must call `forget`.
        weights = [weight.detach() for weight in self.network.parameters()]
        masks = [dropout.mask for dropout in self.network.dropouts]
        key = (
            [(weight.data_ptr(), weight._version) for weight in weights],
            [id(part) for part in (self.lexicon.rows, *masks)],
        )
        if self._tables is None or self._made_of[0] != key:
            self._tables = FoldedNetwork(self.network, CACHED_WORDS)
            self._made_of = key, weights, masks, self.lexicon.rows
        for start in range(max(0, self._tables.rows - 1), self.lexicon.size, AT_ONCE):
            new = np.arange(start, min(start + AT_ONCE, self.lexicon.size))
            self._tables.add(word_features(self.lexicon, new, self.network, self.device))
        return self._tables

    def words(self, vocab: Vocab, orths: NDArray) -> Any:
        with self.lexicon.lock:
            rows = np.append([BOS_ROW, EOS_ROW], self.lexicon.find(vocab, orths))
            return word_features(self.lexicon, rows, self.network, self.device)

    def masked_snapshot(self, words: Any, masks: Sequence[Tensor]) -> FoldedNetwork:
        with self.lexicon.lock, self.network.masked(masks):  # other threads make tables, too
            tables = FoldedNetwork(self.network)
        tables.add(words)
        return tables

    @torch.no_grad()
    def read_context(self, vectors: Tensor) -> Tensor:
        """RETURNS: [n, tok2vec_projection] the projected vectors."""
        projection = self.network.encoder.context
        assert projection is not None
        product = Product(projection.weight.t(), projection.bias)
        # Most parts need no padding, for which wide vectors would be copied.
        return torch.cat([product(part) for part in vectors.split(AT_ONCE)])

    def lay_out_context(self, layout: Any, context: Tensor | None) -> Tensor | None:
        """RETURNS: [N + 1, tok2vec_projection] by rows of the layout. [BOS], [EOS] and [PAD] have
        zeros."""
        if context is None:
            return None
        rows = context.new_zeros((len(layout.packed), context.shape[1]))
        return rows.index_copy_(0, layout.rows, context)

    def encode(self, snapshot: Any, layout: Any, context: Any) -> Encoded:
        return FastEncoded(snapshot, layout, context)

    def lay_out(self, sentences: Sequence[NDArray]) -> Any:
        encode = self.network.sizes.encode
        frame = np.asarray([BOS_ROW]), np.asarray([EOS_ROW])
        framed = [part for each in sentences for part in (frame[0], each, frame[1])]
        return lay_out(
            np.concatenate(framed) + 1,  # row 0 of the tables is [PAD]
            np.asarray([len(sentence) + 2 for sentence in sentences]),
            kernel=encode.kernel,
            layers=encode.layers,
            frame=1,
            device=self.device,
        )


class FastEncoded(Encoded):
    """What the words of sentences give to the gates of the decoder."""

    @torch.no_grad()
    def __init__(self, tables: FoldedNetwork, layout: Layout, context: Tensor | None):
        self.tables, self.packed = tables, layout
        self.active, self.places = layout.active, layout.places
        self.gates = tables.gates(layout, context)
        self.starts = np.cumsum([0, *layout.active]).tolist()

    def greedy(self, *, h_dec: bool = False) -> list[Tensor]:
        path = self.tables.decode(self.packed, self.gates, h_dec=h_dec)
        return [part[self.places] for part in path]

    def start(self, rows: int) -> list[State]:
        return [lstm.start(rows) for lstm in self.tables.lstms]

    @torch.no_grad()
    def step(self, time: int, previous: Tensor, states: list[State]) -> Tensor:
        now = self.gates[self.starts[time] : self.starts[time + 1]].unsqueeze(1)
        of_tags = torch.nn.functional.embedding(previous, self.tables.from_tags)
        state = self.tables.step(states, (of_tags + now).flatten(0, 1))
        return torch.addmm(self.tables.output_bias, state, self.tables.output)
