import sys

import numpy
import pytest

from spacy_deepal.errors import DeepALError
from spacy_deepal.vectors import distil
from spacy_deepal.vectors.distil import distil_words

from .build import PIECES, make_tokenizer

REASON = 'of the extra: pip install "spacy_deepal[distil]"'
ADDED = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)


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


def test_weights_of_another_model_are_refused(transformer):
    import torch

    folder, model = transformer
    (folder / "model.safetensors").unlink()
    for prefix, message in (("0.auto_model.", "the weights lack"), ("", "same model")):
        weights = {prefix + name: rows for name, rows in model.state_dict().items()}
        if not prefix:
            del weights["encoder.layer.1.output.dense.weight"]
        torch.save(weights, folder / "pytorch_model.bin")
        with pytest.raises(DeepALError, match=message):
            distil_words(folder, ["Ada"])


def test_damaged_weights_and_a_tokenizer_of_another_model_are_named(transformer):
    folder, _ = transformer
    make_tokenizer(folder, added_tokens=[{**ADDED, "id": len(PIECES), "content": "zzz"}])
    with pytest.raises(DeepALError, match=f"has a piece {len(PIECES)}, the model only"):
        distil_words(folder, ["zzz"])
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[:-10])
    with pytest.raises(DeepALError, match="cannot be loaded as a transformer"):
        distil_words(folder, ["Ada"])


def test_an_encoder_saved_without_its_decoder_is_read(tmp_path):
    transformers = pytest.importorskip("transformers", reason=REASON)
    make_tokenizer(tmp_path)
    sizes = {"d_model": 8, "d_kv": 4, "d_ff": 16, "num_layers": 1, "num_heads": 2}
    config = transformers.T5Config(vocab_size=len(PIECES), **sizes)
    transformers.T5EncoderModel(config).save_pretrained(tmp_path)
    assert distil_words(tmp_path, ["Ada", "Zzz"]).any(1).tolist() == [True, False]


def test_no_limit_of_pieces_is_no_limit_below_zero(tmp_path):
    transformers = pytest.importorskip("transformers", reason=REASON)
    make_tokenizer(tmp_path)
    config = transformers.XLNetConfig(
        vocab_size=len(PIECES), d_model=8, n_layer=1, n_head=2, d_inner=16
    )
    transformers.XLNetModel(config).save_pretrained(tmp_path)
    assert distil_words(tmp_path, ["Ada", "saw"]).any(1).all()


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
