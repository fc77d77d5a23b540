"""`Tagger`: Docs in, tags and their probabilities out, whatever engine runs the network."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.api import xp2torch
from thinc.types import Floats2d
from torch import Tensor
from torch.nn import functional as F

from ..errors import DeepALError
from ..seeds import derive_seed
from .beam_search import search
from .engine import FIRST, Engine
from .fast import is_fast
from .fast.fast_engine import FastEngine
from .lexicon import Lexicon, distinct_words
from .network import CnnCnnLstm
from .packing import bucket, split
from .scheme import keeps_scheme
from .sizes import Vocabulary

Masks = Sequence[Sequence[Tensor]]  # of each sample, a mask [width] for each dropout
Vectors = Sequence[Floats2d | None]  # per Doc [n_words, width], where the network has a tok2vec
Context = Sequence[Tensor | None]  # per Doc what `Tagger.read_context` returned of its vectors


class Paths(NamedTuple):
    """What the model predicts."""

    tags: list[NDArray]  # [n_words] int64 per Doc: the greedy path
    log_probs: list[NDArray]  # [n_words, n_tags] float32 per Doc: log P(tag | path before it)
    best: list[NDArray]  # [n_words] int64 per Doc: the path that entities are read off


class Group(NamedTuple):
    """Docs of like length that are decoded at once."""

    docs: list[int]  # which of the Docs
    lengths: list[int]  # of each, its words
    layout: Any  # of the engine
    context: Any  # what `Engine.lay_out_context` returned

    def share(self, values: NDArray, docs: list[NDArray]) -> None:
        """Give each Doc what belongs to its words. values: [n, …], Doc by Doc."""
        for i, own in zip(self.docs, split(values, self.lengths), strict=True):
            docs[i] = own


class Tagger:
    """A network and the vocabulary with which it reads Docs."""

    def __init__(self, network: CnnCnnLstm, vocabulary: Vocabulary):
        self.network, self.vocabulary = network.eval(), vocabulary
        self.lexicon = Lexicon(network.sizes, vocabulary)
        self._plain = Engine(network, self.lexicon)
        self._fast = FastEngine(network, self.lexicon)

    @property
    def engine(self) -> Engine:
        """RETURNS (Engine): What runs the network: see `fast.use_fast`."""
        return self._fast if is_fast() else self._plain

    @property
    def device(self) -> torch.device:
        """RETURNS (torch.device): Where the weights are."""
        return self._plain.device

    def forget(self) -> None:
        """Weights have changed: drop what was computed with them."""
        self._fast.forget()

    def forget_words(self) -> None:
        """Drop what was computed for words, so that nothing depends on which came before."""
        self.forget()
        self.lexicon.forget()

    def teacher_forced(
        self, docs: Sequence[Doc], previous: Sequence[NDArray], context: Tensor | None
    ) -> Tensor:
        """Run the network as training does. context: As `gather` returns it.

        RETURNS: Logits [n, tags], Doc by Doc.
        """
        distinct, sentences = self._read(docs)
        with self.lexicon.lock:
            rows = self.lexicon.find(docs[0].vocab, distinct)
            tags = torch.from_numpy(np.concatenate(previous)).to(self.device)
            return self.engine.teacher_forced([rows[each] for each in sentences], tags, context)

    def paths(
        self, docs: Sequence[Doc], context: Context, batch_words: int, beam_width: int = 1
    ) -> Paths:
        """Decode Docs in groups of like length. The order of the Docs is kept.

        batch_words, beam_width: As for `DeepNER`.
        """
        n_tags = self.network.sizes.tags
        tags = [np.zeros(0, "int64") for _ in docs]
        log_probs = [np.zeros((0, n_tags), "float32") for _ in docs]
        distinct, index = self._read(docs)
        if not len(distinct):
            return Paths(tags, log_probs, list(tags))
        snapshot, rows = self.engine.snapshot(docs[0].vocab, distinct)
        sentences = [rows[each] for each in index]
        broken = [np.zeros(0, "int64") for _ in docs]  # sentences whose path breaks the scheme
        for group in self._groups(sentences, context, batch_words):
            greedy, logits = self.engine.encode(snapshot, group.layout, group.context).greedy()
            path = greedy.cpu().numpy()
            group.share(path, tags)
            group.share(logits.log_softmax(1).cpu().numpy(), log_probs)
            if beam_width > 1:
                kept = keeps_scheme(path, group.lengths, n_tags)
                for i in np.asarray(group.docs)[~kept].tolist():
                    broken[i] = sentences[i]
        best = list(tags)
        for group in self._groups(broken, context, batch_words):
            encoded = self.engine.encode(snapshot, group.layout, group.context)
            group.share(search(encoded, n_tags, beam_width).cpu().numpy(), best)
        return Paths(tags, log_probs, best)

    def path_log_probs(
        self, docs: Sequence[Doc], paths: Sequence[NDArray], vectors: Vectors, batch_words: int
    ) -> list[NDArray]:
        """Follow paths that are not the greedy ones.

        paths (Sequence[array[n_words]]): The tags of each Doc.
        vectors: Those of the tok2vec.
        RETURNS (list[array[n_words, n_tags]]): log P(tag | path before it), per Doc.
        """
        n_tags, lengths = self.network.sizes.tags, [len(path) for path in paths]
        log_probs = [np.zeros((0, n_tags), "float32") for _ in docs]
        for group in bucket(lengths, batch_words):
            previous = [np.concatenate([[n_tags], paths[i][:-1]]) for i in group]
            with torch.no_grad():
                logits = self.teacher_forced(
                    [docs[i] for i in group], previous, self.gather(vectors, group)
                )
            rows = split(logits.log_softmax(1).cpu().numpy(), [lengths[i] for i in group])
            for i, own in zip(group, rows, strict=True):
                log_probs[i] = own
        return log_probs

    def sample(
        self, docs: Sequence[Doc], context: Context, masks: Masks, batch_words: int
    ) -> list[NDArray]:
        """Decode with networks drawn by MC dropout (Gal & Ghahramani 2016; Shen et al. 2017, 4.3).

        A sample is one set of dropped units, the same for all sentences, and decodes its own path.
        So a sentence's samples depend on weights and masks alone. Word drop takes no part: it
        corrupts training input. Nor does a tok2vec: it has run once, without dropout.

        masks: As `draw_samples` returns them. With the masks of the last dropout alone, the network
            runs once, and each sample votes at each word, given the greedy path before it.
        RETURNS (list[array[M, n_words]]): Tags, per Doc.
        """
        paths = [np.zeros((0, len(masks)), "int16") for _ in docs]
        distinct, index = self._read(docs)
        if len(distinct):
            if len(masks[0]) == 1:
                snapshot, rows = self.engine.snapshot(docs[0].vocab, distinct)
                groups = self._groups([rows[each] for each in index], context, batch_words)
                tables = self._vote(snapshot, groups, masks)
            else:
                words = self.engine.words(docs[0].vocab, distinct)
                groups = self._groups([each + FIRST for each in index], context, batch_words)
                tables = self._decode(words, list(groups), masks)
            for group, table in tables:
                group.share(table, paths)
        return [path.T for path in paths]

    def _decode(
        self, words: Any, groups: Sequence[Group], masks: Masks
    ) -> Iterable[tuple[Group, NDArray]]:
        """RETURNS: Groups, and their tags [n, M] by networks that have these masks."""
        tables = [np.empty((sum(group.lengths), len(masks)), "int16") for group in groups]
        for m, sample in enumerate(masks):
            snapshot = self.engine.masked_snapshot(words, sample)
            for group, table in zip(groups, tables, strict=True):
                encoded = self.engine.encode(snapshot, group.layout, group.context)
                table[:, m] = encoded.greedy()[0].cpu().numpy()
        return zip(groups, tables, strict=True)

    def _vote(
        self, snapshot: Any, groups: Iterable[Group], masks: Masks
    ) -> Iterable[tuple[Group, NDArray]]:
        """YIELDS: Groups, and their tags [n, M] with these masks of the last dropout."""
        output = self.network.decoder.output
        weight, bias = output.weight.detach(), output.bias.detach()
        weights = [weight * sample[-1].to(weight) for sample in masks]
        for group in groups:
            encoded = self.engine.encode(snapshot, group.layout, group.context)
            *_, h_dec = encoded.greedy(h_dec=True)
            votes = [F.linear(h_dec, each, bias).argmax(1) for each in weights]
            yield group, torch.stack(votes, 1).to(torch.int16).cpu().numpy()

    def draw_samples(
        self, samples: int, seed: int, decoder_only: bool = False
    ) -> list[list[Tensor]]:
        """Draw the masks of M networks by MC dropout, or only those between decoder and tags.

        RAISES (DeepALError): These dropouts have a rate of 0, so that all samples would agree.
        """
        generator = torch.Generator().manual_seed(derive_seed(seed, "MC dropout"))
        first = -1 if decoder_only else 0
        masks = [self.network.draw_masks(generator)[first:] for _ in range(samples)]
        if all((mask == 1).all() for sample in masks for mask in sample):
            raise DeepALError(
                "MC dropout needs dropout, and this model was trained without. Train it with a "
                "[training] dropout above 0, or set the dropouts of spacy_deepal.CnnCnnLstm.v1."
            )
        return masks

    def read_context(self, vectors: Vectors) -> Context:
        """Do once what all predictions would do with the vectors of a tok2vec. What is left of them
        is narrower, as a rule, so that the vectors need not be kept.

        RAISES (DeepALError): They have another width than those of training.
        """
        group = [i for i, rows in enumerate(vectors) if rows is not None]
        context: list[Tensor | None] = [None] * len(vectors)
        if group and (flat := self.gather(vectors, group)) is not None:
            lengths = [len(cast(Floats2d, vectors[i])) for i in group]
            for i, rows in zip(group, self.engine.read_context(flat).split(lengths), strict=True):
                context[i] = rows
        return context

    def gather(self, vectors: Vectors, group: Sequence[int]) -> Tensor | None:
        """RETURNS: The tok2vec's vectors of the words of some Docs [n, width]; None: there is none.
        RAISES (DeepALError): They have another width than those of training."""
        width = self.network.sizes.tok2vec_width
        if not width:
            return None
        rows = [row for i in group if (row := vectors[i]) is not None]
        if found := {row.shape[1] for row in rows} - {width}:
            raise DeepALError(
                f"The model was trained with a tok2vec of width {width}; the one in this pipeline "
                f"has width {found.pop()}. Load it with the tok2vec it was trained with."
            )
        return torch.cat([xp2torch(row, device=self.device) for row in rows])

    def _groups(
        self, sentences: Sequence[NDArray], context: Context, batch_words: int
    ) -> Iterator[Group]:
        """YIELDS (Group): Sentences of like length, longest first, but those without words.

        sentences: Rows of the words of each Doc, as a snapshot has them.
        """
        lengths = [len(sentence) for sentence in sentences]
        for docs in bucket(lengths, batch_words):
            layout = self.engine.lay_out([sentences[i] for i in docs])
            rows = [row for i in docs if (row := context[i]) is not None]
            laid_out = self.engine.lay_out_context(layout, torch.cat(rows) if rows else None)
            yield Group(docs, [lengths[i] for i in docs], layout, laid_out)

    def _read(self, docs: Sequence[Doc]) -> tuple[NDArray, list[NDArray]]:
        """RETURNS: The `distinct_words`.
        RAISES (DeepALError): The static vectors have another width than those of training."""
        width = self.network.sizes.vectors_width
        if docs and width and (found := docs[0].vocab.vectors.shape[1]) != width:
            raise DeepALError(
                f"The model was trained with static vectors of width {width}, the pipeline's vocab "
                f"has {found}. Give it those of the trained pipeline before the component is added:"
                " nlp.vocab.vectors = trained.vocab.vectors."
            )
        return distinct_words(docs)
