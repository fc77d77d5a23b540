import json
import sys

import numpy
import pytest
import torch

from spacy_deepal.errors import DeepALError
from spacy_deepal.vectors.pieces import average_pieces
from spacy_deepal.vectors.tokenizer import load_tokenizer

from .build import EMBEDDINGS, PIECES, REASON, make_tokenizer, make_transformer


def test_vector_is_the_mean_of_the_embeddings_of_the_pieces_without_special_ones(tmp_path):
    found = average_pieces(make_transformer(tmp_path), ["Ada", "London", "ROME", "Zzz", "Ada,saw"])
    assert found.tolist() == [[1, 2], [6, 3], [-1, 8], [0, 0], [2, 3]]
    assert found.dtype == numpy.float32


@pytest.mark.parametrize(
    "name", ["bert.embeddings.word_embeddings.weight", "wte.weight", "model.embed_tokens.weight"]
)
def test_embeddings_are_known_by_several_names(tmp_path, name):
    folder = make_transformer(tmp_path, name)
    assert average_pieces(folder, ["saw"]).tolist() == [[3, 4]]


def test_sentence_transformer_may_keep_its_transformer_one_folder_deeper(tmp_path):
    make_transformer(tmp_path / "0_Transformer")
    assert average_pieces(tmp_path, ["saw"]).tolist() == [[3, 4]]


def test_weights_may_be_pytorchs(tmp_path):
    make_tokenizer(tmp_path)
    tensors = {"shared.weight": torch.from_numpy(EMBEDDINGS).half(), "x": torch.zeros(1)}
    torch.save(tensors, tmp_path / "pytorch_model.bin")
    assert average_pieces(tmp_path, ["London"]).tolist() == [[6, 3]]
    (tmp_path / "pytorch_model.bin").write_bytes(b"no weights")
    with pytest.raises(DeepALError, match=r"pytorch_model.bin is damaged"):
        average_pieces(tmp_path, ["London"])


def test_word_begins_with_its_space_where_the_tokenizer_keeps_spaces(tmp_path):
    """As GPT-2 and RoBERTa cut a word within a sentence."""
    tokenizers = pytest.importorskip("tokenizers", reason=REASON)
    model = tokenizers.models.BPE({"a": 0, "b": 1, "Ġ": 2, "Ġa": 3}, [("Ġ", "a")])
    tokenizer = tokenizers.Tokenizer(model)
    for prefix in (False, True):
        tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=prefix)
        tokenizer.save(str(tmp_path / "tokenizer.json"))
        pieces = load_tokenizer(tmp_path).cut(["ab", "b"], special=False)
        assert [ids for ids, _ in pieces] == [[3, 1], [2, 1]]


def test_special_pieces_are_told_from_those_of_the_word(tmp_path):
    make_tokenizer(tmp_path)
    ((ids, known),) = load_tokenizer(tmp_path).cut(["London,saw"], special=True)
    assert [PIECES[i] for i in ids] == ["[CLS]", "lon", "##don", "[UNK]", "saw", "[SEP]"]
    assert known.tolist() == [False, True, True, False, True, False]


def test_folder_that_lacks_a_file_is_refused_with_what_it_lacks(tmp_path):
    with pytest.raises(DeepALError, match=r"no tokenizer.json in .* local folder"):
        average_pieces(tmp_path, ["ada"])
    make_tokenizer(tmp_path)
    with pytest.raises(DeepALError, match=r"neither model.safetensors nor pytorch_model.bin"):
        average_pieces(tmp_path, ["ada"])
    make_transformer(tmp_path, "decoder.weight")
    with pytest.raises(DeepALError, match=r"model.safetensors is a table of input embeddings"):
        average_pieces(tmp_path, ["ada"])


def test_damaged_files_are_named(tmp_path):
    folder = make_transformer(tmp_path)
    (folder / "model.safetensors").write_bytes(b"{}")
    with pytest.raises(DeepALError, match=r"model.safetensors is damaged"):
        average_pieces(folder, ["ada"])
    for text, message in (("{", "is no JSON"), (json.dumps({"a": 1}), "describes no tokenizer")):
        (folder / "tokenizer.json").write_text(text)
        with pytest.raises(DeepALError, match=rf"tokenizer.json {message}"):
            average_pieces(folder, ["ada"])


def test_tokenizer_of_another_model_is_refused(tmp_path):
    folder = make_transformer(tmp_path, rows=EMBEDDINGS[:5])
    assert average_pieces(folder, ["ada"]).tolist() == [[1, 2]]
    with pytest.raises(DeepALError, match="has a piece 8, the model only 5 embeddings"):
        average_pieces(folder, ["Rome"])


def test_missing_package_is_named_with_the_extra_that_has_it(tmp_path, monkeypatch):
    make_tokenizer(tmp_path)
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(DeepALError, match=r'pip install "spacy_deepal\[vectors\]"'):
        average_pieces(tmp_path, ["ada"])
