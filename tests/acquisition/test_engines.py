"""Scoring shard by shard: the same bytes wherever and in whatever order, and it goes on."""

import shutil

import pytest

from spacy_deepal.acquisition import scoring_job
from spacy_deepal.acquisition.engines import Processes, in_process, make_engine
from spacy_deepal.acquisition.pool_scoring import score_pool
from spacy_deepal.acquisition.registry import acquisition_block
from spacy_deepal.acquisition.score_folder import ScoreFolder, ShardTask
from spacy_deepal.acquisition.scoring import score_docs
from spacy_deepal.acquisition.scoring_job import make_job
from spacy_deepal.errors import DeepALError
from spacy_deepal.pipelines import load_pipeline
from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import read_shards, write_shards

from ..pools import make_docs

FUNCTIONS = ["MNLP", "LC", "RAND", "BALD:samples=5"]


@pytest.fixture(scope="module")
def model(nlp, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model"
    nlp.to_disk(path)
    return path


def contents(folder):
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_one_process_is_this_one():
    assert make_engine(1) is in_process
    assert make_engine(3) == Processes(3)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_order_of_the_shards_changes_no_byte(model, pool, tmp_path, function):
    opened = Pool(pool)
    job = make_job(model, tmp_path / "one", acquisition_block(function), seed=3)
    score_pool(job, opened)
    job = make_job(model, tmp_path / "two", acquisition_block(function), seed=3)
    scorer = job.make_scorer()
    for shard in reversed(opened.shards):
        scorer(ShardTask(shard, frozenset()))
    ScoreFolder(tmp_path / "two").finish(opened, job.scoring, 60)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("count", [2, 3])
def test_the_number_of_processes_changes_no_byte(model, pool, tmp_path, count):
    block, engine = acquisition_block("BALD:samples=5"), Processes(count)
    assert score_pool(make_job(model, tmp_path / "one", block), Pool(pool)) == 60
    job = make_job(model, tmp_path / "two", block)
    assert score_pool(job, Pool(pool), engine=engine) == 60
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_scores_of_a_shard_are_those_of_its_sentences(nlp, model, pool, tmp_path):
    job = make_job(model, tmp_path / "scores", acquisition_block("MNLP"))
    score_pool(job, Pool(pool))
    found = ScoreFolder(tmp_path / "scores").read(Pool(pool))
    function = job.make_scorer().function
    expected = {
        item.id: item.score for item in score_docs(nlp, read_shards(pool, nlp.vocab), function)
    }
    assert {item.id: item.score for item in found} == pytest.approx(expected, rel=1e-5)


class Stop(BaseException):
    pass


def test_what_is_scored_is_passed_over_when_scoring_goes_on(model, pool, tmp_path):
    asked = []

    def until(stop):
        def engine(job, tasks):
            for number, count in enumerate(in_process(job, spied(tasks))):
                yield count
                if number + 1 == stop:
                    raise Stop

        return engine

    def spied(tasks):
        for task in tasks:
            asked.append(task.shard.name)
            yield task

    job = make_job(model, tmp_path / "scores", acquisition_block("MNLP"))
    with pytest.raises(Stop):
        score_pool(job, Pool(pool), engine=until(4))
    with pytest.raises(DeepALError, match=r"is not finished: it has scores of 4 of the 9 shards"):
        list(ScoreFolder(tmp_path / "scores").read(Pool(pool)))
    del asked[:]
    assert score_pool(job, Pool(pool), engine=until(None)) == 60
    assert len(asked) == 5
    del asked[:]
    assert score_pool(job, Pool(pool), engine=until(None)) == 60
    assert asked == []


def test_only_shards_with_excluded_sentences_are_scored_again(model, pool, tmp_path):
    job = make_job(model, tmp_path / "scores", acquisition_block("MNLP"))
    score_pool(job, Pool(pool))
    before = contents(tmp_path / "scores")
    assert score_pool(job, Pool(pool), exclude={"1-008", "1-009"}) == 58
    after = contents(tmp_path / "scores")
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"shard_0001.json", "scores.finished"}
    assert len(list(ScoreFolder(tmp_path / "scores").read(Pool(pool)))) == 58


def test_an_added_shard_is_scored_and_the_others_are_not(model, pool, tmp_path):
    job = make_job(model, tmp_path / "scores", acquisition_block("RAND"))
    score_pool(job, Pool(pool))
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "scores").glob("shard*")}
    write_shards(make_docs(5, 2), tmp_path / "more")
    (tmp_path / "more" / "shard_0000.spacy").rename(pool / "shard_0099.spacy")
    assert score_pool(job, Pool(pool)) == 65
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


def test_a_shard_that_changes_while_it_is_used_is_named(model, pool, tmp_path):
    opened = Pool(pool)
    job = make_job(model, tmp_path / "scores", acquisition_block("MNLP"))
    (pool / "shard_0003.spacy").write_bytes((pool / "shard_0004.spacy").read_bytes())
    with pytest.raises(DeepALError, match=r"shard_0003.spacy was changed after it was indexed"):
        score_pool(job, opened)
    (pool / "shard_0003.spacy").unlink()
    with pytest.raises(DeepALError, match=r"shard_0003.spacy was removed while the pool is used"):
        score_pool(job, opened)


def test_the_vocab_does_not_grow_with_the_pool(model, pool, tmp_path):
    job = make_job(model, tmp_path / "scores", acquisition_block("MNLP"))
    scorer = job.make_scorer()
    before = len(scorer.nlp.vocab.strings), len({*scorer.nlp.vocab})
    for shard in Pool(pool).shards:
        scorer(ShardTask(shard, frozenset()))
    assert (len(scorer.nlp.vocab.strings), len({*scorer.nlp.vocab})) == before


@pytest.fixture
def renewed_often(monkeypatch):
    """The model is loaded anew after each shard. RETURNS (list): Paths that were loaded."""
    loaded = []
    monkeypatch.setattr(scoring_job, "RENEW_AFTER", 1)
    monkeypatch.setattr(
        scoring_job, "load_pipeline", lambda path: loaded.append(path) or load_pipeline(path)
    )
    return loaded


def test_a_model_that_is_loaded_anew_changes_no_byte(model, pool, tmp_path, renewed_often):
    opened, block = Pool(pool), acquisition_block("BALD:samples=5")
    score_pool(make_job(model, tmp_path / "one", block), opened)
    assert renewed_often == [str(model)] * len(opened.shards)
    renewed_often.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring_job, "RENEW_AFTER", 1_000_000)
        score_pool(make_job(model, tmp_path / "two", block), opened)
    assert renewed_often == [str(model)]
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_model_that_changes_while_it_scores_is_named(model, pool, tmp_path, renewed_often):
    own = shutil.copytree(model, tmp_path / "model")
    scorer = make_job(own, tmp_path / "scores", acquisition_block("MNLP")).make_scorer()
    first, second, *_ = Pool(pool).shards
    scorer(ShardTask(first, frozenset()))
    (own / "deepal_ner" / "model").write_bytes(b"another one")
    with pytest.raises(DeepALError, match=r"has changed since its scoring began\. Score"):
        scorer(ShardTask(second, frozenset()))


def test_a_function_that_needs_no_model_is_not_scored_again_for_another_one(model, tmp_path):
    jobs = [make_job(model, tmp_path, acquisition_block(name)) for name in ("RAND", "MNLP")]
    assert [bool(job.scoring.model) for job in jobs] == [False, True]
