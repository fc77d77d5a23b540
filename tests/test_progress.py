import io

import pytest
from tqdm import tqdm

from spacy_deepal import progress
from spacy_deepal.progress import hide_progress_bars, progress_bar


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
