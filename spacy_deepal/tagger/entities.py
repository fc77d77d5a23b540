"""The entities of a Doc: read as IOB codes, written from tags."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ENT_IOB, ENT_TYPE, IS_SPACE
from spacy.tokens import Doc, Span

from . import scheme


def read_iob(doc: Doc) -> tuple[NDArray, NDArray, NDArray]:
    """RETURNS: ENT_IOB [n_tokens], ENT_TYPE [n_tokens], indices of the real words [n_words]."""
    table = doc.to_array([ENT_IOB, ENT_TYPE, IS_SPACE]) if len(doc) else np.zeros((0, 3), "uint64")
    return table[:, 0].astype("int64"), table[:, 1], np.flatnonzero(table[:, 2] == 0)


def set_entities(doc: Doc, tags: NDArray, labels: Sequence[int]) -> None:
    """Set the entities of a path. Entities and blocked tokens already there stay.

    tags (array[n_words]): Of the real words.
    labels (Sequence[int]): String ids of the entity types, in the order of their tags.
    """
    if not (tags.any() or doc.has_annotation("ENT_IOB")):
        doc.set_ents([])
        return
    iob, _, words = read_iob(doc)
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
