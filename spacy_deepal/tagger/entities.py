"""The entities of a Doc: read as IOB codes, written from tags."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ENT_IOB, ENT_TYPE, IS_SPACE, ORTH
from spacy.tokens import Doc, Span

from ..sentences import labels_looked_for
from . import scheme


class Iob(NamedTuple):
    """The annotation of Docs as spaCy stores it, Doc by Doc."""

    orths: NDArray  # [n_tokens]
    iob: NDArray  # [n_tokens] int64: 0 missing, 1 inside, 2 outside, 3 begin
    types: NDArray  # [n_tokens]
    words: NDArray  # [n_words]: which tokens are real words


def read_iob(docs: Sequence[Doc]) -> Iob:
    """RETURNS (Iob): The entities of Docs, token by token."""
    tables = [doc.to_array([ORTH, ENT_IOB, ENT_TYPE, IS_SPACE]) for doc in docs if len(doc)]
    orths, iob, types, space = np.concatenate([np.zeros((0, 4), "uint64"), *tables]).T
    return Iob(orths, iob.astype("int64"), types, np.flatnonzero(space == 0))


def is_known(gold: Doc, start: int, end: int, label: str) -> bool:
    """RETURNS (bool): Whether an entity is known to be right or wrong: one of its tokens is
    annotated, or people have looked for its type in the whole sentence.

    gold (Doc): The same tokens, labelled. start, end (int): First token, and that after the last.
    """
    annotated = any(token.ent_iob != scheme.IOB_MISSING for token in gold[start:end])
    return annotated or label in labels_looked_for(gold)


def set_entities(doc: Doc, tags: NDArray, labels: Sequence[int]) -> None:
    """Set the entities of a path. Entities and blocked tokens already there stay.

    tags (array[n_words]): Of the real words.
    labels (Sequence[int]): String ids of the entity types, in the order of their tags.
    """
    if not (tags.any() or doc.has_annotation("ENT_IOB")):
        doc.set_ents([])
        return
    _, iob, _, words = read_iob([doc])
    taken = (iob == scheme.IOB_BEGIN) | (iob == scheme.IOB_INSIDE)
    entities = []
    for first, end, label in scheme.decode(tags.tolist()):
        start, stop = int(words[first]), int(words[end - 1]) + 1
        if not taken[start:stop].any():
            entities.append(Span(doc, start, stop, label=labels[label]))
    if not iob.any():
        doc.set_ents(entities)
        return
    free = iob == scheme.IOB_MISSING  # tokens without annotation that no new entity covers
    for entity in entities:
        free[entity.start : entity.end] = False
    outside = [Span(doc, i, i + 1) for i in np.flatnonzero(free).tolist()]
    doc.set_ents(entities, outside=outside, default="unmodified")
