"""What the labelling page and its server tell each other, and the checks of what people enter."""

from collections.abc import Iterable, Sequence
from typing import Literal

from ..annotation.between_annotators import AgreementScores
from ..errors import DeepALError, plural
from ..files import Row
from ..rounds.rows import Entity
from .differences import Difference
from .labelling_folder import Status, Task

LONGEST_NAME = 40  # characters


class Given(Row):
    """An answer as the page sends it; see `Answer`."""

    key: str
    id: str
    answer: Literal["accept", "ignore", "later"]
    entities: list[Entity]
    labels: list[str]
    seconds: float


class CurvePoint(Row):
    """A finished round on the learning curve: words labelled, F1 on dev."""

    words: int
    f: float


class Progress(Status):
    """What stands beside the sentence: what the background process does, and what people have done.

    words, sentences (int): What is labelled to train on.
    waiting (int): Its words that no round has trained on yet.
    dev_words, test_words (int): What is labelled for these.
    seconds_per_word (float | None): Of the last answers; None before there is one.
    by_annotator (dict): The number of sentences that each has answered.
    different (int): The sentences about which people say different things.
    differences (list[Difference]): The last of these.
    """

    words: int
    sentences: int
    waiting: int
    dev_words: int
    dev_entities: int
    test_words: int
    seconds_per_word: float | None
    curve: list[CurvePoint]
    agreement: AgreementScores | None
    by_annotator: dict[str, int]
    different: int
    differences: list[Difference]


class View(Row):
    """What the page of an annotator shows.

    run (str): Its name.
    run_id (str): No other run has the same.
    task (Task | None): None while there is no sentence.
    put_off (bool): The annotator has put it off before.
    again (int): The sentences that are still to be looked at again, for a new type.
    finished (bool): All of the text is labelled.
    """

    run: str
    run_id: str
    lang: str
    labels: list[str]
    task: Task | None
    put_off: bool
    again: int
    finished: bool
    can_undo: bool
    progress: Progress


def check_entities(given: Given, task: Task, labels: Sequence[str]) -> None:
    """RAISES (DeepALError): An entity is not in the sentence, overlaps the one before, begins or
    ends with white space, or has a type that nobody has added."""
    end_before = 0
    if unknown := [label for label in given.labels if label not in labels]:
        raise DeepALError(f"These types are not known: {', '.join(unknown)}.")
    for start, end, label in sorted(given.entities):
        if not end_before <= start < end <= len(task.tokens):
            raise DeepALError(
                f"The entity from token {start} to {end} overlaps another one, or is not in the "
                f"sentence of {plural(len(task.tokens), 'token')}."
            )
        if task.tokens[start].isspace() or task.tokens[end - 1].isspace():
            raise DeepALError(f"The entity from token {start} to {end} has white space at its end.")
        if label not in given.labels:
            raise DeepALError(f"{label!r} is not one of the types {', '.join(given.labels)}.")
        end_before = end


def check_label(label: str, labels: Iterable[str]) -> None:
    """RAISES (DeepALError): A type is there already, or no name for a type."""
    if label in labels:
        raise DeepALError(f"The type {label} is there already.")
    if not label or len(label) > LONGEST_NAME or not label.isprintable() or set(label) & set(" ,!"):
        raise DeepALError(
            f"{label!r} is not a name for a type. Use up to {LONGEST_NAME} characters without "
            "spaces, commas and exclamation marks, such as PRODUCT."
        )
