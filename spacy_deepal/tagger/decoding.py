"""`Tagger`: Docs in, tags and their probabilities out, whatever engine runs the network."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import xp2torch
from thinc.types import Floats2d
from torch import Tensor

from ..errors import DeepALError
from ..seeds import derive_seed
from .beam_search import search
from .engine import Engine
from .fast import is_fast
from .fast.fast_engine import FastEngine
from .features import distinct_words
from .lexicon import Lexicon
from .network import CnnCnnLstm
from .packing import bucket, split
from .scheme import keeps_scheme
from .sizes import Vocabulary

Context = Sequence[Floats2d | None]  # per Doc [n_words, width], where the network has a tok2vec


class Paths(NamedTuple):
    """What the model predicts."""

    tags: list[NDArray]  # [n_words] int64 per Doc: the greedy path
    log_probs: list[NDArray]  # [n_words, n_tags] float32 per Doc: log P(tag | path before it)
    best: list[NDArray]  # [n_words] int64 per Doc: the path that entities are read off


class Tagger:
    """A network and the vocabulary with which it reads Docs."""

    def __init__(self, network: CnnCnnLstm, vocabulary: Vocabulary):
        self.network, self.vocabulary = network, vocabulary
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

    def teacher_forced(
        self, docs: Sequence[Doc], previous: Sequence[NDArray], context: Tensor | None
    ) -> Tensor:
        """Run the network as training does.

        previous: [n_words] per Doc, the tag before each word; the number of tags stands for [GO].
        context: As `gather` returns it.
        RETURNS: Logits [n, tags], Doc by Doc.
        """
        vocab = docs[0].vocab
        self._check_vectors(vocab)
        distinct, sentences = distinct_words(docs)
        with self.lexicon.lock:
            rows = self.lexicon.find(vocab, distinct)
            tags = torch.from_numpy(np.concatenate(previous)).to(self.device)
            return self.engine.teacher_forced([rows[each] for each in sentences], tags, context)

    def paths(
        self, docs: Sequence[Doc], context: Context, *, batch_words: int, beam_width: int = 1
    ) -> Paths:
        """Decode Docs in groups of like length. The order of the Docs is kept.

        batch_words (int): Most words, padding counted, that are decoded at once.
        beam_width (int): Where the greedy path breaks the tagging scheme, the best path is sought
            with a beam so wide. With 1 the greedy path is the best.
        """
        n_tags = self.network.sizes.tags
        tags = [np.zeros(0, "int64") for _ in docs]
        log_probs = [np.zeros((0, n_tags), "float32") for _ in docs]
        distinct, sentences = distinct_words(docs)
        if not len(distinct):
            return Paths(tags, log_probs, list(tags))
        self._check_vectors(docs[0].vocab)
        snapshot, rows = self.engine.snapshot(docs[0].vocab, distinct)
        sentences = [rows[index] for index in sentences]
        broken = [np.zeros(0, "int64") for _ in docs]  # sentences whose path breaks the scheme
        for group, lengths in self._groups(sentences, batch_words):
            layout = self.engine.lay_out([sentences[i] for i in group])
            greedy, logits = snapshot.encode(layout, self.gather(context, group)).greedy()
            path = greedy.cpu().numpy()
            scores = split(logits.log_softmax(1).cpu().numpy(), lengths)
            for i, doc_tags, doc_scores in zip(group, split(path, lengths), scores, strict=True):
                tags[i], log_probs[i] = doc_tags, doc_scores
            if beam_width > 1:
                for i in np.asarray(group)[~keeps_scheme(path, lengths, n_tags)].tolist():
                    broken[i] = sentences[i]
        best = list(tags)
        for group, lengths in self._groups(broken, batch_words):
            layout = self.engine.lay_out([broken[i] for i in group])
            encoded = snapshot.encode(layout, self.gather(context, group))
            path = search(encoded, n_tags, beam_width).cpu().numpy()
            for i, doc_tags in zip(group, split(path, lengths), strict=True):
                best[i] = doc_tags
        return Paths(tags, log_probs, best)

    def sample_paths(
        self,
        docs: Sequence[Doc],
        context: Context,
        masks: Sequence[Sequence[Tensor]],
        *,
        batch_words: int,
    ) -> list[NDArray]:
        """Decode with networks drawn by MC dropout (Gal & Ghahramani 2016; Shen et al. 2017, 4.3).

        A sample is one set of dropped units, the same for all sentences, and decodes its own path.
        So a sentence's samples depend on weights and masks alone. Word drop takes no part: it
        corrupts training input. Nor does a tok2vec: it has run once, without dropout.

        masks: Of each sample, as `draw_samples` returns them.
        RETURNS (list[array[M, n_words]]): Tags, per Doc.
        """
        paths = [np.zeros((len(masks), 0), "int16") for _ in docs]
        distinct, index = distinct_words(docs)
        if not len(distinct):
            return paths
        self._check_vectors(docs[0].vocab)
        words = self.engine.words(docs[0].vocab, distinct)
        sentences = [each + 2 for each in index]
        groups = list(self._groups(sentences, batch_words))
        layouts = [self.engine.lay_out([sentences[i] for i in group]) for group, _ in groups]
        tokvecs = [self.gather(context, group) for group, _ in groups]
        tables = [np.empty((len(masks), sum(lengths)), "int16") for _, lengths in groups]
        for m, sample in enumerate(masks):
            snapshot = self.engine.masked_snapshot(words, sample)
            for layout, rows, table in zip(layouts, tokvecs, tables, strict=True):
                table[m] = snapshot.encode(layout, rows).greedy()[0].cpu().numpy()
        return _per_doc(paths, groups, tables)

    def sample_outputs(
        self,
        docs: Sequence[Doc],
        context: Context,
        masks: Sequence[Sequence[Tensor]],
        *,
        batch_words: int,
    ) -> list[NDArray]:
        """As `sample_paths`, with the dropout between decoder and tags alone: the network runs
        once, and each sample votes at each word, given the greedy path before it.

        masks: Of each sample, that of the last dropout behind all others.
        """
        paths = [np.zeros((len(masks), 0), "int16") for _ in docs]
        distinct, index = distinct_words(docs)
        if not len(distinct):
            return paths
        self._check_vectors(docs[0].vocab)
        snapshot, rows = self.engine.snapshot(docs[0].vocab, distinct)
        last = torch.stack([sample[-1] for sample in masks]).to(self.device)
        sentences, tables = [rows[each] for each in index], []
        groups = list(self._groups(sentences, batch_words))
        for group, _ in groups:
            layout = self.engine.lay_out([sentences[i] for i in group])
            votes = snapshot.encode(layout, self.gather(context, group)).sample_outputs(last)
            tables.append(votes.to(torch.int16).cpu().numpy().T)
        return _per_doc(paths, groups, tables)

    def draw_samples(self, samples: int, seed: int, *, last: int = 0) -> list[list[Tensor]]:
        """Draw the masks of M networks by MC dropout.

        samples (int): M.
        last (int): Sample only the last `last` dropouts. With 0, sample all of them.
        RAISES (DeepALError): These dropouts have a rate of 0, so that all samples would agree.
        """
        generator = torch.Generator().manual_seed(derive_seed(seed, "MC dropout"))
        masks = [self.network.draw_masks(generator)[-last:] for _ in range(samples)]
        if all((mask == 1).all() for sample in masks for mask in sample):
            raise DeepALError(
                "MC dropout needs dropout, and this model was trained without. Train it with a "
                "[training] dropout above 0, or set the dropouts of spacy_deepal.CnnCnnLstm.v1."
            )
        return masks

    def gather(self, context: Context, group: Sequence[int]) -> Tensor | None:
        """Join what a tok2vec says of the words of some Docs.

        RETURNS: [n, width], Doc by Doc; None where the network has no tok2vec.
        RAISES (DeepALError): The vectors have another width than those of training.
        """
        width = self.network.sizes.tok2vec_width
        if not width:
            return None
        rows = [row for i in group if (row := context[i]) is not None]
        if found := {row.shape[1] for row in rows} - {width}:
            raise DeepALError(
                f"The model was trained with a tok2vec of width {width}, the one it gets vectors "
                f"from has {found.pop()}. Load it with the tok2vec it was trained with."
            )
        return torch.cat([xp2torch(row, device=self.device) for row in rows])

    @staticmethod
    def _groups(
        sentences: Sequence[NDArray], batch_words: int
    ) -> Iterator[tuple[list[int], list[int]]]:
        """YIELDS (list[int], list[int]): Which sentences, of like length, and their words."""
        lengths = [len(sentence) for sentence in sentences]
        for group in bucket(lengths, batch_words):
            yield group, [lengths[i] for i in group]

    def _check_vectors(self, vocab: Vocab) -> None:
        """RAISES (DeepALError): The static vectors have another width than those of training."""
        width = self.network.sizes.vectors_width
        if width and vocab.vectors.shape[1] != width:
            raise DeepALError(
                f"The model was trained with static vectors of width {width}, the pipeline's vocab "
                f"has {vocab.vectors.shape[1]}. Load it with the vectors it was trained with."
            )


def _per_doc(
    paths: list[NDArray], groups: Sequence[tuple[list[int], list[int]]], tables: Sequence[NDArray]
) -> list[NDArray]:
    """Give each Doc its columns of the tables [M, words of a group]."""
    for (group, lengths), table in zip(groups, tables, strict=True):
        for i, path in zip(group, split(table.T, lengths), strict=True):
            paths[i] = path.T
    return paths
