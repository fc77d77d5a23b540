"""The tok2vec of a model: its vectors for the words of Docs, and the backward pass."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from ..sentences import word_places
from .packing import bucket

# Tokens that a tok2vec gets at once. An encoder gives each of them thousands of numbers, and memory
# of more than 32 MB is slow: glibc does not use it again.
TOKENS_AT_ONCE = 3000


def init_tok2vec(model: Model, sample: Sequence[Doc]) -> int:
    """Initialise the tok2vec. RETURNS (int): The width of its vectors; 0: there is no tok2vec.

    sample (Sequence[Doc]): A few Docs with tokens.
    """
    if not model.layers:
        return 0
    tok2vec = model.layers[0].initialize(X=sample or None)
    return tok2vec.maybe_get_dim("nO") or tok2vec.predict(sample)[0].shape[1]


def predict_context(
    model: Model,
    docs: Sequence[Doc],
    batch_words: int,
    read: Callable[[list[Floats2d]], Sequence[Any]] = list,
) -> list[Any]:
    """Run the tok2vec without dropout, over Docs of like length.

    batch_words (int): Most tokens, padding counted, that it gets at once.
    read (Callable): What is kept of the vectors [n_words, width] of some Docs: a value for each.
    RETURNS (list): Of the vectors of the real words, per Doc; None where the model has no tok2vec,
        and for a Doc without tokens.
    """
    context: list[Any] = [None] * len(docs)
    if model.layers:
        for group in bucket([len(doc) for doc in docs], min(batch_words, TOKENS_AT_ONCE)):
            some = [docs[i] for i in group]
            tokvecs = model.layers[0].predict(some)
            words = [_of_words(model, *pair) for pair in zip(some, tokvecs, strict=True)]
            for i, kept in zip(group, read(words), strict=True):
                context[i] = kept
    return context


def begin_context(
    model: Model, docs: Sequence[Doc]
) -> tuple[list[Floats2d | None], Callable[[dict[int, Floats2d]], Any]]:
    """Run the tok2vec in training. A listener has to see the very batch that the component it
    listens to has seen: all of it, once.

    RETURNS (list[array[n_words, width]], Callable): As `predict_context`; and the backward pass,
        from the gradients by index of the Doc. The other Docs and white space have none. A frozen
        tok2vec has no backward pass.
    """
    if not model.layers or not any(len(doc) for doc in docs):
        return [None] * len(docs), lambda gradients: []
    tokvecs, backprop_tok2vec = model.layers[0].begin_update(docs)
    words = [_places(model, doc) for doc in docs]

    def backprop(gradients: dict[int, Floats2d]) -> Any:
        if is_frozen(model):
            return []
        d_tokvecs = [model.ops.alloc2f(*vectors.shape) for vectors in tokvecs]
        for i, gradient in gradients.items():
            d_tokvecs[i][words[i]] = gradient
        return backprop_tok2vec(d_tokvecs)

    pairs = zip(docs, tokvecs, strict=True)
    return [_of_words(model, doc, vectors) for doc, vectors in pairs], backprop


def is_frozen(model: Model) -> bool:
    """RETURNS (bool): Whether there is no tok2vec to train."""
    return not model.layers or bool(model.layers[0].attrs.get("frozen"))


def _of_words(model: Model, doc: Doc, vectors: Floats2d) -> Floats2d:
    """RETURNS (array[n_words, width]): The vectors of the real words."""
    places = _places(model, doc)
    return vectors if len(places) == len(doc) else vectors[places]


def _places(model: Model, doc: Doc) -> Any:
    """RETURNS (array[n_words]): Which tokens are real words, on the model's device."""
    return model.ops.asarray_i(cast(Any, word_places(doc)))
