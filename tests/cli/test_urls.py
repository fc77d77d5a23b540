"""Only a pool and its scores may be at a URL: each command refuses one for any other path."""

import pytest

from spacy_deepal.cli import app

from ..pools import call

URL = "s3://bucket/x"
ARGUMENTS = [
    ("convert", URL, "pool"),
    ("convert", "text.txt", URL),
    ("prepare", URL, "out"),
    ("prepare", "data", URL),
    ("init-config", URL),
    ("init-config", "al.cfg", "--dev", URL),
    ("vectors", URL, "out", "--from-text"),
    ("vectors", "pool", URL, "--from-text"),
    ("score", "model", "pool", "scores", "--code", URL),
    ("select", "scores", "pool", URL, "--budget-words", 9),
    ("export", "pool", URL, "--format", "jsonl"),
    ("run", URL, "run"),
    ("run", "al.cfg", URL),
    ("experiment", URL, "data", "out"),
    ("train", "al.cfg", URL, "out"),
    ("label", URL),
    ("label", "run", "--pool", "text.txt", "--pool", URL),
    ("push", URL, "batch.jsonl"),
    ("push", "run", URL),
    ("pull", URL, "answers.jsonl"),
    ("pull", "run", URL),
    ("report", "run", URL),
    ("report", "run", "--output", URL),
    ("status", URL),
]


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_it_is_refused_and_nothing_is_written(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, output = call(*arguments)
    assert (status, f"{URL} is a URL, and a local path is needed here" in output) == (1, True)
    assert not list(tmp_path.iterdir())


def test_every_command_is_among_these():
    tried = {name for name, *_ in ARGUMENTS}
    assert {command.name for command in app.registered_commands} == tried


def test_a_config_has_the_url_of_the_pool_as_it_was_given(tmp_path):
    assert call("init-config", tmp_path / "al.cfg", "--pool", URL)[0] == 0
    assert f'pool = "{URL}"' in (tmp_path / "al.cfg").read_text("utf8")
