"""A run whose pool is at a URL is the run on the local pool."""

import pytest

from spacy_deepal.errors import DeepALError
from spacy_deepal.rounds.run import run_loop

from ..pools import quick_config, read_jsonl, upload
from .test_growing_pool import FAST


def test_it_chooses_and_learns_the_same(finished, paths, memory, tmp_path):
    upload(paths["pool"], f"{memory}/pool")
    config = quick_config({**paths, "pool": f"{memory}/pool"})
    run_loop(config, tmp_path / "run")
    for here in sorted(finished.path.glob("round_*")):
        for name in ("selected.jsonl", "batch.spacy", "entities.jsonl"):
            other = tmp_path / "run" / here.name / name
            assert other.read_bytes() == (here / name).read_bytes()
    scores = [line["ents_f"] for line in read_jsonl(tmp_path / "run" / "metrics.jsonl")]
    assert scores == [line["ents_f"] for line in finished.metrics]


def test_a_run_goes_on_when_its_pool_has_moved_to_a_url(paths, memory, tmp_path):
    run_loop(quick_config(paths, rounds=1, **FAST), tmp_path / "run")
    upload(paths["pool"], f"{memory}/pool")
    config = quick_config({**paths, "pool": f"{memory}/pool"}, rounds=2, **FAST)
    assert run_loop(config, tmp_path / "run") == "Rounds done: 2."


def test_other_data_and_the_run_itself_are_local(paths, memory, tmp_path):
    config = quick_config({**paths, "dev": "s3://bucket/dev"})
    with pytest.raises(
        DeepALError, match=r"\[paths\] dev = 's3://bucket/dev' is a URL: only the po"
    ):
        run_loop(config, tmp_path / "run")
    with pytest.raises(DeepALError, match=r"bucket/run is a URL, and a local path is needed here"):
        run_loop(quick_config(paths), f"{memory}/run")
