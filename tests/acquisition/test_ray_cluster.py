"""Scoring on a Ray cluster of this machine: the same bytes, also if a worker is killed."""

import signal
import sys

import pytest

from spacy_deepal.acquisition.engines import in_process, make_engine
from spacy_deepal.acquisition.pool_scoring import score_pool
from spacy_deepal.acquisition.ray_cluster import RayCluster
from spacy_deepal.acquisition.registry import acquisition_block
from spacy_deepal.acquisition.scoring_job import make_job
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.pool import Pool

from .test_engines import contents

KILLS = """
import os, signal
from pathlib import Path
from spacy.util import registry

@registry.acquisition("own.kills.v1")
def make(marker):
    def kills(evidence):
        if evidence.id == "1-030" and not Path(marker).exists():
            Path(marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return evidence.uniform

    return kills
"""


@pytest.fixture
def code(tmp_path):
    file = tmp_path / "kills.py"
    file.write_text(KILLS, encoding="utf8")
    return file


def test_ray_is_an_engine_and_its_address_is_of_no_other():
    assert make_engine(2, "ray", "auto") == RayCluster(2, "auto")
    with pytest.raises(DeepALError, match="Add --engine ray"):
        make_engine(2, "processes", "auto")


def test_where_ray_is_missing_that_is_said(nlp, pool, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    nlp.to_disk(tmp_path / "model")
    job = make_job(tmp_path / "model", tmp_path / "scores", acquisition_block("MNLP"))
    with pytest.raises(DeepALError, match=r'on all machines: pip install "spacy_deepal\[ray\]"'):
        score_pool(job, Pool(pool), engine=RayCluster(2))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::Warning")  # Ray's own
class TestTwoWorkers:
    @pytest.fixture(autouse=True)
    def ray(self):
        return pytest.importorskip("ray", reason="needs Ray: tests/ray-requirements.txt")

    @pytest.fixture
    def model(self, nlp, tmp_path):
        nlp.to_disk(tmp_path / "model")
        return tmp_path / "model"

    @pytest.mark.parametrize("name", ["MNLP", "BALD:samples=5"])
    def test_scores_are_the_same_bytes(self, model, pool, tmp_path, name):
        for folder, engine in (("one", in_process), ("two", RayCluster(2))):
            job = make_job(model, tmp_path / folder, acquisition_block(name))
            assert score_pool(job, Pool(pool), engine=engine) == 60
        assert contents(tmp_path / "one") == contents(tmp_path / "two")

    def test_urls_give_the_same_bytes(self, model, pool, tmp_path):
        block = acquisition_block("BALD:samples=5")
        for output, where, engine in (
            (tmp_path / "one", pool, in_process),
            ((tmp_path / "two").as_uri(), pool.as_uri(), RayCluster(2)),
        ):
            assert score_pool(make_job(model, output, block), Pool(where), engine=engine) == 60
        assert contents(tmp_path / "one") == contents(tmp_path / "two")

    @pytest.mark.parametrize(
        ("gpus", "remedy"),
        [(0, r"Score on the CPU \(--gpu-id -1\)"), (1, "Set n_process to 1 or less")],
    )
    def test_more_workers_than_gpus_are_refused(self, ray, model, pool, tmp_path, gpus, remedy):
        job = make_job(model, tmp_path / "scores", acquisition_block("MNLP"), use_gpu=0)
        ray.init(num_cpus=2, num_gpus=gpus, include_dashboard=False, log_to_driver=False)
        try:
            with pytest.raises(DeepALError, match=rf"cluster: {gpus}\. Each of 2 .* {remedy}"):
                score_pool(job, Pool(pool), engine=RayCluster(2))
        finally:
            ray.shutdown()

    def test_a_worker_that_is_killed_is_replaced(self, model, pool, tmp_path, code):
        from spacy.cli._util import import_code

        import_code(code)
        block = {"@acquisition": "own.kills.v1", "marker": str(tmp_path / "killed")}
        for folder, engine in (("two", RayCluster(2)), ("one", in_process)):
            job = make_job(model, tmp_path / folder, block, code=code)
            assert score_pool(job, Pool(pool), engine=engine) == 60
            assert (tmp_path / "killed").exists()
        assert contents(tmp_path / "one") == contents(tmp_path / "two")

    def test_sigterm_still_does_what_it_did(self, model, tmp_path):
        def handler(*_):
            pass

        job = make_job(model, tmp_path / "scores", acquisition_block("MNLP"))
        before = signal.signal(signal.SIGTERM, handler)
        try:
            for _ in RayCluster(1)(job, []):
                pass
            assert signal.getsignal(signal.SIGTERM) is handler
        finally:
            signal.signal(signal.SIGTERM, before)

    def test_an_error_arrives_as_it_is(self, pool, tmp_path, model):
        opened = Pool(pool)
        (pool / "shard_0003.spacy").unlink()
        job = make_job(model, tmp_path / "scores", acquisition_block("MNLP"))
        with pytest.raises(DeepALError, match=r"shard_0003.spacy was removed"):
            score_pool(job, opened, engine=RayCluster(2))

    def test_no_cluster_at_an_address_is_said(self, pool, tmp_path, model):
        job = make_job(model, tmp_path / "scores", acquisition_block("MNLP"))
        with pytest.raises(DeepALError, match=r"There is no Ray cluster at 127\.0\.0\.1:1"):
            score_pool(job, Pool(pool), engine=RayCluster(2, "127.0.0.1:1"))
