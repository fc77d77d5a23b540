import json

import numpy as np
import pytest

from spacy_deepal.acquisition.score_file import Scoring, read_scores, write_scores
from spacy_deepal.errors import DeepALError

from ..pools import make_score


def test_scores_come_back_to_the_last_bit(tmp_path):
    values = [1 / 3, 1.23456789e-15, 1e-300, -0.1, 5e-324, 1e300, float(np.float32(0.1)), 3.0]
    scores = [make_score(f"é\u2028{n}", n, value) for n, value in enumerate(values)]
    write_scores(scores, tmp_path / "s.jsonl", SCORING)
    assert read_scores(tmp_path / "s.jsonl") == (SCORING, scores)


SCORING = Scoring(pool="f00d", acquisition="MNLP", seed=3)


@pytest.mark.parametrize("kept", [slice(0, 3), slice(1, 4), slice(0, 0), slice(0, 1)])
def test_scores_that_are_not_whole_are_refused(kept, tmp_path):
    file = tmp_path / "s.jsonl"
    write_scores([make_score("a", 3, 1.0), make_score("b", 2, 1.0)], file, SCORING)
    lines = file.read_text(encoding="utf8").splitlines(keepends=True)
    assert len(lines) == 4
    file.write_text("".join(lines[kept]), encoding="utf8")
    with pytest.raises(DeepALError, match=r"s\.jsonl.* Score the pool again"):
        read_scores(file)


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
    text = f"{SCORING.model_dump_json()}\n{good}\n{line}\n"
    (tmp_path / "s.jsonl").write_text(text, encoding="latin1")
    with pytest.raises(DeepALError, match=r"s\.jsonl, line 3(:| is not JSON).* Score the pool ag"):
        read_scores(tmp_path / "s.jsonl")


def test_a_sentence_that_is_scored_twice_is_refused(tmp_path):
    write_scores(
        [make_score("a", 3, 1.0), make_score("b", 2, 1.0), make_score("a", 3, 2.0)],
        tmp_path / "s.jsonl",
        SCORING,
    )
    with pytest.raises(DeepALError, match="line 4 scores sentence a a second time"):
        read_scores(tmp_path / "s.jsonl")
