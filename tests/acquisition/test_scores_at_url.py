"""Scoring a pool at a URL, and into one: the same bytes as with local folders."""

from itertools import islice

import pytest
from spacy.vocab import Vocab

from spacy_deepal.acquisition.engines import Processes, in_process
from spacy_deepal.acquisition.pool_scoring import score_pool
from spacy_deepal.acquisition.registry import acquisition_block
from spacy_deepal.acquisition.score_folder import ScoreFolder
from spacy_deepal.acquisition.scoring_job import make_job
from spacy_deepal.acquisition.selection import select_batch
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.pool import Pool
from spacy_deepal.urls import as_path, list_files, read_bytes

from ..pools import call, upload
from .test_engines import Stop, contents


@pytest.fixture(scope="module")
def model(nlp, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model"
    nlp.to_disk(path)
    return path


@pytest.fixture
def url(pool, memory):
    upload(pool, f"{memory}/pool")
    return f"{memory}/pool"


@pytest.fixture
def expected(model, pool, tmp_path):
    """The files of the scores of the local pool."""
    assert score(model, pool, tmp_path / "expected") == 60
    return contents(tmp_path / "expected")


def score(model, pool, output, function="BALD:samples=5", **options):
    return score_pool(make_job(model, output, acquisition_block(function)), Pool(pool), **options)


def contents_at(url):
    folder = as_path(url)
    return {name: read_bytes(folder / name) for name in list_files(folder, "")}


def test_scores_are_the_same_bytes(model, url, memory, tmp_path, expected):
    assert score(model, url, tmp_path / "scores") == 60
    assert contents(tmp_path / "scores") == expected
    assert score(model, url, f"{memory}/scores") == 60
    assert contents_at(f"{memory}/scores") == expected


def test_several_processes_give_the_same_bytes(model, pool, tmp_path, expected):
    output = (tmp_path / "scores").as_uri()
    assert score(model, pool.as_uri(), output, engine=Processes(2)) == 60
    assert contents(tmp_path / "scores") == expected


def test_what_is_scored_is_passed_over_when_scoring_goes_on(model, url, memory, expected):
    asked = []

    def spied(job, tasks):
        for task in tasks:
            asked.append(task.shard.name)
            yield from in_process(job, [task])

    def stopped(job, tasks):
        yield from in_process(job, islice(tasks, 4))
        raise Stop

    output = f"{memory}/scores"
    with pytest.raises(Stop):
        score(model, url, output, engine=stopped)
    with pytest.raises(DeepALError, match=r"is not finished: it has scores of 4 of the 9 shards"):
        list(ScoreFolder(output).read(Pool(url)))
    as_path(f"{output}/shard_0002.json").write_bytes(b'{"half": ')
    assert score(model, url, output, engine=spied) == 60
    assert asked == [f"shard_{number:04}.spacy" for number in (2, 4, 5, 6, 7, 8)]
    assert contents_at(output) == expected


def test_a_batch_is_selected_as_from_local_folders(model, pool, url, memory, tmp_path):
    batches = []
    for where, output in ((pool, tmp_path / "scores"), (url, f"{memory}/scores")):
        score(model, where, output)
        select_batch(output, where, tmp_path / "batch.spacy", Vocab(), budget=30)
        batches.append((tmp_path / "batch.spacy").read_bytes())
    assert batches[0] == batches[1]


def test_a_shard_that_has_changed_is_named(model, pool, url, memory):
    opened = Pool(url)
    as_path(f"{url}/shard_0003.spacy").write_bytes((pool / "shard_0004.spacy").read_bytes())
    job = make_job(model, f"{memory}/scores", acquisition_block("MNLP"))
    with pytest.raises(
        DeepALError, match=rf"{url}/shard_0003.spacy was changed after it was index"
    ):
        score_pool(job, opened)
    as_path(f"{url}/shard_0003.spacy").unlink()
    with pytest.raises(DeepALError, match=rf"{url}/shard_0003.spacy was removed while the pool is"):
        score_pool(job, opened)


def test_scores_are_not_written_among_other_things(model, url, memory):
    as_path(f"{memory}/mine/thesis.txt").write_bytes(b"x")
    for output in ("mine", "mine/thesis.txt"):
        with pytest.raises(
            DeepALError, match=rf"{output} holds other things than scores of the pool"
        ):
            score(model, url, f"{memory}/{output}")
    assert contents_at(f"{memory}/mine") == {"thesis.txt": b"x"}


def test_the_commands_take_urls(model, url, memory, tmp_path):
    scores, batch = f"{memory}/scores", tmp_path / "batch.spacy"
    status, output = call("score", model, url, scores)
    assert (status, f"Scored 60 sentences by MNLP: {scores}" in output) == (0, True)
    status, output = call("select", scores, url, batch, "--budget-words", 30)
    assert (status, f"of 30 words: {batch}" in output) == (0, True)
    status, output = call("score", model, url, f"{memory}/left", "--exclude", batch)
    assert (status, "Scored 60 sentences" in output, "Scored 5" in output) == (0, False, True)
    status, output = call("export", url, tmp_path / "text", "--format", "jsonl")
    assert (status, "Wrote 60 sentences" in output) == (0, True)
    assert call("score", model, url, url)[0] == 1  # it is read here


@pytest.mark.parametrize("wrong", ["foo://x/y", "s3:/bucket/pool"])
def test_a_wrong_url_is_one_clear_error(model, url, tmp_path, wrong):
    for pool, scores in ((wrong, tmp_path / "scores"), (url, wrong)):
        status, output = call("score", model, pool, scores)
        assert (status, wrong in output, "Traceback" in output) == (1, True, False)
    assert not (tmp_path / "scores").exists()


def test_a_url_without_a_pool_is_one_clear_error(model, memory, tmp_path):
    status, output = call("score", model, f"{memory}/none", tmp_path / "scores")
    assert (status, f"There is no pool at {memory}/none" in output) == (1, True)
    assert not (tmp_path / "scores").exists()
