"""Scores on disk: whole or refused, of one pool, one model and one function."""

import json

import numpy as np
import pytest

from spacy_deepal.acquisition.score_folder import ScoreFolder, Scoring, ShardTask
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import write_shards

from ..pools import fill_scores, make_doc, make_score, write_three

SCORING = Scoring(acquisition="MNLP", model="f00d", seed=3)
ROWS = [make_score("a", 3, 1 / 3), make_score("b", 2, 1e-300), make_score("c", 4, -0.1)]


@pytest.fixture
def pool(tmp_path):
    """Sentences a and b in one shard, c in another one."""
    return Pool(write_three(tmp_path / "pool"))


@pytest.fixture
def folder(pool, tmp_path):
    fill_scores(tmp_path / "scores", pool.path, ROWS)
    return ScoreFolder(tmp_path / "scores")


def count(folder, task, scoring):
    """How many sentences the scores of one shard have."""
    ((same, found),) = folder.count_current([task], scoring)
    assert same is task
    return found


def rewrite(file, **values):
    """Change the line of scores, and drop the seal of what it was."""
    line = json.loads(file.read_text("utf8").splitlines()[0])
    file.write_text(json.dumps(line | values) + "\n", "utf8")


def test_scores_come_back_to_the_last_bit(tmp_path):
    values = [1 / 3, 1.23456789e-15, 1e-300, -0.1, 5e-324, 1e300, float(np.float32(0.1)), 3.0]
    rows = [make_score(f"é\u2028{n}", 1, value) for n, value in enumerate(values)]
    write_shards([make_doc(row.id, ["x"]) for row in rows], tmp_path / "pool")
    fill_scores(tmp_path / "scores", tmp_path / "pool", reversed(rows))
    assert list(ScoreFolder(tmp_path / "scores").read(Pool(tmp_path / "pool"))) == rows


def test_there_is_a_file_for_each_shard_and_one_that_says_that_all_are_there(folder):
    names = sorted(path.name for path in folder.path.iterdir())
    assert names == ["scores.finished", "shard_0000.json", "shard_0001.json"]


def test_a_shard_in_a_sub_folder_has_its_scores_in_one(tmp_path, monkeypatch):
    monkeypatch.setattr("spacy_deepal.pool.shards.SHARDS_PER_FOLDER", 1)
    pool = write_three(tmp_path / "pool")
    fill_scores(tmp_path / "scores", pool, ROWS)
    assert (tmp_path / "scores" / "shards_0001" / "shard_0000.json").is_file()
    assert list(ScoreFolder(tmp_path / "scores").read(Pool(pool))) == ROWS


@pytest.mark.parametrize("name", ["scores.finished", "shard_0001.json"])
def test_half_a_scoring_is_refused_with_the_counts(pool, folder, name):
    (folder.path / name).unlink()
    there = 2 if name == "scores.finished" else 1
    with pytest.raises(DeepALError, match=f"it has scores of {there} of the 2 shards .*goes on"):
        list(folder.read(pool))


def test_scores_of_a_shard_that_has_changed_are_refused(pool, folder, tmp_path):
    docs = [make_doc(name, ["other"]) for name in "abc"]
    write_shards(docs, pool.path, sentences_per_shard=2)
    with pytest.raises(DeepALError, match=r"shard_0000.json has scores of another shard than"):
        list(folder.read(Pool(pool.path)))


@pytest.mark.parametrize("change", [{"model": "beef"}, {"acquisition": "LC"}, {"seed": 4}])
def test_scores_by_two_models_functions_or_seeds_are_refused(pool, folder, change):
    other = Scoring(acquisition="own").model_copy(update=change)
    folder.write(ShardTask(pool.shards[1], frozenset()), ROWS[2:], other)
    with pytest.raises(DeepALError, match=r"shard_0001.json was made by another model, function"):
        list(folder.read(pool))


def test_scores_of_a_pool_with_more_shards_are_refused(folder, pool):
    write_shards([make_doc("d", ["x"])], pool.path.parent / "more")
    (pool.path.parent / "more" / "shard_0000.spacy").rename(pool.path / "shard_0002.spacy")
    with pytest.raises(DeepALError, match="it has scores of 2 of the 3 shards"):
        list(folder.read(Pool(pool.path)))


def test_scores_of_another_pool_are_not_overwritten(folder, tmp_path):
    write_shards([make_doc("x", ["x"])], tmp_path / "other")
    with pytest.raises(DeepALError, match=r"other things than scores of the pool .*shard_0001"):
        folder.begin(Pool(tmp_path / "other"))
    assert (folder.path / "shard_0001.json").is_file()


