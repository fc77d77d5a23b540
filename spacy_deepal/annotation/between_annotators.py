"""How far annotators agree, on the sentences that two or more of them have labelled."""

from collections.abc import Iterable
from itertools import combinations

from ..files import Row
from ..rounds.rows import Entity
from .answers import BY_TEXT, Answer


class AgreementScores(Row):
    """The F1 of one annotator's entities against another's, from 0 to 1, over all pairs.

    sentences (int): How many were labelled twice or more often.
    exact (float): An entity counts if its tokens and its type are the same.
    overlapping (float): An entity counts if it has a type and a token in common: boundaries do not
        matter.
    """

    sentences: int
    exact: float
    overlapping: float


def compare_annotators(sentences: Iterable[list[Answer]]) -> AgreementScores | None:
    """Compare annotators in pairs. Labels that a text had before are nobody's.

    sentences (Iterable[list[Answer]]): The answer of each annotator to a sentence.
    RETURNS (AgreementScores | None): None if no sentence was labelled twice.
    """
    accepted = (
        [a for a in answers if a.answer == "accept" and a.by != BY_TEXT] for answers in sentences
    )
    shared = [answers for answers in accepted if len(answers) > 1]
    pairs = [(one.entities, two.entities) for each in shared for one, two in combinations(each, 2)]
    if not shared:
        return None
    return AgreementScores(
        sentences=len(shared),
        exact=_f1([(_same(one, two), _same(two, one), one, two) for one, two in pairs]),
        overlapping=_f1([(_meeting(one, two), _meeting(two, one), one, two) for one, two in pairs]),
    )


def _same(one: list[Entity], two: list[Entity]) -> int:
    return len({*one} & {*two})


def _meeting(one: list[Entity], two: list[Entity]) -> int:
    """RETURNS (int): The entities that share a type and a token with one of the others."""
    return sum(any(a[2] == b[2] and a[0] < b[1] and b[0] < a[1] for b in two) for a in one)


def _f1(pairs: list[tuple[int, int, list[Entity], list[Entity]]]) -> float:
    """RETURNS (float): (matched on both sides) / (all on both sides); 1 where nobody found any
    entity."""
    matched = sum(one + two for one, two, _, _ in pairs)
    total = sum(len(one) + len(two) for _, _, one, two in pairs)
    return matched / total if total else 1.0
