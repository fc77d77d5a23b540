"""What settings_table.py records, and where stopping_table.py stops."""

import pytest

from spacy_deepal.files import write_jsonl
from spacy_deepal.rounds.config_file import load_run_config

from ..pools import AL_CONFIG, read_jsonl
from ..report.build import make_row, make_run


def test_runs_are_recorded_with_the_settings_that_differ(script, tmp_path, capsys):
    scratch = {"warm_start": False, "passes": 50}
    common = load_run_config(AL_CONFIG, {"active_learning.rounds": 3}).to_str()
    other = {f"active_learning.{key}": value for key, value in scratch.items()}
    config = load_run_config(AL_CONFIG, other).to_str()
    make_run(tmp_path / "a" / "tiny" / "0", curve=((1, 0.5), (10, 0.7)), config=common)
    make_run(tmp_path / "a" / "tiny" / "1", seed=1, curve=((1, 0.5), (10, 0.8)), config=common)
    make_run(tmp_path / "b" / "tiny" / "0", curve=((1, 0.4), (10, 0.6)), config=config)
    make_run(tmp_path / "b" / "more" / "0", "RAND", config=config)
    output = tmp_path / "results" / "settings.jsonl"
    name = "passes = 50, warm_start = false"
    for _ in range(2):
        script("settings_table").main([tmp_path / "a", tmp_path / "b"], output)
        assert capsys.readouterr().out.splitlines() == [
            "",
            "| more | seeds | 1% | 10% | 20% | training |",
            "|---|---|---|---|---|---|",
            f"| RAND: {name} | 1 | 50.0 | 70.0 | 80.0 | 90 s |",
            "",
            "| tiny | seeds | 1% | 10% | training |",
            "|---|---|---|---|---|",
            "| MNLP: configs/al.cfg | 2 | 50.0 | 75.0 | 60 s |",
            f"| MNLP: {name} | 1 | 40.0 | 60.0 | 60 s |",
        ]
    lines = read_jsonl(output)
    assert sorted(len(line["settings"]) for line in lines) == [0] * 4 + [2] * 5
    assert all(line["settings"] in ({}, scratch) for line in lines)
    configs = {line["made_of"] for line in lines}
    assert {file.stem for file in (output.parent / "configs").iterdir()} == configs


@pytest.fixture
def curves(tmp_path):
    """Two runs of five rounds, and a model of all words."""
    stability = (None, 0.8, 0.9, 1, 0.95)
    lines = [
        {"data": "tiny", "acquisition": "MNLP", "seed": seed}
        | make_row(number, 10.0 * number, f)
        | {"stability": stability[number]}
        for seed, curve in enumerate([(0.2, 0.5, 0.6, 0.65, 0.7), (0.2, 0.5, 0.6, 0.7, 0.6)])
        for number, f in enumerate(curve)
    ]
    lines.append(lines[-1] | {"acquisition": "full", "round": 0})  # has no rounds to stop at
    write_jsonl(tmp_path / "curves.jsonl", lines)
    return tmp_path / "curves.jsonl"


def test_the_table_of_stopping_says_what_later_rounds_gained(script, curves, capsys):
    script("stopping_table").main(curves, [0.9, 1])
    assert capsys.readouterr().out.splitlines()[2:] == [
        "| tiny | MNLP | 0.9 | 2 of 2 | 30% | 67.5 | -2.5 | -2.5 |",
        "| tiny | MNLP | 1 | 0 of 2 |  |  |  |  |",
    ]


def test_ceiling_has_a_row_for_each_setting_and_a_column_for_each_set(script, tmp_path, capsys):
    (tmp_path / "configs").mkdir()
    for name, width in (("narrow", 128), ("wide", 256)):
        changes = {"components.ner.model.encode.width": width, "training.max_steps": 8000}
        load_run_config(AL_CONFIG, changes).to_disk(tmp_path / "configs" / f"{name}.cfg")
    scores = {"dev_ents_f": 0.8, "ents_f": 0.7}
    models = (("a", "wide"), ("a", "narrow"), ("b", "narrow"))
    lines = [{"data": data, "made_of": name, **scores} for data, name in models]
    write_jsonl(tmp_path / "ceiling.jsonl", lines)
    script("ceiling_table").main(tmp_path / "ceiling.jsonl")
    assert capsys.readouterr().out.splitlines() == [
        "| width of the word CNN | dropout | updates | a: dev, test | b: dev, test |",
        "|---|---|---|---|---|",
        "| 128 | 0.3 | 8,000 | 80.0, 70.0 | 80.0, 70.0 |",
        "| 256 | 0.3 | 8,000 | 80.0, 70.0 |  |",
    ]
