import io

import pytest
import spacy
from tqdm import tqdm

from spacy_deepal import progress
from spacy_deepal.progress import hide_progress_bars, make_progress_logger, progress_bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    monkeypatch.setattr(progress, "_hidden", None)


def test_a_bar_is_shown_on_a_terminal_only():
    for file, visible in ((Terminal(), True), (io.StringIO(), False)):
        assert list(progress_bar(range(3), "scoring", file=file)) == [0, 1, 2]
        assert ("scoring" in file.getvalue()) == visible


def test_a_process_that_hides_its_bars_shows_none_and_leaves_those_of_others():
    terminal, other = Terminal(), Terminal()
    hide_progress_bars()
    assert list(progress_bar(range(3), file=terminal)) == [0, 1, 2]
    assert terminal.getvalue() == ""
    list(tqdm(range(3), "theirs", file=other))
    assert "theirs" in other.getvalue()


def in_training():
    """A pipeline whose [training] names the progress logger around another one."""
    nlp = spacy.blank("xx")
    nlp.config["training"]["logger"] = {"@loggers": "ours", "logger": {"@loggers": "theirs"}}
    return nlp


def test_the_progress_logger_passes_everything_on_and_is_silent_on_no_terminal():
    calls, stderr = [], io.StringIO()

    def logger(nlp, stdout, stderr):
        return calls.append, lambda: calls.append("finished")

    setup = make_progress_logger(logger, 2, "round 3")
    log_step, finish = setup(in_training(), io.StringIO(), stderr)
    info = {"score": 0.5}
    for step in (None, info):
        log_step(step)
    finish()
    assert calls == [None, info, "finished"]
    assert stderr.getvalue() == ""


def test_the_progress_logger_shows_a_bar_on_a_terminal():
    terminal = Terminal()
    silent = (lambda info: None, lambda: None)
    setup = make_progress_logger(lambda *_: silent, 2, "round 3")
    log_step, finish = setup(in_training(), io.StringIO(), terminal)
    log_step({"score": 0.5})
    finish()
    assert "round 3" in terminal.getvalue()
    assert "dev F 50.0" in terminal.getvalue()


def test_what_is_saved_names_the_other_logger_alone():
    nlp = in_training()
    make_progress_logger(lambda *_: (print, print), 2, "round 3")(nlp, io.StringIO(), io.StringIO())
    assert nlp.config["training"]["logger"] == {"@loggers": "theirs"}
