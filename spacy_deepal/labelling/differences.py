"""The sentences that people have labelled differently: who said what, and whose answer counts."""

from collections.abc import Iterable

from ..annotation.answers import IGNORE, LATER, Answer
from ..annotation.contradictions import entities_in_words
from ..files import Row
from .journal import Annotations


class Difference(Row):
    """A sentence about which people say different things.

    id (str), text (str): The sentence.
    said (dict): What each annotator says, the last one last: entities, as in "Ada (PER), Rome
        (LOC)", "no entity", or "ignored".
    counts (str): The annotator whose answer counts.
    """

    id: str
    text: str
    said: dict[str, str]
    counts: str


def find_differences(annotations: Annotations) -> list[Difference]:
    """RETURNS (list[Difference]): All such sentences, in the order in which they were first shown.
    A type that one of the annotators could not give yet makes no difference."""
    found = (_compare(annotations.of(final.id), final) for final in annotations.settled())
    return [difference for difference in found if difference is not None]


def _compare(answers: Iterable[Answer], final: Answer) -> Difference | None:
    given = [answer for answer in answers if answer.answer != LATER]
    labels = set.intersection(*(set(answer.labels) for answer in given))
    if len({_kept(answer, labels) for answer in given}) < 2:
        return None
    return Difference(
        id=final.id,
        text="".join(final.tokens),
        said={answer.by: _describe(answer) for answer in given},
        counts=final.by,
    )


def _kept(answer: Answer, labels: set[str]) -> tuple:
    entities = (entity for entity in answer.entities if entity[2] in labels)
    return answer.answer, *sorted(entities)


def _describe(answer: Answer) -> str:
    if answer.answer == IGNORE:
        return "ignored"
    return entities_in_words(answer.tokens, sorted(answer.entities))
