"""Teacher forcing: from Examples to the gradients of the network and of the tok2vec below it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Model
from thinc.types import Floats2d

from . import scheme
from .architecture import TeacherForced
from .context import begin_context
from .gold import gold_tags, tag_loss
from .prediction import predict_paths


def teach(model: Model, examples: Sequence[Example], labels: Sequence[str]) -> float:
    """Collect the gradients of a batch. The tok2vec gets all Docs, the network those with a tag.

    labels (Sequence[str]): The entity types, in the order of their tags.
    RETURNS (float): Cross-entropy, summed over the words that have a gold tag; where it is no
        number, there are no gradients.
    """
    docs = [eg.predicted for eg in examples]
    gold = gold_tags(examples, labels)
    tagged = [i for i, tags in enumerate(gold) if (tags != scheme.MISSING).any()]
    context, backprop_context = begin_context(model, docs)
    loss, d_context = 0.0, {}
    if tagged:
        docs, gold, context = ([column[i] for i in tagged] for column in (docs, gold, context))
        previous = previous_tags(model, docs, gold, context)
        logits, backprop = model.begin_update(TeacherForced(docs, previous, context))
        loss, d_logits = tag_loss(logits, np.concatenate(gold))
        if np.isnan(loss):
            return loss  # before it gets into the gradients
        if d_rows := backprop(d_logits):  # none without a tok2vec
            d_context = dict(zip(tagged, d_rows, strict=True))
    backprop_context(d_context)  # also with none: who listens last lets the others' gradients pass
    return loss


def previous_tags(
    model: Model,
    docs: Sequence[Doc],
    gold: Sequence[NDArray],
    context: Sequence[Floats2d | None],
) -> list[NDArray]:
    """The tags the decoder reads: gold, shifted by one behind [GO]; predictions in the gaps.

    The predictions stand on the context of training: a listener has no other yet.
    """
    partial = [i for i, tags in enumerate(gold) if (tags == scheme.MISSING).any()]
    paths = predict_paths(
        model.shims[0],
        [docs[i] for i in partial],
        model.shims[0].batch_words,
        [context[i] for i in partial],
    ).tags
    known = list(gold)
    for i, path in zip(partial, paths, strict=True):
        known[i] = np.where(gold[i] == scheme.MISSING, path, gold[i])
    return [np.concatenate([[model.get_dim("nO")], tags[:-1]]) for tags in known]
