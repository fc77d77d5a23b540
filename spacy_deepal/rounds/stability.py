"""When to stop labelling without a test set: when the models' predictions no longer change.

After Bloodgood and Vijay-Shanker (2009), "A Method for Stopping Active Learning Based on
Stabilizing Predictions and the Need for User-Adjustable Stopping": successive models are compared
on a fixed random sample, the stop set, and the mean over the last three rounds decides. Sentences
stay in the stop set when they are labelled; otherwise it would shrink to what the acquisition
function leaves, which is easy and hardly changes. The paper compares classes by kappa. Here
entities are compared by F1, because two models hardly ever agree on a span by chance.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from heapq import nsmallest
from statistics import mean

from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..pool.lookup import fetch
from ..pool.pool import Pool
from ..seeds import derive_uniform
from ..sentences import sentence_id
from .rows import FoundEntities

STOP_SET = 2000  # sentences
ROUNDS = 3


def draw_stop_set(pool: Pool, vocab: Vocab, seed: int) -> list[Doc]:
    """Draw the sentences on which models are compared. The order of the pool does not matter.

    vocab (Vocab): The vocabulary of the Docs.
    RETURNS (list[Doc]): At most STOP_SET sentences with words, without entity annotation.
    """
    rows = (pair for row in pool.index() for pair in zip(row.ids, row.words, strict=True))
    worded = (name for name, words in rows if words)
    drawn = nsmallest(STOP_SET, worded, key=partial(derive_uniform, seed, "stop set"))
    return fetch(pool, drawn, vocab, with_gold=False)


def find_entities(nlp: Language, docs: Iterable[Doc]) -> list[FoundEntities]:
    """RETURNS (list[FoundEntities]): What a pipeline finds in each sentence."""
    return [
        FoundEntities(
            id=sentence_id(doc),
            entities=sorted((ent.start, ent.end, ent.label_) for ent in doc.ents),
        )
        for doc in nlp.pipe(docs)
    ]


def agreement(old: Sequence[FoundEntities], new: Sequence[FoundEntities]) -> float:
    """Compare what two models find in the sentences that both have read: 2 |A and B| / (|A| + |B|),
    the F1 of one model's entities against the other's. A pool that has grown between them has
    another stop set.

    RETURNS (float): From 0 to 1. It is 0 if neither finds any: then nothing has been learnt that
        could be stable.
    """
    both = {row.id for row in old} & {row.id for row in new}
    one, two = (
        {(row.id, *entity) for row in found if row.id in both for entity in row.entities}
        for found in (old, new)
    )
    return 2 * len(one & two) / (len(one) + len(two)) if one or two else 0.0


def stopping_point(
    stability: Sequence[float | None], threshold: float, rounds: int = ROUNDS
) -> int | None:
    """Find where the rule stops a run.

    stability (Sequence[float | None]): The stability of each round; None if it is not known.
    threshold (float), rounds (int): What the mean of so many last rounds must reach.
    RETURNS (int | None): The place in the sequence; None if the run continues.
    """
    for end in range(rounds, len(stability) + 1):
        known = [value for value in stability[end - rounds : end] if value is not None]
        if len(known) == rounds and mean(known) >= threshold:
            return end - 1
    return None
