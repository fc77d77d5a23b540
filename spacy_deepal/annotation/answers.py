"""What one person answered about one sentence, and what was suggested to them."""

from typing import Literal

from ..files import Row
from ..rounds.rows import Entity

Part = Literal["train", "dev", "test"]
LATER, IGNORE = "later", "ignore"
BY_TEXT = "the text"  # who gave the labels that a text had before anybody was asked


class Suggestion(Row):
    """An entity that is shown to a person before they answer.

    start, end (int): Its first token, and the token after its last.
    confidence (float | None): From 0 to 1. None: what suggests it does not say.
    source (str | None): The name of another pipeline that suggests it. None: the run's own model
        does, or else a list of terms or a pattern.
    """

    start: int
    end: int
    label: str
    confidence: float | None = None
    source: str | None = None


class Answer(Row):
    """One answer of one person to one sentence.

    key (str): Made by the page. An answer that is sent twice is written once.
    at (str): Time in UTC, ISO 8601.
    by (str): The annotator.
    id (str), tokens (list[str]): The sentence; a token keeps the space behind it.
    part (str): What the sentence is for.
    answer (str): "accept": `entities` are all there are. "ignore": the sentence cannot be labelled.
        "later": it is asked again.
    labels (list[str]): The types that the person could give. Of other types nothing is known.
    seconds (float): How long the person looked at the sentence, 120 at most.
    suggested (list): The entities that the person saw before they answered.
    model (int | None): The round whose model suggested them. None: no model did.
    """

    event: Literal["answer"] = "answer"
    key: str
    at: str
    by: str
    id: str
    part: Part
    answer: Literal["accept", "ignore", "later"]
    entities: list[Entity]
    labels: list[str]
    seconds: float
    tokens: list[str]
    suggested: list[Suggestion]
    model: int | None = None

    @property
    def words(self) -> int:
        """RETURNS (int): The real words of the sentence."""
        return sum(not token.isspace() for token in self.tokens)
