"""What the tests of `label` share."""

import pytest


@pytest.fixture
def served(monkeypatch):
    """Instead of serving the page, note how it would be served."""
    calls = []
    name = "spacy_deepal.labelling.serve.serve"
    monkeypatch.setattr(name, lambda run, **options: calls.append((run, options)))
    return calls


@pytest.fixture
def text(tmp_path):
    file = tmp_path / "articles.txt"
    file.write_text("Ada saw Rome.\nIt rained.\n")
    return file
