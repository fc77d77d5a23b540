"""A run whose pool gets more shards goes on with them; one whose shards change does not."""

import shutil

import pytest

from spacy_deepal.errors import DeepALError
from spacy_deepal.files import read_json
from spacy_deepal.pool.index import POOL_INDEX
from spacy_deepal.pool.shards import write_shards
from spacy_deepal.rounds.run import run_loop
from spacy_deepal.sealed import hash_folder

from ..pools import make_doc, make_docs, quick_config, read_jsonl, write_pools

FAST = {"budget_words": 0.5, "passes": 1, "min_updates": 0, "evaluations": 1}


@pytest.fixture
def own_paths(tmp_path):
    """Pools, and a run of one round on them."""
    paths = write_pools(tmp_path)
    run_loop(quick_config(paths, rounds=1, **FAST), tmp_path / "run")
    return paths


def words(folder):
    return read_json(folder / "manifest.json")["pool"]["words"]


def test_added_shards_are_picked_up_with_a_notice(own_paths, tmp_path):
    before, told = words(tmp_path / "run"), []
    write_shards(make_docs(30, 5), tmp_path / "more")
    shutil.copy(tmp_path / "more" / "shard_0000.spacy", own_paths["pool"] / "shard_0003.spacy")
    config = quick_config(own_paths, rounds=0, **FAST)
    assert run_loop(config, tmp_path / "run", tell=told.append) == "The pool is used up."
    assert told == [f"{own_paths['pool']}: shards were added: 1, from shard_0003.spacy on."]
    files = tmp_path.glob("run/round_*/selected.jsonl")
    selected = {row["id"] for file in files for row in read_jsonl(file)}
    assert {f"5-{number:03}" for number in range(30)} <= selected
    assert words(tmp_path / "run") > before
    assert read_jsonl(tmp_path / "run" / "metrics.jsonl")[-1]["words"] == words(tmp_path / "run")
    assert (tmp_path / "run" / "shards.index").is_file()


@pytest.mark.parametrize("times", [1, 2])
def test_a_damaged_first_pipeline_is_made_of_the_shards_with_which_the_run_began(
    own_paths, tmp_path, times
):
    initial = tmp_path / "run" / "initial"
    before = hash_folder(initial)
    for number in range(3, 3 + times):
        docs = [make_doc(f"new-{number}", ["Zoe", "met", "them"], {0: f"NEW{number}"})]
        write_shards(docs, tmp_path / "more")
        shard = own_paths["pool"] / f"shard_000{number}.spacy"
        shutil.copy(tmp_path / "more" / "shard_0000.spacy", shard)
        (initial / "meta.json").unlink()
        run_loop(quick_config(own_paths, rounds=1, **FAST), tmp_path / "run", tell=print)
        assert hash_folder(initial) == before


@pytest.mark.parametrize("indexed", [True, False])
def test_a_removed_shard_is_refused_by_name(own_paths, tmp_path, indexed):
    (own_paths["pool"] / "shard_0001.spacy").unlink()
    if not indexed:  # the run still knows its shards
        (own_paths["pool"] / POOL_INDEX).unlink()
    with pytest.raises(DeepALError, match=r"shard_0001\.spacy"):
        run_loop(quick_config(own_paths, rounds=2, **FAST), tmp_path / "run")


def test_a_pool_without_an_index_is_indexed_in_the_folder_of_the_run(tmp_path):
    paths = write_pools(tmp_path)
    (paths["pool"] / POOL_INDEX).unlink()
    before = sorted(paths["pool"].iterdir())
    told = []
    run_loop(quick_config(paths, rounds=1, **FAST), tmp_path / "run", tell=told.append)
    assert told[0] == f"{paths['pool']} has no index, so its shards are read once: 3."
    assert sorted(paths["pool"].iterdir()) == before
    assert (tmp_path / "run" / "shards.index").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"n_process": 2}, {"n_process": 2, "engine": "ray"}])
@pytest.mark.filterwarnings("ignore::Warning")  # Ray's own
def test_where_shards_are_scored_changes_no_choice(finished, tmp_path, settings):
    if "engine" in settings:
        pytest.importorskip("ray", reason="needs Ray: tests/ray-requirements.txt")
    paths = write_pools(tmp_path)
    run_loop(quick_config(paths, **settings), tmp_path / "run")
    for here in sorted(finished.path.glob("round_*")):
        other = tmp_path / "run" / here.name / "selected.jsonl"
        assert other.read_bytes() == (here / "selected.jsonl").read_bytes()
