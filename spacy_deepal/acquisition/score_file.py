"""Scores, and the file that holds them: JSONL, one {"id", "words", "score"} on each line."""

from collections.abc import Iterable
from pathlib import Path

from ..errors import DeepALError
from ..files import Row, parse_row, placed_jsonl, write_jsonl


class Score(Row):
    """The id of a sentence, its number of real words, and its score (higher: label it sooner)."""

    id: str
    words: int
    score: float


def write_scores(scores: Iterable[Score], path: str | Path) -> int:
    """Write scores, all or (on any error) none. RETURNS (int): How many there are."""
    return write_jsonl(path, (score.model_dump() for score in scores))


def read_scores(path: str | Path) -> list[Score]:
    """Read the scores that `write_scores` wrote.

    RAISES (DeepALError): There is no such file; a line is not a score, or scores a sentence that an
        earlier line has scored.
    """
    remedy = "`spacy deepal score` writes a scores file."
    if not Path(path).is_file():
        raise DeepALError(f"There is no scores file {path}. {remedy}")
    scores: dict[str, Score] = {}
    for place, row in placed_jsonl(path):
        score = parse_row(Score, row, place, remedy)
        if score.id in scores:
            raise DeepALError(f"{place} scores sentence {score.id} a second time.")
        scores[score.id] = score
    return list(scores.values())
