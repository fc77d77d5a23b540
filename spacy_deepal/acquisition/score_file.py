"""Scores, and the file that holds them: JSONL, one {"id", "words", "score"} on each line."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path

from ..errors import DeepALError
from ..files import placed_jsonl, write_jsonl


@dataclass(frozen=True)
class Score:
    """The id of a sentence, its number of real words, and its score (higher: label it sooner)."""

    id: str
    words: int
    score: float


def write_scores(scores: Iterable[Score], path: str | Path) -> int:
    """Write scores, all or (on any error) none.

    RETURNS (int): How many there are.
    """
    return write_jsonl(path, (asdict(score) for score in scores))


def read_scores(path: str | Path) -> list[Score]:
    """Read the scores that `write_scores` wrote.

    RAISES (DeepALError): There is no such file; a line is not a score, or scores a sentence that an
        earlier line has scored.
    """
    if not Path(path).is_file():
        raise DeepALError(f"There is no scores file {path}. `spacy deepal score` makes it.")
    scores: dict[str, Score] = {}
    for place, row in placed_jsonl(path):
        try:
            score = Score(str(row["id"]), int(row["words"]), float(row["score"]))
        except (ValueError, KeyError, TypeError, OverflowError):
            score = None
        if score is None or not isfinite(score.score):
            raise DeepALError(
                f'{place} is not a score: {str(row)[:80]}. It must be {{"id": …, "words": …, '
                '"score": …}, and the score a finite number.'
            )
        if score.id in scores:
            raise DeepALError(f"{place} scores sentence {score.id} a second time.")
        scores[score.id] = score
    return list(scores.values())
