from pathlib import Path

import pytest

from spacy_deepal.cli.project_vars import check_project_vars, unknown_vars

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "project.yml").write_text('title: "spacy_deepal"\nvars:\n  data: "x"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_var_that_the_project_has_is_accepted(project):
    assert unknown_vars(["project", "run", "al-loop", ".", "--vars.data", "y"]) == []
    assert unknown_vars(["project", "run", "al-loop", ".", "--vars.data=y"]) == []


def test_an_unknown_var_is_refused_with_those_there_are(project):
    for args in (["--vars.dta", "y"], ["--vars.dta=y"]):
        (message,) = unknown_vars(["project", "run", "al-loop", ".", *args])
        assert "--vars.dta" in message
        assert "Known: data" in message


def test_the_project_may_lie_elsewhere(project, monkeypatch):
    monkeypatch.chdir(project.parent)
    assert unknown_vars(["project", "run", "al-loop", str(project), "--vars.dta", "y"])


def test_other_projects_and_commands_are_left_alone(project):
    assert unknown_vars(["train", "config.cfg", "--vars.dta", "y"]) == []
    (project / "project.yml").write_text('title: "another"\nvars:\n  data: "x"\n')
    assert unknown_vars(["project", "run", "al-loop", ".", "--vars.dta", "y"]) == []


def test_an_unknown_var_ends_the_command(project, capsys):
    with pytest.raises(SystemExit) as stop:
        check_project_vars(["project", "run", "al-loop", ".", "--vars.dta", "y"])
    assert stop.value.code == 1
    assert "--vars.dta" in capsys.readouterr().out


def test_our_own_project_is_one_that_is_checked():
    assert unknown_vars(["project", "run", "al-loop", str(ROOT), "--vars.nonsense", "y"])
