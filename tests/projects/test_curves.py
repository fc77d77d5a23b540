"""record_curves.py records each round of an experiment; curves_table.py sums up rightly."""

import json

import pytest
import typer

from spacy_deepal.experiment.simulation import simulate
from spacy_deepal.files import write_jsonl
from spacy_deepal.rounds.config_file import load_run_config

from ..pools import AL_CONFIG, make_docs, overrides, read_jsonl
from .conftest import SCRIPTS

FUNCTIONS = ["RAND", "DecoderBALD:samples=3"]


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "tiny"
    folder.mkdir()
    for seed, (split, count) in enumerate((("train", 45), ("dev", 15), ("test", 15))):
        docs = make_docs(count, seed)
        rows = ["".join(f"{t.text}\t{iob(t)}\n" for t in doc) for doc in docs]
        (folder / f"{split}.iob2").write_text("\n".join(rows), encoding="utf8")
    return folder


def iob(token):
    return f"B-{token.ent_type_}" if token.ent_type_ else "O"


def experiment(data, workspace, functions=FUNCTIONS, full=True, **more):
    """What the project's first command does, for a tiny network. Labels are those of the data."""
    values = {**overrides({}, rounds=1), "training.max_epochs": 4, **more}
    config = load_run_config(AL_CONFIG, values)
    seeds = [0, 1]
    simulate(config, data, workspace, lang="xx", acquisitions=functions, seeds=seeds, full=full)


def test_an_experiment_is_recorded_as_often_as_it_is_asked_for(script, data, tmp_path, capsys):
    record, table = script("record_curves"), script("curves_table")
    output, workspace = tmp_path / "results" / "curves.jsonl", tmp_path / "runs"
    experiment(data, workspace, full=False)
    record.main(data, workspace, lang="xx", output=output)
    assert {line["acquisition"] for line in read_jsonl(output)} == {"crf", *FUNCTIONS}
    experiment(data, workspace)
    other = {**read_jsonl(output)[0], "data": "another"}
    write_jsonl(output, [*read_jsonl(output), other])
    for _ in range(2):
        record.main(data, workspace, lang="xx", output=output)
        kept, *lines = read_jsonl(output)
        assert kept == other
        found = [(line["acquisition"], line["seed"], line["round"]) for line in lines]
        assert found == [
            *[("crf", 0, 0), ("full", 0, 0), ("full", 1, 0)],
            *[(name, seed, n) for name in sorted(FUNCTIONS) for seed in (0, 1) for n in (0, 1)],
        ]
    check_lines(lines, output.parent)

    folder = workspace / "tiny"
    page = (folder / "report.html").read_text(encoding="utf8")
    for text in ("DecoderBALD:samples=3 (2 runs)", "mean of 2 models", "shallow model"):
        assert text in page
    capsys.readouterr()
    write_jsonl(output, lines)
    table.main(output, tmp_path / "summary.jsonl")
    summary = read_jsonl(tmp_path / "summary.jsonl")
    assert [(line["acquisition"], line["seeds"]) for line in summary] == [
        *[("RAND", [0, 1]), ("DecoderBALD:samples=3", [0, 1])]
    ]


def check_lines(lines, folder):
    """Check what each line says, and that it names its config."""
    for line in lines:
        assert line["data"] == "tiny"
        assert 0 <= line["ents_f"] <= 1
        assert 0 <= line["dev_ents_f"] <= 1
        assert line["seconds"]["train"] > 0
        assert (line["words_percent"] == 100) == (line["acquisition"] in ("crf", "full"))
    starts = {(line["seed"], line["ents_f"]) for line in lines[3:] if line["round"] == 0}
    assert len(starts) == 2, "one seed set for all functions"
    (made_of,) = {line["made_of"] for line in lines[3:]}
    config = (folder / "configs" / f"{made_of}.cfg").read_text(encoding="utf8")
    assert "min_updates = 10" in config
    assert "[active_learning.acquisition]" not in config


def test_runs_of_different_configs_are_not_recorded_together(script, data, tmp_path, capsys):
    output, workspace = tmp_path / "curves.jsonl", tmp_path / "runs"
    experiment(data, workspace, ["RAND"], full=False)
    experiment(data, workspace, ["MNLP"], full=False, **{"active_learning.passes": 1})
    with pytest.raises(typer.Exit):
        script("record_curves").main(data, workspace, lang="xx", output=output)
    said = capsys.readouterr().out
    assert "The runs have different configs" in said
    assert said.count(".cfg") == 4
    assert not output.exists()


def test_the_recorded_summary_is_that_of_the_recorded_curves(script, tmp_path):
    table = script("curves_table")
    table.main(output=tmp_path / "summary.jsonl")
    recorded = SCRIPTS.parent / "results" / "curves_summary.jsonl"
    assert (tmp_path / "summary.jsonl").read_bytes() == recorded.read_bytes()


