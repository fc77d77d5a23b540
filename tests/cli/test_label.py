"""`spacy deepal label`: what it says before the page is there. tests/labelling has the page."""

from pathlib import Path

import pytest
import spacy
from spacy.util import load_config

from spacy_deepal.cli.init_config import init_config
from spacy_deepal.labelling.labelling_folder import LabellingFolder
from spacy_deepal.rounds.settings import read_annotation_settings

from ..pools import call, save_ruler


def test_a_run_begins_and_goes_on_with_its_folder_alone(served, text, tmp_path):
    run = tmp_path / "run"
    code, out = call("label", run, "--pool", text, "--labels", "PER, LOC", "--dev-words", 50)
    assert code == 0
    assert f"To go on: python -m spacy deepal label {run}" in out
    assert served[0][1]["host"] == "127.0.0.1"
    job = LabellingFolder(run).read_job()
    assert (job.inputs, job.dev_words, job.test_words) == ([str(text)], 50, 0)
    assert LabellingFolder(run).annotations.labels == ["PER", "LOC"]
    assert call("label", run)[0] == 0
    assert LabellingFolder(run).read_job() == job


def test_the_config_has_the_budget_and_the_oracle(served, text, tmp_path):
    options = ["--seed-words", 123, "--budget-words", 45, "--lang", "xx"]
    assert call("label", tmp_path / "run", "--pool", text, "--labels", "PER", *options)[0] == 0
    config = LabellingFolder(tmp_path / "run").config_file.read_text()
    for line in ("seed_words = 123", "budget_words = 45", 'lang = "xx"', "JournalOracle.v1"):
        assert line in config


def test_a_run_that_begins_with_what_is_labelled_waits_for_no_other_words(served, text, tmp_path):
    options = ["--seed-words", "labelled", "--budget-words", 45]
    for _ in range(2):  # the same command goes on
        assert call("label", tmp_path / "run", "--pool", text, "--labels", "PER", *options)[0] == 0
    folder = LabellingFolder(tmp_path / "run")
    assert "seed_words = 45" in folder.config_file.read_text()
    assert folder.read_job().begins_labelled
    code, out = call("label", tmp_path / "run", "--seed-words", 300)
    assert code == 1
    assert "--seed-words 300: it was labelled. Use another folder for it." in out


def test_a_config_that_begins_with_what_is_labelled_needs_the_option(served, text, tmp_path):
    own, run = tmp_path / "own.cfg", tmp_path / "run"
    own.write_text(init_config().replace("seed_words = 0.02", 'seed_words = "labelled"'))
    code, out = call("label", run, "--pool", text, "--labels", "PER", "--config", own)
    assert code == 1
    assert "give the option --seed-words labelled" in out
    assert not run.exists()


@pytest.mark.parametrize(
    ("given", "written"), [("hub:people/model", "hub:people/model"), ("null", None)]
)
def test_the_config_names_the_encoder(served, text, tmp_path, monkeypatch, given, written):
    monkeypatch.setattr("spacy_deepal.labelling.begin.find_encoder", Path)  # the hub is elsewhere
    options = ["--labels", "PER", "--encoder", given]
    assert call("label", tmp_path / "run", "--pool", text, *options)[0] == 0
    config = load_config(LabellingFolder(tmp_path / "run").config_file)
    assert config["paths"]["encoder"] == written
    assert call("label", tmp_path / "run", *options)[0] == 0  # the same command goes on


@pytest.mark.parametrize("own", [False, True])
def test_another_pipeline_suggests(served, text, tmp_path, own):
    """Also if the user's own config has no [annotation]."""
    pipeline = tmp_path / "pipeline"
    spacy.blank("en").to_disk(pipeline)
    (tmp_path / "own.cfg").write_text(init_config().partition("[annotation]")[0])
    options = ["--suggest", pipeline, "--types", "PERSON=PER"]
    options += ["--config", tmp_path / "own.cfg"] if own else []
    run = tmp_path / "run"
    assert call("label", run, "--pool", text, "--labels", "PER", *options)[0] == 0
    config = load_config(LabellingFolder(run).config_file)
    other = read_annotation_settings(config).suggest
    assert (other.pipeline, other.types) == (str(pipeline), {"PERSON": "PER"})


def test_types_of_the_pipeline_are_those_of_the_run(served, text, tmp_path):
    spacy.blank("en").to_disk(tmp_path / "pipeline")
    options = ["--suggest", tmp_path / "pipeline", "--types", "PERSON=MAN"]
    code, out = call("label", tmp_path / "run", "--pool", text, "--labels", "PER", *options)
    assert code == 1
    assert "mapped to MAN, but the types of the run are PER" in out
    assert not (tmp_path / "run").exists()


