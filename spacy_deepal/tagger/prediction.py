"""Docs to the paths of a network, in groups of like length."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.types import Floats2d

from ..errors import DeepALError
from .beam import search
from .context import context_tensor
from .features import BOS_ROW, EOS_ROW, bucket, distinct_words, split
from .layout import Layout, lay_out
from .scheme import keeps_scheme
from .shim import NetworkShim


class Paths(NamedTuple):
    """What the model predicts."""

    tags: list[NDArray]  # [n_words] int64 per Doc: the greedy path
    log_probs: list[NDArray]  # [n_words, n_tags] float32 per Doc: log P(tag | path before it)
    best: list[NDArray]  # [n_words] int64 per Doc: the path that entities are read off


def predict_paths(
    shim: NetworkShim,
    docs: Sequence[Doc],
    batch_words: int,
    context: Sequence[Floats2d | None],
    beam_width: int = 1,
) -> Paths:
    """Decode Docs in groups of like length; the order of the Docs is kept.

    context (Sequence[array[n_words, width] | None]): What `predict_context` said of them.
    beam_width (int): Where the greedy path breaks the tagging scheme, the best one is sought with a
        beam so wide; 1: the greedy path is the best.
    """
    n_tags = shim.network.config["n_tags"]
    tags = [np.zeros(0, "int64") for _ in docs]
    log_probs = [np.zeros((0, n_tags), "float32") for _ in docs]
    distinct, sentences = distinct_words(docs)
    broken = [np.zeros(0, "int64") for _ in docs]  # table rows where the path breaks the scheme
    if len(distinct):
        check_vectors(shim, docs[0].vocab)
        inference, table = shim.inference(docs[0].vocab, distinct)
        rows = [table[index] for index in sentences]
        for group, lengths, layout in layouts(shim, rows, batch_words):
            tokvecs = context_tensor(shim, [context[i] for i in group])
            path, logits = (part[layout.places] for part in inference.decode(layout, tokvecs))
            path = path.cpu().numpy()
            for i, doc_tags, doc_log_probs in zip(
                group,
                split(path, lengths),
                split(logits.log_softmax(1).cpu().numpy(), lengths),
                strict=True,
            ):
                tags[i], log_probs[i] = doc_tags, doc_log_probs
            if beam_width > 1:
                for i in np.asarray(group)[~keeps_scheme(path, lengths, n_tags)].tolist():
                    broken[i] = rows[i]
    best = list(tags)
    for group, lengths, layout in layouts(shim, broken, batch_words):
        tokvecs = context_tensor(shim, [context[i] for i in group])
        path = search(inference, layout, tokvecs, beam_width)[layout.places].cpu().numpy()
        for i, doc_tags in zip(group, split(path, lengths), strict=True):
            best[i] = doc_tags
    return Paths(tags, log_probs, best)


def layouts(
    shim: NetworkShim, sentences: Sequence[NDArray], batch_words: int
) -> Iterator[tuple[list[int], list[int], Layout]]:
    """Lay sentences out in groups of like length, longest first.

    sentences (Sequence[array]): Table rows of the words of each; those without words are left out.
    YIELDS (list[int], list[int], Layout): Which sentences, their words, and the layout.
    """
    config = shim.network.config
    lengths = [len(sentence) for sentence in sentences]
    for group in bucket(lengths, batch_words):
        framed = [part for i in group for part in (BOS_ROW, sentences[i], EOS_ROW)]
        sizes = [lengths[i] for i in group]
        yield (
            group,
            sizes,
            lay_out(
                np.concatenate(framed),
                np.asarray(sizes) + 2,
                kernel=config["encoder_kernel"],
                layers=config["encoder_layers"],
                frame=1,
                device=shim.device,
            ),
        )


def check_vectors(shim: NetworkShim, vocab: Vocab) -> None:
    """Raise a DeepALError where the static vectors have not the width of those of training."""
    width = shim.network.config["vectors_width"]
    if width and vocab.vectors.shape[1] != width:
        raise DeepALError(
            f"The model was trained with static vectors of width {width}, the pipeline's vocab has "
            f"{vocab.vectors.shape[1]}. Load it with the vectors it was trained with."
        )
