"""The gold tags of an Example, and the loss against them."""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ORTH
from spacy.errors import Errors
from spacy.tokens import Doc
from spacy.training import Example

from . import scheme
from .entities import read_iob


def gold_tags(examples: Sequence[Example], labels: Sequence[str]) -> list[NDArray[np.int64]]:
    """The tags that the predicted Docs should get, by spaCy's alignment where tokens differ.

    labels (Sequence[str]): The entity types, in the order of their tags; others count as O,
        and a warning names them.
    RETURNS (list[array[n_words]]): Tags of the real words of each; MISSING where there is no
        annotation.
    """
    if not examples:
        return []
    iob, types, words = zip(*map(_gold_annotation, examples), strict=True)
    lengths = [len(each) for each in words]
    ends = np.cumsum(lengths)
    starts = np.zeros(ends[-1], bool)
    starts[[end - length for end, length in zip(ends, lengths, strict=True) if length]] = True
    first = np.cumsum([0, *map(len, iob[:-1])])  # where the tokens of each Doc begin
    words = np.concatenate([each + start for each, start in zip(words, first, strict=True)])
    strings = examples[0].predicted.vocab.strings
    index = {strings[label]: i for i, label in enumerate(labels)}
    numbers, inverse = np.unique(np.concatenate(types), return_inverse=True)
    lookup = np.asarray([index.get(int(number), -1) for number in numbers], "int64")
    _check_types(examples, labels, numbers[lookup < 0])
    iob = _without_space(np.concatenate(iob), words)
    return np.split(scheme.encode(iob, lookup[inverse][words], starts), ends[:-1])


def _check_types(examples: Sequence[Example], labels: Sequence[str], unknown: NDArray) -> None:
    """Warn of entity types that are no labels.

    unknown (array): Their string ids, 0 for none. Only the vocab of a reference may know a name.
    RAISES (ValueError): A type begins with "!": as in spaCy's own `ner`, negative annotation has no
        place in training.
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

    gold (Sequence[array[n_words]]): Tags; MISSING where there is no annotation.
    go (int): Stands before the first word.
    predict (Callable): Gives the predicted tags [n_words] of some of the sentences, by number.
    """
    known = list(gold)
    partial = [i for i, tags in enumerate(gold) if (tags == scheme.MISSING).any()]
    for i, path in zip(partial, predict(partial) if partial else [], strict=True):
        known[i] = np.where(gold[i] == scheme.MISSING, path, gold[i])
    return [np.concatenate([[go], tags[:-1]]) for tags in known]


def tag_loss(logits: NDArray, gold: NDArray) -> tuple[float, NDArray]:
    """Cross-entropy, summed over the words that have a gold tag, and its gradient.

    logits (array[n_words, n_tags]): Scores before the softmax.
    gold (array[n_words]): Tags; MISSING gives neither loss nor gradient.
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
    return loss, gradient


def _gold_annotation(example: Example) -> tuple[NDArray, NDArray, NDArray]:
    """`read_iob` that the predicted Doc should get."""
    if _same_tokens(example.predicted, example.reference):
        return read_iob(example.reference)
    return _aligned_annotation(example)


def _aligned_annotation(example: Example) -> tuple[NDArray, NDArray, NDArray]:
    """`read_iob` of the predicted Doc, by spaCy's alignment with the reference."""
    strings = example.predicted.vocab.strings
    tags = example.get_aligned_ner()
    codes = {None: scheme.IOB_MISSING, "-": scheme.IOB_MISSING, "O": scheme.IOB_OUTSIDE}
    begins = {"B": scheme.IOB_BEGIN, "U": scheme.IOB_BEGIN}
    iob = [codes[t] if t in codes else begins.get(t[0], scheme.IOB_INSIDE) for t in tags]
    types = [0 if t in codes else strings.add(t[2:]) for t in tags]
    _, _, words = read_iob(example.predicted)
    return np.asarray(iob), np.asarray(types, "uint64"), words


def _without_space(iob: NDArray, words: NDArray) -> NDArray:
    """ENT_IOB of the real words; an entity that begins with white space begins at its first one."""
    entity = np.cumsum(iob == scheme.IOB_BEGIN)[words]
    begins = (iob[words] == scheme.IOB_INSIDE) & (np.diff(entity, prepend=0) > 0)
    return np.where(begins, scheme.IOB_BEGIN, iob[words])


def _same_tokens(predicted: Doc, reference: Doc) -> bool:
    if len(predicted) != len(reference):
        return False
    if predicted.vocab is not reference.vocab:
        return [t.text for t in predicted] == [t.text for t in reference]
    return bool(np.array_equal(predicted.to_array(ORTH), reference.to_array(ORTH)))
