"""paired.py compares runs of the same seeds, round by round, on the same resampled test set."""

import shutil

import numpy as np
import pytest
import typer

from spacy_deepal.errors import DeepALError
from spacy_deepal.rounds.run import run_loop

from ..pools import quick_config, read_jsonl, write_pools


def test_the_counts_of_a_round_give_the_f1_that_the_run_recorded(script, tmp_path, capsys):
    paths = write_pools(tmp_path)
    for name in ("MNLP", "RAND"):
        run = tmp_path / "runs" / "tiny" / f"{name}-seed0"
        run_loop(quick_config(paths, name, rounds=1), run, keep="all")
    output = tmp_path / "results" / "paired.jsonl"
    for _ in range(2):  # what is counted is not counted again
        script("paired").main(tmp_path / "runs", output=output)
    lines = read_jsonl(output)
    ours, others = (
        [line["ents_f"] for line in read_jsonl(tmp_path / "runs" / "tiny" / name / "metrics.jsonl")]
        for name in ("MNLP-seed0", "RAND-seed0")
    )
    expected = [first - second for first, second in zip(ours, others, strict=True)]
    assert [line["round"] for line in lines] == [0, 1, None]
    assert [line["difference"] for line in lines[:2]] == pytest.approx(expected, abs=1e-6)
    assert lines[0]["difference"] == 0  # one seed set
    assert not lines[0]["decided"]
    assert lines[2]["difference"] == lines[1]["difference"]
    assert "| all | " in capsys.readouterr().out


def test_a_later_run_is_paired_with_those_whose_models_are_gone(script, tmp_path):
    paths, output = write_pools(tmp_path), tmp_path / "results" / "paired.jsonl"
    alone = []
    for seed in (0, 1):
        for name in ("MNLP", "RAND"):
            run = tmp_path / f"runs{seed}" / "tiny" / f"{name}-seed{seed}"
            run_loop(quick_config(paths, name, rounds=1, seed=seed), run, keep="all")
        for file in (output, tmp_path / str(seed) / "paired.jsonl"):
            script("paired").main(tmp_path / f"runs{seed}", output=file)
        alone.append(read_jsonl(file)[1]["difference"])
        shutil.rmtree(tmp_path / f"runs{seed}")
    both = read_jsonl(output)[1]
    assert both["seeds"] == [0, 1]
    assert both["seeds_difference"] == alone
    assert both["difference"] == pytest.approx(sum(alone) / 2, abs=1e-6)


def test_without_its_models_a_run_cannot_be_compared(script, tmp_path, capsys):
    paths = write_pools(tmp_path)
    for name in ("MNLP", "RAND"):
        run_loop(quick_config(paths, name, rounds=1), tmp_path / "runs" / "tiny" / f"{name}-seed0")
    with pytest.raises(typer.Exit):
        script("paired").main(tmp_path / "runs", output=tmp_path / "paired.jsonl")
    assert "Run the experiment with --keep all" in capsys.readouterr().out
    with pytest.raises(typer.Exit):
        script("paired").main(
            tmp_path / "runs", acquisition="BALD", output=tmp_path / "paired.jsonl"
        )
    assert "No seed has a run of BALD and one of RAND" in capsys.readouterr().out


def test_differences_are_those_worked_out_by_hand(script):
    """The first function finds 3 of 4 entities, the second 1 of 4, neither a wrong one."""
    paired = script("paired")
    first, second = [[1, 1, 2], [2, 2, 2]], [[1, 1, 2], [0, 0, 2]]
    counts = np.array([[[first], [second]]])  # a pair, two functions, a round, two sentences
    weights = np.array([[1, 1], [2, 0], [0, 2]])
    found = paired.paired_difference(weights, counts)
    f = [2 * 3 / 7 - 2 * 1 / 5, 0, 1]
    assert found.tolist() == [[pytest.approx(f)]]


@pytest.mark.parametrize(
    ("seeds", "resampled", "decided"),
    [
        ((0.02, 0.01), (0.01, 0.02), True),
        ((-0.02, -0.01), (-0.02, -0.01), True),
        ((0.02, -0.01), (0.001, 0.02), False),  # the seeds do not agree
        ((0.02, 0.01), (-0.001, 0.03), False),  # nor do the test sentences
    ],
)
def test_what_seeds_or_sentences_contradict_is_not_decided(script, seeds, resampled, decided):
    line = script("paired").decide(np.array(seeds), np.linspace(*resampled, 1001))
    assert line["decided"] is decided
    assert line["difference"] == pytest.approx(sum(seeds) / 2)


@pytest.mark.parametrize("there", [[1, 2], [1, 0, 1]])
def test_runs_of_different_test_sets_make_no_pair(script, there):
    paired = script("paired")
    runs = [
        paired.Counted(name, 0, np.array([2.0]), np.array([[[0, 0, n] for n in entities]]))
        for name, entities in (("MNLP", [1, 0]), ("RAND", there))
    ]
    with pytest.raises(DeepALError, match="not all evaluated on the same test set: MNLP, seed 0,"):
        list(paired.compare_rounds([runs]))
