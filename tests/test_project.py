"""The commands of project.yml, on the embedded demo corpus."""

import re
import shutil
from pathlib import Path
from subprocess import SubprocessError

import pytest
import srsly
from spacy.cli.project.run import project_run
from spacy.util import load_config

from .pools import read_jsonl

ROOT = Path(__file__).parents[1]
FUNCTIONS = ("MNLP", "RAND")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A checkout without anything that an earlier run left."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("configs", "assets"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "project.yml", folder)
    short = {"training.max_steps": 1000}  # the models of all words take minutes
    config = load_config(ROOT / "configs" / "al.cfg", overrides=short, interpolate=False)
    config.to_disk(folder / "short.cfg")
    return folder


def test_these_are_the_commands():
    commands = srsly.read_yaml(ROOT / "project.yml")["commands"]
    assert [command["name"] for command in commands] == ["al-loop", "zh", "train", "label"]


def test_each_command_takes_an_encoder():
    for command in srsly.read_yaml(ROOT / "project.yml")["commands"]:
        assert re.search(r"--(paths\.)?encoder \$\{vars\.encoder\}", command["script"][0]), command


def test_every_variable_that_a_command_uses_has_a_default():
    text = (ROOT / "project.yml").read_text(encoding="utf8")
    known = srsly.read_yaml(ROOT / "project.yml")["vars"]
    assert set(re.findall(r"\$\{vars\.(\w+)\}", text)) <= set(known)


def test_a_path_with_a_space_has_quotes_of_its_own(project):
    """A folder without data is refused by its name, not by what stands behind the space."""
    (project / "my data").mkdir()
    overrides = {"vars.data": "'my data'", "vars.workspace": "'my runs'"}
    with pytest.raises(SubprocessError) as error:
        project_run(project, "al-loop", overrides=overrides, capture=True)
    assert "The folder my data holds no file to read" in " ".join(str(error.value).split())


@pytest.mark.slow
def test_al_loop_runs_mnlp_and_rand_from_one_seed_set_and_reports(project):
    project_run(project, "al-loop", overrides={"vars.rounds": 2}, capture=True)
    folder = project / "runs" / "demo-en"
    runs = {name: read_jsonl(folder / f"{name}-seed0" / "metrics.jsonl") for name in FUNCTIONS}
    for lines in runs.values():
        assert [line["round"] for line in lines] == [0, 1, 2]
        assert lines[2]["words_percent"] > lines[1]["words_percent"] > 5
        assert lines[2]["ents_f"] > 0.3
    assert runs["MNLP"][0]["ents_f"] == runs["RAND"][0]["ents_f"]
    assert srsly.read_json(folder / "full-seed0" / "metrics.json")["ents_f"] > 0.5
    page = (folder / "report.html").read_text(encoding="utf8")
    assert "MNLP" in page
    assert "RAND" in page


@pytest.mark.slow
def test_train_trains_one_model_on_everything(project):
    project_run(project, "train", overrides={"vars.config": "short.cfg"}, capture=True)
    meta = srsly.read_json(project / "runs" / "demo-en" / "full" / "model-best" / "meta.json")
    assert meta["performance"]["ents_f"] > 0.5


@pytest.mark.slow
def test_zh_runs_the_loop_in_chinese(project):
    overrides = {"vars.config": "short.cfg", "vars.rounds": 1}
    project_run(project, "zh", overrides=overrides, capture=True)
    folder = project / "runs" / "demo-zh"
    assert (folder / "report.html").exists()
    assert srsly.read_json(folder / "MNLP-seed0" / "manifest.json")["lang"] == "zh"
