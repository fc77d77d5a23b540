import catalogue
import pytest

from spacy_deepal.pool.shards import write_shards

from ..pools import make_docs, make_pipeline


@pytest.fixture
def own_registry(monkeypatch):
    """What a test registers is gone after it."""
    monkeypatch.setattr(catalogue, "REGISTRY", dict(catalogue.REGISTRY))


@pytest.fixture(scope="module")
def nlp():
    return make_pipeline(make_docs(45, 1))


@pytest.fixture
def pool(tmp_path):
    """60 sentences in shards of 7."""
    write_shards(make_docs(60, 1), tmp_path / "pool", sentences_per_shard=7)
    return tmp_path / "pool"
