"""The gold tags of an Example, and the loss against them."""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from spacy.errors import Errors
from spacy.strings import get_string_id
from spacy.training import Example

from . import scheme
from .entities import Iob, read_iob
from .partial import partial_loss


def gold_tags(
    examples: Sequence[Example], labels: Sequence[str], *, check: bool = False
) -> list[NDArray[np.int64]]:
    """The tags that the predicted Docs should get, by spaCy's alignment where tokens differ.

    labels (Sequence[str]): The entity types, in the order of their tags. Others count as O.
    check (bool): Warn of these others.
    RETURNS (list[array[n_words]]): Tags per Doc; MISSING where there is no annotation.
    """
    if not examples:
        return []
    given = _gold_annotation(examples)
    ends = np.searchsorted(given.words, np.cumsum([len(eg.predicted) for eg in examples]))
    begins = np.concatenate([[0], ends[:-1]])
    starts = np.zeros(len(given.words), bool)
    starts[begins[begins < ends]] = True
    index = {get_string_id(label): i for i, label in enumerate(labels)}
    numbers, inverse = np.unique(given.types, return_inverse=True)
    lookup = np.asarray([index.get(int(number), -1) for number in numbers], "int64")
    if check:
        _check_types(examples, labels, numbers[lookup < 0])
    iob = _without_space(given.iob, given.words)
    return np.split(scheme.encode(iob, lookup[inverse][given.words], starts), ends[:-1])


def _check_types(examples: Sequence[Example], labels: Sequence[str], unknown: NDArray) -> None:
    """Warn of entity types that are not labels.

    unknown (array): Their string ids, 0 for none. Only the vocab of a reference may know a name.
    RAISES (ValueError): As spaCy's own `ner`, where a type is negative annotation ("!PER").
    """
    strings = [example.reference.vocab.strings for example in examples]
    names = sorted(
        next(known[number] for known in strings if number in known)
        for number in unknown.tolist()
        if number
    )
    for name in names:
        if name.startswith("!"):
            raise ValueError(Errors.E869.format(label=name))
    if names:
        warnings.warn(
            f"Entities of {', '.join(names)} count as no entities: the component's labels are "
            f"{', '.join(labels)}. Map the types, or initialise it with all of them.",
            stacklevel=2,
        )


def previous_tags(
    gold: Sequence[NDArray], go: int, predict: Callable[[list[int]], list[NDArray]]
) -> list[NDArray[np.int64]]:
    """What the decoder reads in training: the gold tag before each word, or where there is none,
    the one that the model itself predicts.

    go (int): Stands before the first word.
    predict (Callable): Gives the predicted tags [n_words] of some of the sentences, by number.
    """
    known = list(gold)
    partial = [i for i, tags in enumerate(gold) if (tags == scheme.MISSING).any()]
    for i, path in zip(partial, predict(partial) if partial else [], strict=True):
        known[i] = np.where(gold[i] == scheme.MISSING, path, gold[i])
    return [np.concatenate([[go], tags[:-1]]) for tags in known]


def tag_loss(
    logits: NDArray, gold: NDArray, possible: NDArray[np.bool_] | None = None
) -> tuple[float, NDArray]:
    """Cross-entropy, summed over the words whose gold tag is not MISSING, and its gradient.

    logits (array[n_words, n_tags]): Scores before the softmax.
    possible (array[n_words, n_tags] | None): The tags that a word may have whose gold tag is
        MISSING: see partial.py. None: such words have no loss.
    RETURNS (float, array[n_words, n_tags]): The loss and d loss / d logits.
    """
    known = gold != scheme.MISSING
    shifted = logits - logits.max(1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    rows = np.flatnonzero(known)
    loss = -float(log_probs[rows, gold[rows]].sum())
    gradient = np.exp(log_probs)
    gradient[rows, gold[rows]] -= 1
    gradient[~known] = 0
    if possible is not None:
        more, gradient[~known] = partial_loss(log_probs[~known], possible[~known])
        loss += more
    return loss, gradient


def _gold_annotation(examples: Sequence[Example]) -> Iob:
    """What the predicted Docs should get, by spaCy's alignment where tokens differ."""
    given = read_iob([eg.reference for eg in examples])
    own = read_iob([eg.predicted for eg in examples])
    lengths_agree = all(len(eg.predicted) == len(eg.reference) for eg in examples)
    if lengths_agree and _same_tokens(own, given):
        return given
    iob, types = zip(*map(_align, examples), strict=True)
    return own._replace(iob=np.concatenate(iob), types=np.concatenate(types))


def _same_tokens(own: Iob, given: Iob) -> bool:
    return np.array_equal(own.orths, given.orths)  # hashes of the texts, the same in every vocab


def _align(example: Example) -> tuple[NDArray, NDArray]:
    """RETURNS (array[n_tokens], array[n_tokens]): IOB codes and types for the predicted tokens."""
    own, given = read_iob([example.predicted]), read_iob([example.reference])
    if _same_tokens(own, given):
        return given.iob, given.types
    tags = example.get_aligned_ner()
    codes = {None: scheme.IOB_MISSING, "-": scheme.IOB_MISSING, "O": scheme.IOB_OUTSIDE}
    begins = {"B": scheme.IOB_BEGIN, "U": scheme.IOB_BEGIN}
    iob = [codes[t] if t in codes else begins.get(t[0], scheme.IOB_INSIDE) for t in tags]
    types = [0 if t in codes else get_string_id(t[2:]) for t in tags]
    return np.asarray(iob, "int64"), np.asarray(types, "uint64")


def _without_space(iob: NDArray, words: NDArray) -> NDArray:
    """ENT_IOB of the real words; an entity that begins with white space begins at its first one."""
    entity = np.cumsum(iob == scheme.IOB_BEGIN)[words]
    begins = (iob[words] == scheme.IOB_INSIDE) & (np.diff(entity, prepend=0) > 0)
    return np.where(begins, scheme.IOB_BEGIN, iob[words])
