import pytest
import srsly
from spacy.cli._util import app
from typer.testing import CliRunner

import spacy_deepal.cli  # noqa: F401

from ..report.build import make_run


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "run")


def call(*args):
    """The exit code and what was printed, without the spaces and breaks of wrapped lines."""
    result = CliRunner().invoke(app, ["deepal", "report", *map(str, args)])
    return result.exit_code, "".join(result.output.split())


def test_report_says_where_it_is(tmp_path, run):
    output = tmp_path / "out.html"
    code, printed = call(run, "--output", output, "--title", "My runs")
    assert code == 0
    assert f"Report:{output}" in printed
    assert "<h1>My runs</h1>" in output.read_text(encoding="utf8")


def test_models_of_all_words_become_lines(tmp_path, run):
    for name, f in (("a", 0.8), ("b", 0.9), ("crf", 0.7)):
        srsly.write_json(tmp_path / name, {"ents_f": f})
    output, picture = tmp_path / "out.html", tmp_path / "curves.svg"
    models = ["--full", tmp_path / "a", "--full", tmp_path / "b", "--shallow", tmp_path / "crf"]
    code, _ = call(run, "--output", output, "--figure", picture, *models)
    assert code == 0
    page = output.read_text(encoding="utf8")
    assert "85.00 (mean of 2 models)" in page
    assert "shallow model: 70.00" in page
    assert picture.exists()


def test_figure_is_written_besides(tmp_path, run):
    picture = tmp_path / "curves.svg"
    code, printed = call(run, "--output", tmp_path / "out.html", "--figure", picture)
    assert code == 0
    assert f"Learningcurves:{picture}" in printed
    assert picture.exists()
    assert (tmp_path / "out.html").exists()


def test_a_folder_that_is_no_run_is_one_clear_message(tmp_path, run):
    code, printed = call(run, tmp_path, "--output", tmp_path / "out.html")
    assert code == 1
    assert f"{tmp_path}isnotarunfolder" in printed
    assert "Traceback" not in printed
    assert not (tmp_path / "out.html").exists()


def test_a_report_that_was_there_is_said_to_be_replaced(tmp_path, run):
    printed = [call(run, "--output", tmp_path / "out.html")[1] for _ in range(2)]
    assert ["(replaced)" in text for text in printed] == [False, True]


@pytest.mark.parametrize("name", ["metrics.jsonl", "manifest.json", "round_00/page.html", ""])
@pytest.mark.parametrize("option", ["--output", "--figure"])
def test_a_report_replaces_nothing_of_a_run(tmp_path, run, name, option):
    (run / "round_00").mkdir()
    before = {path: path.read_bytes() for path in run.rglob("*.json*")}
    code, printed = call(run, "--output", tmp_path / "out.html", option, run / name)
    assert (code, "readhere" in printed) == (1, True)
    assert {path: path.read_bytes() for path in run.rglob("*.json*")} == before


def test_a_report_may_lie_in_the_folder_of_a_run(run):
    for _ in range(2):
        assert call(run, "--output", run / "report.html", "--figure", run / "curve.svg")[0] == 0


def test_the_report_of_one_run_is_in_its_folder_and_replaces_no_other(tmp_path, run, monkeypatch):
    monkeypatch.chdir(tmp_path)
    other = make_run(tmp_path / "other")
    assert call(run)[0] == call(other)[0] == 0
    assert (run / "report.html").exists()
    assert (other / "report.html").exists()
    assert not (tmp_path / "report.html").exists()
    assert call(run, other)[0] == 0
    assert (tmp_path / "report.html").exists()