def test_what_was_cut_or_changed_is_refused(pool, folder):
    file = folder.path / "shard_0000.json"
    line, seal = file.read_text("utf8").splitlines()
    file.write_text(line + "\n", "utf8")
    with pytest.raises(DeepALError, match=r"shard_0000.json is not whole"):
        list(folder.read_files(["shard_0000.spacy"]))
    file.write_text(line.replace("0.333", "0.433") + "\n" + seal, "utf8")
    with pytest.raises(DeepALError, match=r"shard_0000.json was changed"):
        list(folder.read_files(["shard_0000.spacy"]))


def test_a_changed_note_of_how_the_pool_was_scored_is_refused(pool, folder):
    file = folder.path / "scores.finished"
    file.write_text(file.read_text("utf8").replace('"fits": false', '"fits": true'), "utf8")
    with pytest.raises(DeepALError, match=r"scores\.finished was changed .* goes on"):
        folder.check(pool)


@pytest.mark.parametrize(
    "values",
    [
        {"words": [3]},
        {"ids": ["a", "a"]},
        {"ids": None},
        {"scores": [1.0, None]},
        {"scores": [1.0, float("nan")]},
        {"scores": [1.0, float("-inf")]},
        {"words": [3, "two"]},
        {"scoring": {}},
    ],
)
def test_what_are_no_scores_is_refused_with_file_and_line(folder, values):
    rewrite(folder.path / "shard_0000.json", **values)
    with pytest.raises(DeepALError, match=r"shard_0000.json, line 1: .* Score the pool again"):
        list(folder.read_files(["shard_0000.spacy"]))


def test_a_sentence_that_is_scored_twice_or_is_not_in_the_pool_is_refused(pool, tmp_path):
    with pytest.raises(DeepALError, match="Sentence a is scored twice"):
        fill_scores(tmp_path / "scores", pool.path, [ROWS[0], ROWS[0]])
    fill_scores(tmp_path / "scores", pool.path, ROWS)
    with pytest.raises(DeepALError, match=r"not in the pool .*: 1 \(the first: x\)"):
        fill_scores(tmp_path / "scores", pool.path, [make_score("x", 1, 1.0)])
    for wrong in (np.nan, None, "1"):
        with pytest.raises(DeepALError, match=r"to sentence a\. A score must be a"):
            fill_scores(tmp_path / "scores", pool.path, [ROWS[0]._replace(score=wrong)])
    assert list(ScoreFolder(tmp_path / "scores").read(pool)) == ROWS


def test_scores_may_be_numbers_of_numpy(pool, tmp_path):
    rows = [make_score(row.id, np.int64(row.words), np.float64(row.score)) for row in ROWS]
    fill_scores(tmp_path / "scores", pool.path, rows)
    assert list(ScoreFolder(tmp_path / "scores").read(pool)) == ROWS


def test_a_shard_may_be_called_finished(tmp_path):
    write_shards([make_doc("a", ["x"])], tmp_path / "pool")
    pool = Pool((tmp_path / "pool/shard_0000.spacy").rename(tmp_path / "finished.spacy"))
    ScoreFolder(tmp_path / "scores").fill(
        pool, [make_score("a", 1, 2.0)], Scoring(acquisition="own")
    )
    assert [row.score for row in ScoreFolder(tmp_path / "scores").read(pool)] == [2.0]


def test_scores_of_another_version_of_this_package_are_made_again(pool, folder):
    task, scoring = ShardTask(pool.shards[0], frozenset()), Scoring(acquisition="own")
    assert count(folder, task, scoring) == 2
    assert count(folder, task, scoring.model_copy(update={"version": "0.1.0"})) is None


def test_scores_are_current_while_shard_exclusion_and_scoring_are_the_same(pool, tmp_path):
    folder, task = ScoreFolder(tmp_path / "s"), ShardTask(pool.shards[0], frozenset("a"))
    assert count(folder, task, SCORING) is None
    folder.write(task, ROWS[1:2], SCORING)
    assert count(folder, task, SCORING) == 1
    assert count(folder, task._replace(excluded=frozenset()), SCORING) is None
    assert count(folder, task, SCORING.model_copy(update={"seed": 4})) is None
    changed = pool.shards[0]._replace(fingerprint="0")
    assert count(folder, task._replace(shard=changed), SCORING) is None
