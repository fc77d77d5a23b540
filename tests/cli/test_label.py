"""`spacy deepal label`: what it says before the page is there. tests/annotation has the page."""

import pytest
import spacy
from filelock import FileLock
from spacy.util import load_config

from spacy_deepal.annotation.divide import divide_text
from spacy_deepal.annotation.journal_oracle import read_annotations
from spacy_deepal.annotation.labelling_folder import LabellingFolder
from spacy_deepal.cli.init_config import init_config
from spacy_deepal.rounds.settings import read_annotation_settings

from ..pools import call


@pytest.fixture
def served(monkeypatch):
    """Instead of serving the page, note how it would be served."""
    calls = []
    name = "spacy_deepal.annotation.serve.serve"
    monkeypatch.setattr(name, lambda run, **options: calls.append((run, options)))
    return calls


@pytest.fixture
def text(tmp_path):
    file = tmp_path / "articles.txt"
    file.write_text("Ada saw Rome.\nIt rained.\n")
    return file


def test_a_run_begins_and_goes_on_with_its_folder_alone(served, text, tmp_path):
    run = tmp_path / "run"
    code, out = call("label", run, "--pool", text, "--labels", "PER, LOC", "--dev-words", 50)
    assert code == 0
    assert f"To go on: python -m spacy deepal label {run}" in out
    assert served[0][1]["host"] == "127.0.0.1"
    job = LabellingFolder(run).read_job()
    assert (job.inputs, job.dev_words, job.test_words) == ([str(text)], 50, 0)
    assert read_annotations(run).labels == ["PER", "LOC"]
    assert call("label", run)[0] == 0
    assert LabellingFolder(run).read_job() == job


def test_a_later_call_adds_types_and_changes_what_may_change(served, text, tmp_path):
    run, names = tmp_path / "run", tmp_path / "names.txt"
    names.write_text("Ada\n")
    call("label", run, "--pool", text, "--labels", "PER")
    more = ["--labels", "PER,ORG", "--dev-words", 70, "--double", 0.2, "--terms", f"ORG={names}"]
    assert call("label", run, *more)[0] == 0
    assert read_annotations(run).labels == ["PER", "ORG"]
    job = LabellingFolder(run).read_job()
    assert (job.dev_words, job.double, job.terms) == (70, 0.2, {"ORG": str(names)})


def test_the_config_has_the_budget_and_the_oracle(served, text, tmp_path):
    options = ["--seed-words", 123, "--budget-words", 45, "--lang", "xx"]
    assert call("label", tmp_path / "run", "--pool", text, "--labels", "PER", *options)[0] == 0
    config = LabellingFolder(tmp_path / "run").config_file.read_text()
    for line in ("seed_words = 123", "budget_words = 45", 'lang = "xx"', "JournalOracle.v1"):
        assert line in config


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
        (["--pool", "TEXT", "--labels", "A B"], "'A B' is no name for a type"),
        (["--pool", "TEXT", "--labels", "PER", "--terms", "names.txt"], "in --terms PERSON="),
        (["--pool", "TEXT", "--labels", "PER", "--suggest", "no_such"], "no pipeline no_such"),
        (["--pool", "TEXT", "--labels", "PER", "--types", "PERSON"], "in --types PER=PERSON"),
        (["--pool", "TEXT", "--labels", "PER", "--types", "A=PER"], "Name it with --suggest"),
        (["--pool", "TEXT", "--labels", "PER", "--terms", "PER=names.txt"], "names.txt cannot be"),
        (["--pool", "TEXT", "--labels", "PER", "--terms", "LOC=TEXT"], "types LOC, which the run"),
        (["--pool", "TEXT", "--labels", "PER", "--config", "no.cfg"], "no.cfg cannot be read"),
        (["--pool", "TEXT", "--labels", "PER", "--lang", "qq"], "No tokenizer for the language"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_is_written(
    served, text, tmp_path, options, message
):
    run = tmp_path / "run"
    code, out = call(
        "label", run, *(option.replace("TEXT", str(text)) for option in map(str, options))
    )
    assert code == 1
    assert message in out
    assert not run.exists()
    assert served == []


def test_other_data_need_another_folder(served, text, tmp_path):
    run, other = tmp_path / "run", tmp_path / "other.txt"
    other.write_text("Bob saw Oslo.\n")
    call("label", run, "--pool", text, "--labels", "PER")
    code, out = call("label", run, "--pool", other)
    assert code == 1
    assert "was begun with other data" in out
    assert LabellingFolder(run).read_job().inputs == [str(text)]


def test_a_test_set_is_asked_for_when_the_text_is_read_or_never(served, text, tmp_path):
    """Without sentences for it, the run would wait for a test set for ever."""
    run = tmp_path / "run"
    call("label", run, "--pool", text, "--labels", "PER")
    assert call("label", run, "--test-words", 40)[0] == 0  # the text has not been read yet
    call("label", run, "--test-words", 0)
    folder = LabellingFolder(run)
    divide_text(folder, folder.read_job(), 0)
    code, out = call("label", run, "--test-words", 50)
    assert code == 1
    assert "was begun without a test set" in " ".join(out.split())
    assert folder.read_job().test_words == 0


def test_a_run_whose_page_is_open_in_another_process_stays_as_it_is(served, text, tmp_path):
    run = tmp_path / "run"
    call("label", run, "--pool", text, "--labels", "PER")
    with FileLock(run / "labelling" / ".lock"):
        code, out = call("label", run, "--labels", "ORG")
    assert code == 1
    assert "is being labelled already" in " ".join(out.split())
    assert read_annotations(run).labels == ["PER"]


def test_a_folder_with_other_things_is_left_as_it_is(served, text, tmp_path):
    for name, content in (("thesis.doc", "years of work"), ("manifest.json", "{}")):
        run = tmp_path / name.partition(".")[0]
        run.mkdir()
        (run / name).write_text(content)
        code, _ = call("label", run, "--pool", text, "--labels", "PER")
        assert code == 1
        assert [path.name for path in run.iterdir()] == [name]


def test_without_the_extra_it_says_what_to_install(served, text, tmp_path, monkeypatch):
    monkeypatch.setattr("spacy_deepal.annotation.begin.find_spec", lambda name: None)
    code, out = call("label", tmp_path / "run", "--pool", text, "--labels", "PER")
    assert code == 1
    assert "pip install 'spacy_deepal[label]'" in out
