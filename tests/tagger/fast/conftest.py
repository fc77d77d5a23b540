import pytest

from spacy_deepal.tagger.fast import use_fast


@pytest.fixture(autouse=True)
def fast():
    """These tests are of the fast path, also in a run that has it switched off."""
    with use_fast(True):
        yield
