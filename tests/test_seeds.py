import numpy
from hypothesis import given
from hypothesis import strategies as st

from spacy_deepal.seeds import derive_seed, derive_uniform


def test_seeds_are_the_same_in_every_process_and_version():
    """A run that is resumed must draw what it would have drawn: these numbers never change."""
    assert derive_seed(0) == 872845860
    assert derive_seed(0, "score", 3) == 2458384660
    assert derive_uniform(0, "uniform", "a") == 0.8445411141234755


def test_every_purpose_and_round_has_its_own_seed():
    purposes = [("score", 1), ("score", 2), ("score", 12), ("score1", 2), ("train", 1), ()]
    seeds = {derive_seed(seed, *purpose) for seed in (0, 1, 2) for purpose in purposes}
    assert len(seeds) == 18


@given(st.integers(), st.lists(st.text() | st.integers(), max_size=3))
def test_seeds_fit_numpy_and_torch_and_uniform_numbers_are_below_one(seed, purpose):
    assert 0 <= derive_seed(seed, *purpose) < 2**32
    numpy.random.default_rng(derive_seed(seed, *purpose))
    assert 0 <= derive_uniform(seed, *purpose) < 1
