"""compare_functions.py: the mean over a curve, function by function, against MNLP."""

import shutil

import pytest
import typer

from spacy_deepal.files import write_jsonl
from spacy_deepal.rounds.run import run_loop

from ..pools import quick_config, read_jsonl, write_pools


@pytest.fixture
def workspace(tmp_path):
    """Two finished runs, and one that has come to its first round only."""
    paths = write_pools(tmp_path)
    for name, rounds in (("MNLP", 1), ("RAND", 1), ("LC", 0)):
        config = quick_config(paths, name, rounds=max(1, rounds), target_f=None if rounds else 0.0)
        run_loop(config, tmp_path / f"runs/tiny/{name}-seed0", keep="all")
    return tmp_path / "runs"


def test_a_function_is_compared_over_all_rounds_but_the_first(script, workspace, tmp_path, capsys):
    output = tmp_path / "results" / "functions.jsonl"
    script("compare_functions").main(workspace, name=", encoder", output=output)
    rand, mnlp = read_jsonl(output)
    assert [line["acquisition"] for line in (rand, mnlp)] == ["RAND", "MNLP"]
    assert rand["data"] == "tiny, encoder"
    last = {
        name: read_jsonl(workspace / f"tiny/{name}-seed0/metrics.jsonl")[1]["ents_f"]
        for name in ("RAND", "MNLP")
    }
    assert rand["mean_f"] == pytest.approx([last["RAND"]], abs=1e-6)
    assert rand["difference"] == pytest.approx(last["RAND"] - last["MNLP"], abs=1e-6)
    assert "difference" not in mnlp
    assert (tmp_path / "results" / "configs" / f"{rand['made_of']}.cfg").is_file()
    printed = capsys.readouterr().out
    assert "| tiny, encoder | RAND | " in printed
    assert "LC" not in printed  # it is not finished


def test_a_later_seed_is_compared_with_those_whose_models_are_gone(script, tmp_path):
    paths, output = write_pools(tmp_path), tmp_path / "results" / "functions.jsonl"
    alone = []
    for seed in (0, 1):
        for name in ("MNLP", "RAND"):
            run = tmp_path / f"runs{seed}" / "tiny" / f"{name}-seed{seed}"
            run_loop(quick_config(paths, name, rounds=1, seed=seed), run, keep="all")
        for file in (output, tmp_path / str(seed) / "functions.jsonl"):
            script("compare_functions").main(tmp_path / f"runs{seed}", output=file)
        alone.append(read_jsonl(file)[0])
        shutil.rmtree(tmp_path / f"runs{seed}")
    rand, mnlp = read_jsonl(output)
    assert rand["seeds"] == mnlp["seeds"] == [0, 1]
    assert rand["mean_f"] == [mean for line in alone for mean in line["mean_f"]]
    assert rand["seeds_difference"] == [line["difference"] for line in alone]


def test_runs_of_different_configs_do_not_compare(script, workspace, tmp_path, capsys):
    paths = {name: tmp_path / name for name in ("pool", "dev", "test")}
    other = quick_config(paths, "LC", rounds=1, passes=1)
    run_loop(other, workspace / "tiny" / "LC-seed1", keep="all")
    with pytest.raises(typer.Exit):
        script("compare_functions").main(workspace, output=tmp_path / "functions.jsonl")
    assert "different configs" in " ".join(capsys.readouterr().out.split())


def test_a_line_whose_seeds_would_be_lost_is_not_replaced(script, workspace, tmp_path, capsys):
    output = tmp_path / "results" / "functions.jsonl"
    script("compare_functions").main(workspace, output=output)
    rand, mnlp = read_jsonl(output)
    write_jsonl(output, [{**rand, "seeds": [0, 2]}, mnlp])
    recorded = output.read_bytes()
    with pytest.raises(typer.Exit):
        script("compare_functions").main(workspace, output=output)
    assert "has RAND on tiny with seeds 0, 2" in " ".join(capsys.readouterr().out.split())
    assert output.read_bytes() == recorded


def test_a_workspace_without_a_pair_is_named(script, tmp_path, capsys):
    with pytest.raises(typer.Exit):
        script("compare_functions").main(tmp_path, output=tmp_path / "functions.jsonl")
    assert "has no finished run of MNLP" in " ".join(capsys.readouterr().out.split())
