"""The commands of projects/paper/project.yml, on a part of the embedded demo corpus."""

import re
import shutil

import pytest
import srsly
from spacy.cli.project.run import project_run

from ..pools import read_jsonl
from ..vectors.build import make_encoder
from .conftest import PAPER

NAMES = (
    "curves curves-zh large missing encoder functions genres paper-model successors settings "
    "calibration stopping tables".split()
)
NOT_IN_ALL = ("large", "missing", "encoder", "functions", "paper-model", "calibration", "tables")


def test_these_are_the_commands():
    yml = srsly.read_yaml(PAPER / "project.yml")
    assert [command["name"] for command in yml["commands"]] == NAMES
    assert yml["workflows"] == {"all": [n for n in NAMES if n not in NOT_IN_ALL]}


def test_every_variable_that_a_command_uses_has_a_default():
    text = (PAPER / "project.yml").read_text(encoding="utf8")
    known = srsly.read_yaml(PAPER / "project.yml")["vars"]
    assert set(re.findall(r"\$\{vars\.(\w+)\}", text)) == set(known)


def test_learning_curves_differ_between_languages_in_nothing_else():
    yml = srsly.read_yaml(PAPER / "project.yml")
    commands = {item["name"]: item for item in yml["commands"]}
    script = [line.replace("--lang en", "--lang zh") for line in commands["curves"]["script"]]
    assert commands["curves-zh"]["script"] == script != commands["curves"]["script"]


def test_assets_are_optional_and_name_their_licence():
    assets = srsly.read_yaml(PAPER / "project.yml")["assets"]
    assert len({asset["dest"] for asset in assets}) == len(assets)
    for asset in assets:
        assert asset["extra"] is True
        assert re.search(r"\((CC BY|MIT)[^)]*\)", asset["description"])
        assert re.search(r"/[0-9a-f]{40}/", asset["url"]), "an asset is pinned to a commit"
    sets = {asset["dest"].split("/")[1] for asset in assets}
    assert sets == {"bc5cdr", "btc", "crossner", "uner-ewt", "uner-zh", "wnut17"}


@pytest.mark.slow
def test_tables_prints_what_is_recorded(project, capfd):
    shutil.copytree(PAPER / "results", project / "results", dirs_exist_ok=True)
    project_run(project, "tables")
    printed = capfd.readouterr().out
    for text in (
        "| demo-en, MNLP |",
        "of 18 pairs",
        "| the loop's own |",
        "lost to the last",
        "by chance",
    ):
        assert text in printed


@pytest.mark.slow
def test_curves_run_four_functions_and_the_models_of_all_words(project):
    overrides = {"vars.data": "two_genres", "vars.config": "short.cfg", "vars.rounds": 1}
    overrides |= {"vars.seeds": "0 --seed 1"}
    project_run(project, "curves", overrides=overrides, capture=True)
    lines = read_jsonl(project / "runs" / "curves.jsonl")
    assert len(lines) == 1 + 2 + 2 * 4 * 2
    summary = read_jsonl(project / "runs" / "curves_summary.jsonl")
    assert [line["acquisition"] for line in summary] == ["RAND", "LC", "MNLP", "BALD"]
    assert all(line["seeds"] == [0, 1] for line in summary)
    page = (project / "runs" / "two_genres" / "report.html").read_text(encoding="utf8")
    assert "shallow model" in page
    assert "mean of 2 models" in page
    project_run(project, "stopping", capture=True)


@pytest.mark.slow
def test_genres_trains_with_and_without_a_genre_and_draws_what_each_would_label(project):
    overrides = {"vars.data": "two_genres", "vars.seeds": "0", "vars.max_steps": 300}
    project_run(project, "genres", overrides=overrides, capture=True)
    lines = read_jsonl(project / "runs" / "genres.jsonl")
    assert len(lines) == 6
    assert all(line["ents_f"] > 0.1 for line in lines)
    page = (project / "runs" / "two_genres" / "genres.html").read_text(encoding="utf8")
    assert "of 2</b> pairs" in page


@pytest.mark.slow
def test_settings_runs_three_kinds_of_cold_start(project):
    overrides = {"vars.data": "two_genres", "vars.config": "short.cfg", "vars.seeds": "0"}
    overrides |= {"vars.early_rounds": 1}
    project_run(project, "settings", overrides=overrides, capture=True)
    lines = read_jsonl(project / "runs" / "settings.jsonl")
    assert len(lines) == 3 * 2
    assert {line["settings"]["min_updates"] for line in lines} == {0, 50, 600}


@pytest.mark.slow
def test_calibration_measures_the_last_model_of_each_run(project):
    overrides = {"vars.data": "two_genres", "vars.config": "short.cfg", "vars.seeds": "0"}
    overrides |= {"vars.early_rounds": 1}
    project_run(project, "calibration", overrides=overrides, capture=True)
    (line,) = read_jsonl(project / "runs" / "calibration.jsonl")
    assert (line["data"], line["seed"]) == ("two_genres", 0)
    assert line["entities"] > 0


@pytest.mark.slow
def test_large_compares_two_functions_round_by_round(project):
    overrides = {"vars.data": "two_genres", "vars.config": "short.cfg", "vars.seeds": "0"}
    overrides |= {"vars.budget": 500, "vars.rounds": 1}
    project_run(project, "large", overrides=overrides, capture=True)
    lines = read_jsonl(project / "runs" / "paired.jsonl")
    assert [(line["data"], line["round"]) for line in lines] == [
        ("two_genres", 0),
        ("two_genres", 1),
        ("two_genres", None),
    ]
    assert lines[0]["difference"] == 0


@pytest.mark.slow
def test_functions_compares_each_with_mnlp(project):
    overrides = {"vars.data": "two_genres", "vars.config": "short.cfg", "vars.seeds": "0"}
    named = {"vars.functions": "MNLP --acquisition RAND --acquisition BALD:samples=2"}
    project_run(
        project, "functions", overrides=overrides | named | {"vars.rounds": 1}, capture=True
    )
    lines = read_jsonl(project / "runs" / "functions.jsonl")
    assert {line["acquisition"] for line in lines} == {"MNLP", "RAND", "BALD:samples=2"}
    assert [line["acquisition"] for line in lines if "difference" not in line] == ["MNLP"]


@pytest.mark.slow
def test_encoder_runs_two_functions_with_a_pretrained_encoder(project, tmp_path):
    overrides = {"vars.data": "two_genres", "vars.config": "short.cfg", "vars.seeds": "0"}
    overrides |= {"vars.rounds": 1, "vars.encoder": str(make_encoder(tmp_path / "encoder"))}
    project_run(project, "encoder", overrides=overrides, capture=True)
    lines = read_jsonl(project / "runs" / "encoder.jsonl")
    assert [line["acquisition"] for line in lines] == ["crf", "full", *2 * ["MNLP"], *2 * ["RAND"]]
    compared = read_jsonl(project / "runs" / "functions.jsonl")
    assert ("two_genres, encoder", "RAND") in {(c["data"], c["acquisition"]) for c in compared}
    config = project / "runs" / "configs" / f"{lines[-1]['made_of']}.cfg"
    assert "encoder = ${paths.encoder}" in config.read_text(encoding="utf8")
