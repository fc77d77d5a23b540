"""When to stop labelling without a test set: when what models say no longer changes.

After Bloodgood and Vijay-Shanker (2009), "A Method for Stopping Active Learning Based on
Stabilizing Predictions and the Need for User-Adjustable Stopping": successive models are compared
on a fixed random sample, and the mean over the last three rounds decides. Sentences stay in it when
they are labelled: else it would become what a function leaves, which is easy and hardly changes.
Theirs compares classes by kappa; here it is entities by F1, for spans hardly agree by chance.
"""

from collections.abc import Iterable, Sequence
from heapq import nsmallest
from pathlib import Path
from statistics import mean

from spacy.language import Language
from spacy.tokens import Doc

from ..files import read_jsonl, write_jsonl
from ..seeds import derive_uniform
from ..sentences import count_words, sentence_id

STOP_SET = 2000  # sentences
ROUNDS = 3

# By sentence id, the entities: first word, word after the last, label.
Entities = dict[str, set[tuple[int, int, str]]]


def draw_stop_set(docs: Iterable[Doc], seed: int) -> list[Doc]:
    """Draw the sentences on which models are compared, the same ones whatever their order.

    docs (Iterable[Doc]): The pool.
    RETURNS (list[Doc]): At most STOP_SET sentences with words, their entities missing.
    """
    worded = (doc for doc in docs if count_words(doc))
    drawn = nsmallest(
        STOP_SET, worded, key=lambda doc: derive_uniform(seed, "stop set", sentence_id(doc))
    )
    for doc in drawn:
        doc.set_ents([], default="missing")
    return drawn


def compare(nlp: Language, docs: Iterable[Doc], output: Path, before: Path | None) -> float | None:
    """Write what a pipeline finds, and compare it with what another one has found.

    before (Path | None): What this has written for the other; it may be missing.
    RETURNS (float | None): As `agreement`; None without the other.
    """
    entities = find_entities(nlp, docs)
    write_entities(entities, output)
    return agreement(read_entities(before), entities) if before and before.exists() else None


def find_entities(nlp: Language, docs: Iterable[Doc]) -> Entities:
    """RETURNS (dict): What a pipeline finds in each sentence."""
    return {
        sentence_id(doc): {(ent.start, ent.end, ent.label_) for ent in doc.ents}
        for doc in nlp.pipe(docs)
    }


def agreement(old: Entities, new: Entities) -> float:
    """Compare what two models find in the same sentences: 2 |A and B| / (|A| + |B|), the F1 of
    one's entities against the other's.

    RETURNS (float): From 0 to 1; 0 where neither finds any, for then nothing has been learnt that
        could be stable.
    """
    found = sum(len(old[name]) + len(new[name]) for name in new)
    return 2 * sum(len(old[name] & new[name]) for name in new) / found if found else 0.0


def stopping_point(
    stability: Sequence[float | None], threshold: float, rounds: int = ROUNDS
) -> int | None:
    """Find where the rule stops a run.

    stability (Sequence[float | None]): Of each round; None where it is not known.
    threshold (float): What the mean of the last rounds must reach.
    rounds (int): How many they are.
    RETURNS (int | None): The place in the sequence; None if it goes on.
    """
    for end in range(rounds, len(stability) + 1):
        last = stability[end - rounds : end]
        if None not in last and mean(last) >= threshold:
            return end - 1
    return None


def write_entities(entities: Entities, path: Path) -> None:
    """Write entities as JSONL, a line a sentence: {"id", "entities"}."""
    write_jsonl(path, ({"id": name, "entities": sorted(ents)} for name, ents in entities.items()))


def read_entities(path: Path) -> Entities:
    """RETURNS (dict): What `write_entities` wrote."""
    return {line["id"]: set(map(tuple, line["entities"])) for line in read_jsonl(path)}
