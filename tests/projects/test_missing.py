"""missing.py says what the last model of a run misses that a model of all words finds."""

import shutil

import pytest
import typer

from spacy_deepal.experiment.simulation import full_run
from spacy_deepal.pool.shards import write_shards
from spacy_deepal.rounds.run import run_loop

from ..pools import make_docs, quick_config, read_jsonl, write_pools


@pytest.fixture
def workspace(tmp_path):
    """A run of each function and a model of all words. RETURNS (Path): Their workspace."""
    paths = write_pools(tmp_path)
    folder = tmp_path / "runs" / "tiny"
    write_shards(make_docs(45, 1), folder / "corpus" / "train")
    write_shards(make_docs(15, 3), folder / "corpus" / "test")
    for name in ("MNLP", "RAND"):
        run_loop(quick_config(paths, name, rounds=1, passes=12), folder / f"{name}-seed0")
    more = {"training.max_steps": 60, "training.eval_frequency": 30}
    more |= {"paths.train": str(paths["pool"])}
    full_run(quick_config(paths, more=more), folder / "full-seed0")
    return folder.parent


def test_counts_are_those_of_the_recorded_f1(script, workspace, tmp_path, capsys):
    output = tmp_path / "missing.jsonl"
    for _ in range(2):
        script("missing").main(workspace, output)
    lines = {line["acquisition"]: line for line in read_jsonl(output)}
    assert [*lines] == ["MNLP", "RAND", "full"]
    for name in ("MNLP", "RAND"):
        row = read_jsonl(workspace / "tiny" / f"{name}-seed0" / "metrics.jsonl")[-1]
        right, found, there, labelled = map(sum, zip(*lines[name]["types"].values(), strict=True))
        assert 2 * right / (found + there) == pytest.approx(row["ents_f"])
        counts = lines[name]["known"].values()
        assert [right, there] == [sum(each[place] for each in counts) for place in (0, 1)]
        assert 0 < labelled < sum(len(doc.ents) for doc in make_docs(45, 1))
    pool = sum(len(doc.ents) for doc in make_docs(45, 1))
    assert sum(numbers[3] for numbers in lines["full"]["types"].values()) == pool
    assert capsys.readouterr().out.count("**tiny**, by type:") == 2


def test_a_model_that_is_gone_is_named(script, workspace, tmp_path, capsys):
    shutil.rmtree(workspace / "tiny" / "RAND-seed0" / "round_01" / "model")
    with pytest.raises(typer.Exit):
        script("missing").main(workspace, tmp_path / "missing.jsonl")
    assert "--keep all" in capsys.readouterr().out
    shutil.rmtree(workspace / "tiny" / "full-seed0")
    with pytest.raises(typer.Exit):
        script("missing").main(workspace, tmp_path / "missing.jsonl")
    assert "no model of all words" in " ".join(capsys.readouterr().out.split())


def test_tables_are_means_of_the_seeds(script):
    missing = script("missing")
    known = {"labelled": [8, 10], "not labelled": [2, 10]}
    full = {"acquisition": "full", "words_percent": 100.0, "known": known}
    full |= {"types": {"PER": [5, 5, 10, 200], "LOC": [0, 0, 10, 50]}}
    ours = [
        {"acquisition": "MNLP", "words_percent": 10.0, "types": types, "known": known}
        for types in ({"PER": [4, 6, 10, 100]}, {"PER": [2, 4, 10, 60], "LOC": [1, 1, 10, 10]})
    ]
    head, per, loc = missing.by_type([*ours, full])
    assert head == [
        *("type", "in the test set", "in the pool", "labelled by MNLP, %", "full: F1", "MNLP: F1")
    ]
    assert per == ["PER", "10", "200", "40", "66.7", "40.0"]
    assert loc == ["LOC", "10", "50", "10", "0.0", "18.2"]
    rows = [*missing.by_labelled([*ours, full])][1:]
    assert rows[0] == ["full", "100.0%", "50.0", "80.0", "20.0", "50.0"]
    assert rows[1] == ["MNLP", "10.0%", "50.0", "80.0", "20.0", "50.0"]
