"""calibration.py records what a model's own confidence is worth on the test set, and calibrated."""

from math import pi, sqrt

import pytest
import typer
from spacy.training import Corpus

from spacy_deepal.pipelines import load_pipeline
from spacy_deepal.rounds.calibration import measure_calibration
from spacy_deepal.rounds.rows import Reliability
from spacy_deepal.rounds.run import run_loop

from ..pools import quick_config, read_jsonl, write_pools
from ..report.build import make_run


def test_the_last_model_of_a_run_is_recorded_as_it_measures_on_test(script, tmp_path, capsys):
    paths, output = write_pools(tmp_path), tmp_path / "results" / "calibration.jsonl"
    run = tmp_path / "runs" / "tiny" / "MNLP-seed0"
    run_loop(quick_config(paths, rounds=1, passes=12), run, keep="last")
    for _ in range(2):
        script("calibration").main([tmp_path / "runs"], output)
    (line,) = read_jsonl(output)
    nlp = load_pipeline(run / "round_01" / "model")
    found = measure_calibration(nlp, Corpus(paths["test"], gold_preproc=True)(nlp))
    assert (line["data"], line["acquisition"], line["seed"]) == ("tiny", "MNLP", 0)
    assert line["ece_before"] == pytest.approx(found.before.error, abs=1e-6)
    assert line["ece_after"] == pytest.approx(found.after.error, abs=1e-6)
    assert line["entities"] == sum(each.entities for each in found.after.bins) > 0
    assert line["ece_before"] != line["ece_after"]
    metrics = read_jsonl(run / "metrics.jsonl")
    assert line["words_percent"] == pytest.approx(metrics[1]["words_percent"], abs=1e-6)
    assert line["by_round"][-1].items() <= line.items()
    assert len(line["by_round"]) == sum(row["calibration"] is not None for row in metrics)
    assert (output.parent / "configs" / f"{line['made_of']}.cfg").exists()
    assert capsys.readouterr().out.count("| tiny | MNLP | 0 |") == 2


def test_what_is_recorded_is_printed_without_a_workspace(script, tmp_path, capsys):
    output = tmp_path / "calibration.jsonl"
    line = {"acquisition": "MNLP", "seed": 0, "entities": 1234, "words_percent": 17.96}
    line |= {"temperature": 1.5, "ece_before": 0.265, "ece_after": 0.119, "ece_by_chance": 0.02}
    rounds = [(0.2, 0.3), (0.3, 0.1)]
    line["by_round"] = [{"ece_before": before, "ece_after": after} for before, after in rounds]
    script("calibration").record(output, [{"data": d, **line} for d in "ba"], by=("data",))
    script("calibration").main(output=output)
    assert capsys.readouterr().out.splitlines()[2:] == [
        f"| {data} | MNLP | 0 | 18% | 1,234 | 1.50 | 26.5 | 11.9 | 2.0 | 1 of 2 |" for data in "ab"
    ]


@pytest.mark.parametrize(
    ("curve", "why"), [((), "no finished round"), (((1, 0.0),), "finds no entity")]
)
def test_a_run_that_has_measured_nothing_is_named(script, tmp_path, capsys, curve, why):
    make_run(tmp_path / "runs" / "tiny" / "0", curve=curve)
    with pytest.raises(typer.Exit):
        script("calibration").main([tmp_path / "runs"], tmp_path / "calibration.jsonl")
    text = " ".join(capsys.readouterr().out.split())
    assert "has not measured how far confidence can be believed" in text
    assert why in text


def test_a_folder_without_runs_is_named(script, tmp_path, capsys):
    with pytest.raises(typer.Exit):
        script("calibration").main([tmp_path], tmp_path / "calibration.jsonl")
    assert "holds no run" in " ".join(capsys.readouterr().out.split())


def test_the_error_by_chance_is_that_worked_out_by_hand(script):
    """Four entities of which half are right, and six that are all right."""
    bins = [
        {"entities": 4, "confidence": 0.55, "right": 0.5},
        {"entities": 6, "confidence": 0.95, "right": 1.0},
    ]
    found = Reliability.model_validate({"bins": bins, "error": 0.05})
    expected = 4 * sqrt(2 * 0.25 / (4 * pi)) / 10
    assert script("calibration").error_by_chance(found) == pytest.approx(expected)
