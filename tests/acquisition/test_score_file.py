import json

import numpy as np
import pytest

from spacy_deepal.acquisition.score_file import read_scores, write_scores
from spacy_deepal.errors import DeepALError

from ..pools import make_score


def test_scores_come_back_to_the_last_bit(tmp_path):
    values = [1 / 3, 1.23456789e-15, 1e-300, -0.1, 5e-324, 1e300, float(np.float32(0.1)), 3.0]
    scores = [make_score(f"é\u2028{n}", n, value) for n, value in enumerate(values)]
    write_scores(scores, tmp_path / "s.jsonl")
    assert read_scores(tmp_path / "s.jsonl") == scores


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "null",
        "[]",
        '"a"',
        "{}",
        '{"id": "b", "words": 2}',
        '{"id": "b", "words": "two", "score": 1.0}',
        '{"id": "b", "words": null, "score": 1.0}',
        '{"id": "b", "words": Infinity, "score": 1.0}',
        '{"id": "b", "words": 2, "score": null}',
        '{"id": "b", "words": 2, "score": NaN}',
        '{"id": "b", "words": 2, "score": -Infinity}',
        '{"id": "b", "words": 2, "score": 1e999}',
        "\x00\xff",
    ],
)
def test_a_line_that_is_no_score_is_named_by_its_number(line, tmp_path):
    good = json.dumps({"id": "a", "words": 3, "score": 1.0})
    (tmp_path / "s.jsonl").write_text(f"{good}\n{line}\n", encoding="latin1")
    with pytest.raises(DeepALError, match=r"s\.jsonl, line 2(:| is not JSON)"):
        read_scores(tmp_path / "s.jsonl")


def test_a_sentence_that_is_scored_twice_is_refused(tmp_path):
    write_scores(
        [make_score("a", 3, 1.0), make_score("b", 2, 1.0), make_score("a", 3, 2.0)],
        tmp_path / "s.jsonl",
    )
    with pytest.raises(DeepALError, match="line 3 scores sentence a a second time"):
        read_scores(tmp_path / "s.jsonl")
