"""All of the README runs: what it installs and tests with is run by .ci/run, the rest here."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from spacy.util import load_config, load_model_from_config
from spacy_deepal.cli.project_vars import unknown_vars
from thinc.api import Config

from spacy_deepal.files import read_jsonl, write_jsonl

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf8")
COMMANDS = [
    line
    for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    for line in block.strip().splitlines()
]
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
CONFIG = "".join(re.findall(r"```ini\n(.*?)```", README, re.DOTALL))
INSTALL, TESTS, *OTHERS = COMMANDS
NAMES = "Ada Bob Cem Dee Eva Fay Gil Hal Ida Jon".split()
PLACES = "Rome Oslo Lima Bern Kyiv Bonn Nice Cork".split()
QUICK = {
    "spacy train": ["--training.max_epochs", "2"],
    "deepal run": ["--active_learning.min_updates", "5", "--active_learning.passes", "1"],
    "project run": ["--vars.rounds", "1"],
}


def records(count, *, labelled=True):
    """Sentences as JSONL records, with the labels that the README's commands name."""
    for number in range(count):
        name, place = NAMES[number % len(NAMES)], PLACES[number % len(PLACES)]
        text = f"On day {number} {name} went from home to {place} by train."
        spans = [(text.index(name), name, "PERSON"), (text.index(place), place, "GPE")]
        entities = [{"start": s, "end": s + len(t), "label": label} for s, t, label in spans]
        yield {"text": text, "spans": entities} if labelled else {"text": text}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What a reader of the README has: the checkout, and files of their own."""
    folder = tmp_path_factory.mktemp("reader")
    for name in ("configs", "assets"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "project.yml", folder)
    write_jsonl(folder / "train.jsonl", records(40))
    write_jsonl(folder / "dev.jsonl", records(30))
    texts = "\n".join(record["text"] for record in records(200))
    (folder / "articles.txt").write_text(texts, encoding="utf8")
    for split in ("train", "dev", "test"):
        write_jsonl(folder / "my_data" / f"{split}.jsonl", records(60))
    return folder


def run(command, folder):
    """Run a command of the README, made quick. RETURNS (int, str): exit code and output."""
    for part, options in QUICK.items():
        if part in command:
            command = " ".join([command, *options])
    command = re.sub("^python ", f"{sys.executable} ", command)
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_the_first_two_commands_are_those_that_ci_runs():
    assert INSTALL == "pip install -r requirements.txt -e . && python -m spacy project run al-loop"
    assert TESTS == "python -m pytest"
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf8")
    for beginning in ("pip install", "python -m pytest"):
        assert f"readme_command '{beginning}'" in ci
        assert any(command.startswith(beginning) for command in COMMANDS[:2])


def test_python_blocks_run():
    names: dict = {}
    for block in PYTHON:
        exec(compile(block, "README.md", "exec"), names)
    assert names["nlp"].pipe_names == ["deepal_ner"]
    assert callable(spacy.registry.acquisition.get("longest.v1")())


@pytest.mark.parametrize("name", ["cnn_cnn_lstm.cfg", "al.cfg"])
def test_config_blocks_make_a_component_that_listens(name):
    config = load_config(ROOT / "configs" / name, interpolate=False)
    parents = "[components]\n[components.ner]\n[components.ner.model]\n"
    config = config.merge(Config().from_str(parents + CONFIG, interpolate=False))
    nlp = load_model_from_config(config, auto_fill=True)
    assert nlp.pipe_names == ["tok2vec", "ner"]
    assert nlp.get_pipe("tok2vec").listening_components == ["ner"]
    assert nlp.get_pipe("tok2vec").model.get_dim("nO") == nlp.get_pipe("ner").model.layers[
        0
    ].get_dim("nO")


def test_files_that_the_readme_names_are_there():
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        if path != "LABEL":
            assert (ROOT / path).exists(), path
    for path in re.findall(r"`((?:configs|assets|docs|benchmarks)/[\w./]*)`", README):
        assert (ROOT / path).exists(), path


def test_project_variables_that_the_readme_names_are_known():
    for command in COMMANDS:
        if "project run" in command:
            args = command.split("spacy ", 1)[1].split()
            assert unknown_vars([*args[:3], str(ROOT), *args[4:]]) == []


@pytest.mark.slow
def test_commands_run_one_after_the_other(folder):
    (folder / "longest.py").write_text(next(b for b in PYTHON if "longest" in b))
    for command in OTHERS:
        if "FileOracle" not in command and "report" not in command:
            code, output = run(command, folder)
            assert code == 0, f"{command}\n{output}"
    score = next(command for command in OTHERS if "deepal score" in command)
    options = "--code longest.py --acquisition longest.v1"
    assert options in README
    code, output = run(score.replace("--acquisition MNLP", options), folder)
    assert code == 0, output
    assert all(line["score"] == line["words"] for line in read_jsonl(folder / "scores.jsonl"))


@pytest.mark.slow
def test_people_label_and_the_same_command_goes_on(folder):
    command = next(command for command in OTHERS if "FileOracle" in command)
    for number in range(2):
        here = folder / "my_run" / f"round_{number:02}"
        code, output = run(command, folder)
        assert code == 1, output
        assert "wait to be labelled" in " ".join(output.split())
        lines = read_jsonl(here / "to_label.jsonl")
        gold = {record["text"]: record["spans"] for record in records(200)}
        for line in lines:
            line["spans"] = gold[line["text"]]
        texts = [json.dumps(line) for line in lines]
        (here / "labelled.jsonl").write_text("\n".join(texts), encoding="utf8")
    code, output = run(command, folder)
    assert [line["round"] for line in read_jsonl(folder / "my_run" / "metrics.jsonl")] == [0, 1]
    code, output = run("python -m spacy deepal report my_run", folder)
    assert code == 0, output
    assert (folder / "report.html").exists()