def made_up(name, seed, *curve, score=0.0):
    """Lines of rounds at 2, 6 and 10 percent of 1,000 words, or of a model of all words."""
    for number, f in enumerate(curve):
        percent = (2, 6, 10)[number] if len(curve) > 1 else 100
        scores = dict.fromkeys(("ents_p", "ents_r", "ents_f", "dev_ents_f"), f)
        yield {
            **{"data": "s", "acquisition": name, "seed": seed, "round": number},
            **{"selection": "acquisition", "words": 10 * percent, "words_percent": percent},
            **{"sentences": percent, **scores},
            "seconds": {"score": score * number, "select": 0.0, "train": 10.0 + number},
        }


@pytest.fixture
def summary(script, tmp_path, capsys):
    lines = [
        *made_up("crf", 0, 0.7),
        *made_up("full", 0, 0.80),
        *made_up("full", 1, 0.82),
        *made_up("RAND", 0, 0.5, 0.6, 0.72),
        *made_up("RAND", 1, 0.5, 0.66, 0.70),
        *made_up("MNLP", 0, 0.5, 0.70, 0.82, score=2.0),
        *made_up("MNLP", 1, 0.5, 0.72, 0.79, score=4.0),
        *made_up("LC", 0, 0.5, 0.6, 0.72),
    ]
    write_jsonl(tmp_path / "curves.jsonl", lines)
    script("curves_table").main(tmp_path / "curves.jsonl", tmp_path / "summary.jsonl")
    found = read_jsonl(tmp_path / "summary.jsonl")
    return {line["acquisition"]: line for line in found}, capsys.readouterr().out


def test_summary_has_the_numbers_worked_out_by_hand(summary):
    lines, _ = summary
    rand, mnlp, lc = (lines[name] for name in ("RAND", "MNLP", "LC"))
    assert mnlp == {
        "data": "s",
        "acquisition": "MNLP",
        "seeds": [0, 1],
        "full_f": 0.81,
        "shallow_f": 0.7,
        "words_percent_to_99": 10,  # mean 0.805, and 0.99 * 0.81 = 0.8019
        "words_percent_to_shallow": 6,
        "seeds_to_99": 1,
        "seeds_to_shallow": 2,
        "seeds_percent_to_99": 10,
        "seeds_percent_to_shallow": 6,
        "area": 0.68125,  # (0.605 + 0.7575) / 2, those the means of 0.5, 0.71 and 0.805
        "area_range": [2, 10],
        "seeds_area": [0.68, 0.6825],
        "words_saved_percent": 40,  # of RAND's 100 words for 0.71
        "words_saved_f": 0.71,
        "score_seconds": 4.5,
        "train_seconds": 11.5,
    }
    assert (rand["words_percent_to_99"], rand["words_percent_to_shallow"]) == (None, 10)
    assert (rand["seeds_to_99"], rand["seeds_percent_to_99"]) == (0, None)
    assert (rand["area"], rand["words_saved_percent"]) == (0.6175, None)
    assert (lc["words_saved_percent"], lc["words_saved_f"]) == (0, 0.72), "RAND of seed 0 alone"


def test_functions_stand_in_one_order_whichever_run_ended_first(script, tmp_path):
    names = ("Other", "BALD", "DecoderBALD", "MNLP", "LC", "RAND")
    for order in (names, names[::-1]):
        lines = [line for name in order for line in made_up(name, 0, 0.5)]
        write_jsonl(tmp_path / "c.jsonl", lines)
        script("curves_table").main(tmp_path / "c.jsonl", tmp_path / "summary.jsonl")
        found = [line["acquisition"] for line in read_jsonl(tmp_path / "summary.jsonl")]
        assert found == ["RAND", "LC", "MNLP", "BALD", "DecoderBALD", "Other"]


def test_tables_show_means_and_the_paper(summary):
    _, printed = summary
    assert "Test F1 on s: full data 81.0, CRF 70.0" in printed
    assert "| words | 2% | 6% | 10% |" in printed
    assert "| MNLP | 50.0 | 71.0 | 80.5 |" in printed
    row = "10.0% | 1 of 2 (10.0%) | 6.0% | 2 of 2 (6.0%) | 68.1 | 40.0% at 71.0 | 4.5 s | 11.5 s"
    assert f"| s, MNLP | {row} |" in printed
    assert "|  | s |\n|---|---|\n| RAND | 60.5, 63.0 (61.8) |" in printed
    assert "\n| LC | 60.5 |\n" in printed
    assert "24.9%, 30.1% |  | 12.0%, 16.9%" in printed


def test_a_set_without_models_of_all_words_has_no_goals(script, tmp_path):
    lines = list(made_up("MNLP", 3, 0.5, 0.6))
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines * 2))
    script("curves_table").main(tmp_path / "c.jsonl", tmp_path / "summary.jsonl")
    (line,) = read_jsonl(tmp_path / "summary.jsonl")
    assert line["words_percent_to_99"] is line["seeds_to_99"] is line["full_f"] is None
    assert (line["seeds"], line["area"], line["area_range"]) == ([3], 0.55, [2, 6])
