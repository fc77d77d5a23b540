"""Whose answer counts when several people have answered the same: one rule for page and tools."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Literal, TypeVar

from ..rounds.rows import Entity

Decisive = Literal["first", "last", "majority"]
Rule = Literal["error", "first", "last", "majority"]
OPTION = "--active_learning.oracle"

AnswerType = TypeVar("AnswerType")


def last_of_each(given: Iterable[AnswerType], by: Callable[[AnswerType], str]) -> list[AnswerType]:
    """RETURNS (list): The last answer of each person, in the order in which these were given.

    given (Iterable): Answers about the same, in their order.
    by (Callable): Who gave an answer. Where that is not known, it is empty, and the answer is that
        of a person of its own.
    """
    last: dict[str | int, AnswerType] = {}
    for number, answer in enumerate(given):
        name = by(answer) or number
        last.pop(name, None)  # so that it moves to the end
        last[name] = answer
    return list(last.values())


def candidates(
    given: Iterable[AnswerType], rule: Rule, by: Callable[[AnswerType], str]
) -> list[AnswerType]:
    """RETURNS (list): The answers among which the rule chooses: `last_of_each`. With "error" they
    are all: what one person says has to agree, too."""
    return list(given) if rule == "error" else last_of_each(given, by)


def choose(
    given: Sequence[AnswerType], rule: Rule, said: Callable[[AnswerType], Hashable]
) -> AnswerType | None:
    """Choose the answer that counts.

    "first" and "last" are the first and the last one. "majority" is what most people said; of
    several things that equally many said, that which was said last. "error" chooses nothing.

    given (Sequence): The `candidates`; at least one.
    said (Callable): What an answer says. Where all say the same, there is nothing to choose.
    RETURNS: One of the answers. None: two say different things, and the rule is "error".
    """
    counts = Counter(map(said, given))
    if rule == "error" and len(counts) > 1:
        return None
    if rule == "first":
        return given[0]
    most = max(counts.values()) if rule == "majority" else 0
    return next(each for each in reversed(given) if counts[said(each)] >= most)


def describe_contradiction(name: str, text: str, said: Iterable[tuple[str, str]]) -> str:
    """RETURNS (str): What people have to decide, with the remedy, and a line for each answer.

    name, text (str): The sentence. said (Iterable): What was said, and where.
    """
    lines = "".join(f"\n    {what}  ({where})" for what, where in said)
    return (
        f"{name}: answers contradict each other. Correct them, or choose with "
        f"{OPTION}.contradictions first, last or majority: {text[:80]}{lines}"
    )


def entities_in_words(tokens: Sequence[str], entities: Iterable[Entity]) -> str:
    """RETURNS (str): As in "Ada (PER), Rome (LOC)", or "no entity".

    tokens (Sequence[str]): Those of the sentence; each keeps the space behind it.
    """
    shown = (f"{''.join(tokens[start:end]).strip()} ({label})" for start, end, label in entities)
    return ", ".join(shown) or "no entity"
