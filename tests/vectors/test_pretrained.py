"""Sentences in, vectors of their words out, as the encoder itself gives them."""

import json
import sys

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_deepal.errors import DeepALError
from spacy_deepal.vectors.pretrained import (
    PretrainedEncoder,
    find_encoder,
    find_fingerprint,
    make_spans,
)

from .build import ENCODER_REASON, PIECES, make_encoder, make_transformer


def states_of(folder, pieces):
    """Of a sentence of these pieces: [layers + 1, n_pieces, 8] as transformers computes them."""
    transformers = pytest.importorskip("transformers", reason=ENCODER_REASON)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    ids = torch.tensor([[PIECES.index(piece) for piece in pieces]])
    with torch.no_grad():
        states = model(input_ids=ids, output_hidden_states=True).hidden_states
    return torch.stack(states)[:, 0].numpy()


def test_vector_of_a_word_is_the_mean_over_its_pieces_with_the_layers_side_by_side(tmp_path):
    folder = make_encoder(tmp_path)
    states = states_of(folder, "[CLS] ada saw lon ##don [SEP]".split())
    expected = numpy.stack([states[:, 1], states[:, 2], states[:, 3:5].mean(1)], 1)
    encoder = PretrainedEncoder(folder, [1, 5])
    (found,) = encoder.encode([["Ada", "saw", "London"]])
    assert found.dtype == numpy.float16
    assert found.shape == (3, encoder.width) == (3, 16)
    numpy.testing.assert_allclose(found, numpy.hstack([expected[1], expected[5]]), atol=2e-3)


@pytest.mark.parametrize(("depth", "layers"), [(6, [2, 4, 6]), (12, [4, 8, 12]), (1, [1])])
def test_layers_are_those_at_each_third_by_default(tmp_path, depth, layers):
    assert PretrainedEncoder(make_encoder(tmp_path, layers=depth)).layers == layers


def test_what_a_sentence_gets_does_not_depend_on_those_beside_it(tmp_path):
    encoder = PretrainedEncoder(make_encoder(tmp_path))
    sentences = [["Rome"], [], ["Ada", "saw", "London"], ["saw"] * 20, ["Ada", "saw"]]
    together = encoder.encode(sentences)
    assert [len(each) for each in together] == [1, 0, 3, 20, 2]
    for words, vectors in zip(sentences, together, strict=True):
        numpy.testing.assert_allclose(encoder.encode([words])[0], vectors, atol=4e-3)


def test_a_word_without_a_piece_is_read_as_unknown_text(tmp_path):
    folder = make_encoder(tmp_path)
    states = states_of(folder, "[CLS] ada [UNK] [UNK] saw [SEP]".split())
    (found,) = PretrainedEncoder(folder, [6]).encode([["Ada", "\u200b", "Zzz", "saw"]])
    numpy.testing.assert_allclose(found, states[6, 1:5], atol=2e-3)


def test_a_sentence_longer_than_the_encoder_reads_is_read_in_spans(tmp_path):
    """Positions 0 to 13: 10 pieces between [CLS] and [SEP], of which 5 are shared."""
    folder = make_encoder(tmp_path, longest=14)
    encoder = PretrainedEncoder(folder, [6])
    assert encoder.span == 10
    words = ["Ada", "saw", "Rome"] * 5
    (found,) = encoder.encode([words])
    spans = [(0, 10, 0, 8), (5, 15, 8, 15)]
    for start, stop, first, last in spans:
        pieces = ["[CLS]", *map(str.lower, words[start:stop]), "[SEP]"]
        expected = states_of(folder, pieces)[6, 1:-1][first - start : last - start]
        numpy.testing.assert_allclose(found[first:last], expected, atol=2e-3)


@given(st.integers(0, 60), st.integers(2, 20), st.data())
def test_each_piece_is_taken_from_one_span(length, size, data):
    overlap = data.draw(st.integers(0, size - 1))
    spans = list(make_spans(7, 7 + length, size, overlap))
    taken = [piece for span in spans for piece in range(span.first, span.last)]
    assert taken == list(range(7, 7 + length))
    for span in spans:
        assert span.start <= span.first < span.last <= span.stop
        assert span.stop - span.start == min(length, size)


def test_another_encoder_has_another_fingerprint(tmp_path):
    one, other = make_encoder(tmp_path / "one"), make_encoder(tmp_path / "other", seed=1)
    again = make_encoder(tmp_path / "again")
    assert find_fingerprint(one) == find_fingerprint(again) != find_fingerprint(other)


def test_what_is_wrong_with_a_folder_is_said(tmp_path):
    with pytest.raises(DeepALError, match="There is no folder"):
        find_encoder(str(tmp_path / "none"))
    folder = make_encoder(tmp_path / "model")
    with pytest.raises(DeepALError, match="has layers 0 to 6, but `layers` names 7"):
        PretrainedEncoder(folder, [7])
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**settings, "num_hidden_layers": 7}))
    with pytest.raises(DeepALError, match=r"do not fit its config\.json: 16 are missing"):
        PretrainedEncoder(folder)
    (folder / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(DeepALError, match="cannot load the encoder in"):
        PretrainedEncoder(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(DeepALError, match="There is no file"):
        find_encoder(str(folder))
    with pytest.raises(DeepALError, match=r"There is no config\.json"):
        find_encoder(str(make_transformer(tmp_path / "table")))


def test_the_extra_is_named_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(DeepALError, match=r'pip install "spacy_deepal\[encoder\]"'):
        find_encoder(str(tmp_path))


def test_only_a_model_that_is_named_as_one_of_the_hub_is_downloaded(tmp_path, monkeypatch):
    hub = pytest.importorskip("huggingface_hub", reason=ENCODER_REASON)
    folder, calls = make_encoder(tmp_path / "model"), []

    def download(name, allow_patterns, local_files_only=False):
        calls.append((name, local_files_only))
        if local_files_only:
            raise hub.errors.LocalEntryNotFoundError("not here")
        if name != "people/model":
            raise OSError("There is no such model.")
        return str(folder)

    monkeypatch.setattr(hub, "snapshot_download", download)
    with pytest.raises(DeepALError, match="There is no folder people/model"):
        find_encoder("people/model")
    assert calls == []
    assert find_encoder("hub:people/model") == folder
    assert calls == [("people/model", True), ("people/model", False)]
    with pytest.raises(DeepALError, match=r"people/typo cannot be downloaded: There is no such"):
        find_encoder("hub:people/typo")
