"""The workflows of project.yml, on the embedded demo corpus."""

import re
import shutil
from pathlib import Path
from subprocess import SubprocessError

import pytest
import srsly
from spacy.cli.project.run import project_run
from spacy.util import load_config

from spacy_deepal.files import read_jsonl

ROOT = Path(__file__).parents[1]
FUNCTIONS = ("MNLP", "RAND")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A checkout without anything that an earlier run left."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("configs", "assets", "benchmarks"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "project.yml", folder)
    return folder


@pytest.fixture(scope="module")
def two_genres(project):
    """A third of the demo corpus, for workflows that train many models. RETURNS (str): Its path."""
    folder = project / "assets" / "two_genres"
    folder.mkdir()
    for genre in ("nw", "tc"):
        shutil.copy(ROOT / "assets" / "demo" / "en" / f"{genre}.txt", folder)
    return "assets/two_genres"


def test_every_variable_that_a_command_uses_has_a_default():
    text = (ROOT / "project.yml").read_text(encoding="utf8")
    known = srsly.read_yaml(ROOT / "project.yml")["vars"]
    assert set(re.findall(r"\$\{vars\.(\w+)\}", text)) <= set(known)


def test_assets_are_optional_and_name_their_licence():
    assets = srsly.read_yaml(ROOT / "project.yml")["assets"]
    assert len({asset["dest"] for asset in assets}) == len(assets)
    for asset in assets:
        assert asset["extra"] is True
        assert re.search(r"\((CC BY|MIT)[^)]*\)", asset["description"])
        assert re.search(r"/[0-9a-f]{40}/", asset["url"]), "an asset is pinned to a commit"
    sets = {asset["dest"].split("/")[1] for asset in assets}
    assert sets == {"bc5cdr", "btc", "crossner", "uner-ewt", "uner-zh", "wnut17"}


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
    page = (folder / "report.html").read_text(encoding="utf8")
    assert "MNLP" in page
    assert "RAND" in page


@pytest.mark.slow
def test_train_trains_one_model_on_everything(project):
    project_run(project, "train", capture=True)
    meta = srsly.read_json(project / "runs" / "demo-en" / "full" / "model-best" / "meta.json")
    assert meta["performance"]["ents_f"] > 0.5


def test_learning_curves_differ_between_languages_in_nothing_else():
    commands = {item["name"]: item for item in srsly.read_yaml(ROOT / "project.yml")["commands"]}
    english, chinese = commands["learning-curves"], commands["learning-curves-zh"]
    script = [line.replace("--lang en", "--lang zh") for line in english["script"]]
    assert chinese["script"] == script != english["script"]


@pytest.mark.slow
def test_curves_run_four_functions_and_the_models_of_all_words(project, two_genres):
    pytest.importorskip("pycrfsuite", reason="python-crfsuite is not installed")
    short = {"training.max_steps": 200, "training.eval_frequency": 50}
    short |= {"active_learning.passes": 1, "active_learning.min_updates": 50}
    config = load_config(project / "configs" / "al.cfg", overrides=short, interpolate=False)
    config.to_disk(project / "configs" / "short.cfg")
    overrides = {"vars.data": two_genres, "vars.config": "configs/short.cfg", "vars.rounds": 1}
    project_run(project, "curves", overrides=overrides, capture=True)
    lines = read_jsonl(project / "runs" / "curves.jsonl")
    assert len(lines) == 1 + 3 + 3 * 4 * 2
    summary = read_jsonl(project / "runs" / "curves_summary.jsonl")
    assert [line["acquisition"] for line in summary] == ["RAND", "LC", "MNLP", "BALD"]
    assert all(line["seeds"] == [0, 1, 2] for line in summary)
    page = (project / "runs" / "two_genres" / "report.html").read_text(encoding="utf8")
    assert "shallow model" in page
    assert "mean of 3 models" in page


@pytest.mark.slow
def test_genres_trains_with_and_without_a_genre_and_draws_what_each_would_label(
    project, two_genres
):
    overrides = {"vars.data": two_genres, "vars.seeds": "--seed 0"}
    project_run(project, "genres", overrides=overrides, capture=True)
    lines = read_jsonl(project / "runs" / "genres.jsonl")
    assert len(lines) == 6
    assert all(line["ents_f"] > 0.1 for line in lines)
    page = (project / "runs" / "two_genres" / "genres.html").read_text(encoding="utf8")
    assert "of 2</b> pairs" in page


@pytest.mark.slow
def test_zh_runs_the_loop_in_chinese(project):
    project_run(project, "zh", overrides={"vars.rounds": 1}, capture=True)
    folder = project / "runs" / "demo-zh"
    assert (folder / "report.html").exists()
    assert srsly.read_json(folder / "MNLP-seed0" / "manifest.json")["lang"] == "zh"
