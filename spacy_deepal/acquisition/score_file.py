"""Scores, and the sealed file that holds them: how they were made, then one for each sentence."""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from ..errors import DeepALError
from ..files import Row, parse_row
from ..sealed import read_sealed, write_sealed

SCORE_AGAIN = "Score the pool again: `spacy deepal score`."


class Scoring(Row):
    """How scores were made: the first line of their file.

    pool (str): The fingerprint of the pool.
    model (str), acquisition (str), seed (int): What scored it; as the user named them.
    """

    pool: str
    model: str | None = None
    acquisition: str
    seed: int = 0


class Score(Row):
    """The id of a sentence, its number of real words, and its score (higher: label it sooner)."""

    id: str
    words: int
    score: float


def write_scores(scores: Iterable[Score], path: str | Path, scoring: Scoring) -> int:
    """Write scores, all or (on any error) none. RETURNS (int): How many there are."""
    return write_sealed(Path(path), chain([scoring], scores)) - 1


def read_scores(path: str | Path) -> tuple[Scoring, list[Score]]:
    """Read what `write_scores` wrote.

    RAISES (DeepALError): There is no such file; it is not whole; a line is not a score, or scores a
        sentence that an earlier line has scored.
    """
    path = Path(path)
    if not path.is_file():
        raise DeepALError(f"There is no scores file {path}. `spacy deepal score` writes one.")
    rows = read_sealed(path, SCORE_AGAIN)
    first = next(rows, (f"{path}, line 1", None))
    scoring = parse_row(Scoring, first[1], first[0], SCORE_AGAIN)
    scores: dict[str, Score] = {}
    for place, row in rows:
        score = parse_row(Score, row, place, SCORE_AGAIN)
        if score.id in scores:
            raise DeepALError(f"{place} scores sentence {score.id} a second time. {SCORE_AGAIN}")
        scores[score.id] = score
    return scoring, list(scores.values())
