"""The scripts of projects/paper, which are programs and no part of the package."""

import importlib
import shutil
from pathlib import Path

import pytest
from spacy.util import load_config

ROOT = Path(__file__).parents[2]
PAPER = ROOT / "projects" / "paper"
SCRIPTS = PAPER / "scripts"


@pytest.fixture
def script(monkeypatch):
    """Import a script by its name."""
    pytest.importorskip("pycrfsuite", reason="python-crfsuite is not installed")
    monkeypatch.syspath_prepend(SCRIPTS)
    return importlib.import_module


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The project in a checkout that nothing has run in, and a quick config. RETURNS (Path): Its
    folder."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("configs", "assets", "benchmarks", "projects/paper/scripts"):
        shutil.copytree(ROOT / name, root / name)
    folder = root / "projects" / "paper"
    shutil.copy(PAPER / "project.yml", folder)
    short = {"training.max_steps": 200, "training.eval_frequency": 50}
    short |= {"active_learning.passes": 1, "active_learning.min_updates": 50}
    config = load_config(ROOT / "configs" / "al.cfg", overrides=short, interpolate=False)
    config.to_disk(folder / "short.cfg")
    (folder / "two_genres").mkdir()
    for genre in ("nw", "tc"):
        shutil.copy(ROOT / "assets" / "demo" / "en" / f"{genre}.txt", folder / "two_genres")
    return folder
