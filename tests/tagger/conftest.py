import pytest
import spacy

from .build import make_nlp, train


@pytest.fixture(scope="session")
def trained_bytes():
    nlp = make_nlp()
    train(nlp, 80, drop=0.1)
    return nlp.config, nlp.to_bytes()


@pytest.fixture
def nlp(trained_bytes):
    """A small pipeline that has learned build.SENTENCES by heart."""
    config, data = trained_bytes
    return spacy.util.load_model_from_config(config).from_bytes(data)


@pytest.fixture
def vocab():
    return spacy.blank("en").vocab
