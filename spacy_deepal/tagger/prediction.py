"""Docs to the greedy paths of a network, in groups of like length."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.types import Floats2d

from ..errors import DeepALError
from .context import context_tensor
from .features import BOS_ROW, EOS_ROW, bucket, distinct_words, split
from .layout import Layout, lay_out
from .shim import NetworkShim


class Paths(NamedTuple):
    """What the model predicts: the greedy path of each Doc."""

    tags: list[NDArray]  # [n_words] int64 per Doc
    log_probs: list[NDArray]  # [n_words, n_tags] float32 per Doc: log P(tag | path before it)


def predict_paths(
    shim: NetworkShim, docs: Sequence[Doc], batch_words: int, context: Sequence[Floats2d | None]
) -> Paths:
    """Decode Docs greedily, in groups of like length; the order of the Docs is kept.

    context (Sequence[array[n_words, width] | None]): What `predict_context` said of them.
    """
    n_tags = shim.network.config["n_tags"]
    tags = [np.zeros(0, "int64") for _ in docs]
    log_probs = [np.zeros((0, n_tags), "float32") for _ in docs]
    distinct, sentences = distinct_words(docs)
    if len(distinct):
        check_vectors(shim, docs[0].vocab)
        inference, rows = shim.inference(docs[0].vocab, distinct)
        for group, lengths, layout in layouts(
            shim, [rows[index] for index in sentences], batch_words
        ):
            tokvecs = context_tensor(shim, [context[i] for i in group])
            path, logits = (part[layout.places] for part in inference.decode(layout, tokvecs))
            for i, doc_tags, doc_log_probs in zip(
                group,
                split(path.cpu().numpy(), lengths),
                split(logits.log_softmax(1).cpu().numpy(), lengths),
                strict=True,
            ):
                tags[i], log_probs[i] = doc_tags, doc_log_probs
    return Paths(tags, log_probs)


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
