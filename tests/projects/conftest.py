"""The scripts of projects/paper, which are programs and no part of the package."""

import importlib
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "projects" / "paper" / "scripts"


@pytest.fixture
def script(monkeypatch):
    """Import a script by its name."""
    pytest.importorskip("pycrfsuite", reason="python-crfsuite is not installed")
    monkeypatch.syspath_prepend(SCRIPTS)
    return importlib.import_module
