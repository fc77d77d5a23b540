from types import SimpleNamespace

import pytest

from spacy_deepal.files import read_json
from spacy_deepal.rounds.rows import RoundMetrics
from spacy_deepal.rounds.run import run_loop

from ..pools import quick_config, read_jsonl, write_pools


@pytest.fixture(scope="session")
def paths(tmp_path_factory):
    """Folders of pool, dev and test."""
    return write_pools(tmp_path_factory.mktemp("pools"))


@pytest.fixture(scope="session")
def finished(paths, tmp_path_factory):
    """A run by MNLP, never interrupted, with all models: read only."""
    path = tmp_path_factory.mktemp("runs") / "finished"
    lines: list[RoundMetrics] = []
    end = run_loop(quick_config(paths), path, keep="all", on_round=lines.append)
    return SimpleNamespace(
        path=path,
        end=end,
        lines=lines,
        manifest=read_json(path / "manifest.json"),
        metrics=read_jsonl(path / "metrics.jsonl"),
    )
