"""F1 on dev with its interval, and what a training changed, for the people who label."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from ..rounds.rows import FoundEntities
from ..sentences import bare_copy
from ..tagger.entities import is_known
from .labelling_folder import Changes, Measured

RESAMPLES = 2000
INTERVAL = 2.5, 97.5  # percentiles


def measure(nlp: Language, gold: Sequence[Doc], round_number: int, seed: int) -> Measured:
    """Compare a pipeline with dev. The interval comes from drawing the sentences of dev anew, with
    replacement (the percentile bootstrap: Efron and Tibshirani, 1993, chapter 13).

    gold (Sequence[Doc]): Labelled sentences.
    """
    bare = [bare_copy(doc, nlp.vocab) for doc in gold]
    counts = np.array(
        [count_matches(doc, found) for doc, found in zip(gold, nlp.pipe(bare), strict=True)]
    ).reshape(-1, 3)
    draw = np.random.default_rng(seed)
    often = draw.multinomial(len(counts), [1 / len(counts)] * len(counts), RESAMPLES)
    low, high = np.percentile(f1(often @ counts), INTERVAL)
    return Measured(
        round=round_number,
        f=float(f1(counts.sum(0))),
        low=float(low),
        high=float(high),
        sentences=len(gold),
        entities=int(counts[:, [0, 2]].sum()),
    )


def count_matches(gold: Doc, found: Doc) -> tuple[int, int, int]:
    """RETURNS (tuple[int, int, int]): The entities that were found, invented and missed. One that
    was found where nothing is annotated does not count, unless people have looked for its type."""
    wanted = {(ent.start, ent.end, ent.label_) for ent in gold.ents}
    known = {
        (ent.start, ent.end, ent.label_)
        for ent in found.ents
        if is_known(gold, ent.start, ent.end, ent.label_)
    }
    return len(wanted & known), len(known - wanted), len(wanted - known)


def f1(counts: NDArray) -> NDArray[np.float64]:
    """RETURNS (array[...]): F1 of counts [..., 3] as `count_matches` gives them; 0 where there is
    nothing to find and nothing was found."""
    right, invented, missed = np.moveaxis(counts, -1, 0)
    return 2 * right / np.maximum(1, 2 * right + invented + missed)


def compare_found(old: Sequence[FoundEntities], new: Sequence[FoundEntities]) -> Changes:
    """RETURNS (Changes): How the entities that two models found in the same sentences differ."""
    before, after = (
        {(row.id, *entity) for row in rows for entity in row.entities} for rows in (old, new)
    )
    return Changes(
        sentences=len(new),
        found=_by_type(after),
        gained=_by_type(after - before),
        lost=_by_type(before - after),
    )


def _by_type(entities: set[tuple[str, int, int, str]]) -> dict[str, int]:
    return dict(Counter(label for *_, label in entities).most_common())
