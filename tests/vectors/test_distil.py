import sys

import numpy
import pytest

from spacy_deepal.errors import DeepALError
from spacy_deepal.vectors import distil
from spacy_deepal.vectors.distil import distil_words

from .build import PIECES, make_tokenizer

REASON = 'of the extra: pip install "spacy_deepal[distil]"'


@pytest.fixture
def transformer(tmp_path):
    """A BERT with random weights. RETURNS (tuple): Its folder and the model."""
    transformers = pytest.importorskip("transformers", reason=REASON)
    make_tokenizer(tmp_path)
    config = transformers.BertConfig(
        vocab_size=len(PIECES),
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
    )
    model = transformers.BertModel(config).eval()
    model.save_pretrained(tmp_path)
    return tmp_path, model


def test_vector_is_the_mean_output_over_the_pieces_of_the_word(transformer):
    import torch

    folder, model = transformer
    with torch.inference_mode():
        states = model(torch.tensor([[2, 6, 7, 3]])).last_hidden_state[0]
    london, zzz = distil_words(folder, ["London", "Zzz"])
    assert london == pytest.approx(states[1:3].mean(0).numpy(), abs=1e-6)
    assert not zzz.any()


def test_vectors_do_not_depend_on_the_words_beside(transformer, monkeypatch):
    folder, _ = transformer
    words = ["Ada", "London", "London,saw,ada", "Zzz", "rome"]
    together = distil_words(folder, words)
    monkeypatch.setattr(distil, "WORDS_AT_ONCE", 2)
    numpy.testing.assert_allclose(distil_words(folder, words), together, atol=1e-6)
    assert numpy.unique(together, axis=0).shape == (5, 8)


def test_a_word_of_more_pieces_than_the_model_takes_is_cut(transformer):
    folder, _ = transformer
    short, long = distil_words(folder, ["London", ",".join(["London"] * 900)])
    assert short.any()
    assert long.any()


def test_folder_without_a_model_is_refused(tmp_path):
    pytest.importorskip("transformers", reason=REASON)
    make_tokenizer(tmp_path)
    with pytest.raises(DeepALError, match="cannot be loaded as a transformer"):
        distil_words(tmp_path, ["Ada"])


def test_missing_package_is_named_with_the_extra_that_has_it(tmp_path, monkeypatch):
    make_tokenizer(tmp_path)
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(DeepALError, match=r'pip install "spacy_deepal\[distil\]"'):
        distil_words(tmp_path, ["Ada"])