def test_types_that_do_not_fit_are_told_before_the_run_has_a_folder(served, text, tmp_path):
    ruler = save_ruler(tmp_path / "ruler")  # which finds PERSON
    command = ["label", tmp_path / "run", "--pool", text, "--labels", "PER", "--suggest", ruler]
    code, out = call(*command)
    assert (code, served) == (1, [])
    assert "with --types PERSON=PER of `label`" in " ".join(out.split())
    assert not (tmp_path / "run").exists()
    assert call(*command, "--types", "PERSON=PER")[0] == 0


def test_words_are_not_asked_for_twice_unless_the_own_config_says_so(served, text, tmp_path):
    options = ["--pool", text, "--labels", "PER"]
    assert call("label", tmp_path / "run", *options)[0] == 0
    assert "max_similarity = 1.0" in LabellingFolder(tmp_path / "run").config_file.read_text()
    own = tmp_path / "own.cfg"
    call("init-config", own)
    own.write_text(own.read_text().replace("max_similarity = null", "max_similarity = 0.7"))
    assert call("label", tmp_path / "other", "--config", own, *options)[0] == 0
    assert "max_similarity = 0.7" in LabellingFolder(tmp_path / "other").config_file.read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "has no labelling yet. Begin it with"),
        (["--labels", "PER"], "Begin a run with --pool FILE."),
        (["--pool", "TEXT"], "Begin a run with --labels PERSON,ORG."),
        (["--pool", "missing.txt", "--labels", "PER"], "no file or folder missing.txt"),
        (["--pool", "TEXT", "--labels", "PER", "--dev", "no.jsonl"], "no file or folder no.jsonl"),
        (["--pool", "TEXT", "--labels", "A B"], "'A B' is not a name for a type"),
        (["--pool", "TEXT", "--labels", "PER", "--terms", "names.txt"], "in --terms PERSON="),
        (["--pool", "TEXT", "--labels", "PER", "--suggest", "no_such"], "no pipeline no_such"),
        (["--pool", "TEXT", "--labels", "PER", "--encoder", "no_such"], "There is no folder no_s"),
        (["--pool", "TEXT", "--labels", "PER", "--types", "PERSON"], "in --types PER=PERSON"),
        (["--pool", "TEXT", "--labels", "PER", "--types", "A=PER"], "Name it with --suggest"),
        (
            ["--pool", "TEXT", "--labels", "PER", "--terms", "PER=a", "--terms", "PER=b"],
            "--terms PER=a and PER=b: give one of them.",
        ),
        (
            ["--pool", "TEXT", "--labels", "PER", "--terms", "PER=no.txt"],
            "no file or folder no.txt",
        ),
        (
            ["--pool", "TEXT", "--labels", "PER", "--dev", "GIVEN", "--dev-words", 70],
            "Leave out --dev-words",
        ),
        (["--pool", "TEXT", "--labels", "PER", "--seed-words", 0], "--seed-words 0: must be a num"),
        (["--pool", "TEXT", "--labels", "PER", "--seed-words", "x"], "1 or more, or labelled."),
        (["--pool", "TEXT", "--labels", "PER", "--dev", "TEXT"], "with --pool and with --dev."),
        (["--pool", "TEXT", "--labels", "PER", "--test", "TEXT"], "with --pool and with --test."),
        (["--pool", "TEXT", "--labels", "PER", "--terms", "LOC=TEXT"], "types LOC, which the run"),
        (["--pool", "TEXT", "--labels", "PER", "--config", "no.cfg"], "no.cfg cannot be read"),
        (["--pool", "TEXT", "--labels", "PER", "--lang", "qq"], "No tokenizer for the language"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_is_written(
    served, text, tmp_path, options, message
):
    run, given = tmp_path / "run", tmp_path / "dev.txt"
    given.write_text("Ada stayed.\n")
    files = {"TEXT": text, "GIVEN": given, "LOC=TEXT": f"LOC={text}"}
    code, out = call("label", run, *(files.get(option, option) for option in options))
    assert code == 1
    assert message in " ".join(out.split())
    assert not run.exists()
    assert served == []


def test_a_folder_with_other_things_is_left_as_it_is(served, text, tmp_path):
    for name, content in (("thesis.doc", "years of work"), ("manifest.json", "{}")):
        run = tmp_path / name.partition(".")[0]
        run.mkdir()
        (run / name).write_text(content)
        code, _ = call("label", run, "--pool", text, "--labels", "PER")
        assert code == 1
        assert [path.name for path in run.iterdir()] == [name]


def test_without_the_extra_it_says_what_to_install(served, text, tmp_path, monkeypatch):
    monkeypatch.setattr("spacy_deepal.labelling.begin.find_spec", lambda name: None)
    code, out = call("label", tmp_path / "run", "--pool", text, "--labels", "PER")
    assert code == 1
    assert "pip install 'spacy_deepal[label]'" in out
