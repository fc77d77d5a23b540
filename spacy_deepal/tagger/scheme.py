"""BIOES tags <-> entity spans. Only this module knows what the number of a tag stands for.

Tag 0 is O; the label at index k has the tags 4k+1 to 4k+4: B, I, E, S. There are 4L+1 tags.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

OUTSIDE = 0
MISSING = -1
BEGIN, INSIDE, END, SINGLE = 1, 2, 3, 4
IOB_MISSING, IOB_INSIDE, IOB_OUTSIDE, IOB_BEGIN = 0, 1, 2, 3


def tag_count(labels: Sequence[str]) -> int:
    """RETURNS (int): The number of tags for these entity types, 4L+1."""
    return 4 * len(labels) + 1


def allowed(n_tags: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which paths the scheme allows: B or I goes on in I or E of its type, nothing else does.

    RETURNS (array[n_tags + 1, n_tags], array[n_tags]): Whether a tag may stand behind another, the
        last row being the beginning of a sentence; and whether a tag may end one.
    """
    kinds, positions = np.divmod(np.arange(n_tags) - 1, 4)
    positions = np.where(kinds < 0, OUTSIDE, positions + 1)
    open_ = np.isin(positions, (BEGIN, INSIDE))
    continues = np.isin(positions, (INSIDE, END))
    inside = open_[:, None] & continues & (kinds[:, None] == kinds)
    between = ~open_[:, None] & ~continues
    return np.vstack([inside | between, ~continues]), ~open_


def keeps_scheme(tags: NDArray, lengths: Sequence[int], n_tags: int) -> NDArray[np.bool_]:
    """RETURNS (array[len(lengths)]): Whether the scheme allows the path of each sentence.

    tags (array[n_words]): Tag numbers, sentence by sentence.
    lengths (Sequence[int]): Words of each sentence, none empty.
    """
    follows, ends = allowed(n_tags)
    sizes = np.asarray(lengths)
    last = np.cumsum(sizes) - 1
    first = last - sizes + 1
    before = np.roll(tags, 1)
    before[first] = n_tags
    kept = follows[before, tags]
    kept[last] &= ends[tags[last]]
    return np.logical_and.reduceat(kept, first)


def encode(iob: NDArray, types: NDArray, starts: NDArray) -> NDArray[np.int64]:
    """Number the tags of a run of sentences from their IOB codes and entity types.

    iob (array[n_words]): spaCy's ENT_IOB codes: 0 missing, 1 inside, 2 outside, 3 begin.
    types (array[n_words]): Index of the entity type; below 0 for none (a blocked word counts as O).
    starts (array[n_words]): True at the first word of a sentence.
    RETURNS (array[n_words]): Tag numbers; MISSING where the annotation is.
    """
    entity = ((iob == IOB_INSIDE) | (iob == IOB_BEGIN)) & (types >= 0)
    previous_entity = np.roll(entity, 1) & ~starts
    same_type = np.roll(types, 1) == types
    begins = entity & ((iob == IOB_BEGIN) | ~previous_entity | ~same_type)
    goes_on = np.roll(entity & ~begins, -1)  # the first word begins, so nothing comes round
    position = np.where(begins, np.where(goes_on, BEGIN, SINGLE), np.where(goes_on, INSIDE, END))
    tags = np.where(entity, 4 * types + position, OUTSIDE)
    return np.where(iob == IOB_MISSING, MISSING, tags).astype(np.int64)


def decode(tags: Sequence[int]) -> list[tuple[int, int, int]]:
    """Read the entities off one sentence's tags.

    A greedy path can be inconsistent. An entity is a run of tags of one type; it begins at B or S
    or where the type changes, and ends after E or S or before the next beginning, so that a run
    whose B or E is wrong keeps its entity.

    RETURNS (list[tuple[int, int, int]]): (first word, word after the last, index of the type).
    """
    spans = []
    start, current = -1, -1
    for i, tag in enumerate([*tags, OUTSIDE]):
        kind, position = (tag - 1) // 4, (tag - 1) % 4 + 1  # the kind of O is -1
        if start >= 0 and (kind != current or position in (BEGIN, SINGLE)):
            spans.append((start, i, current))
            start = -1
        if kind >= 0 and start < 0:
            start, current = i, kind
        if start >= 0 and position in (END, SINGLE):
            spans.append((start, i + 1, current))
            start = -1
    return spans
