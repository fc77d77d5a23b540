import json
import sys

import numpy
import pytest
import torch

from spacy_deepal.errors import DeepALError
from spacy_deepal.vectors.transformer import average_wordpieces
from spacy_deepal.vectors.wordpieces import load_tokenizer

from .build import EMBEDDINGS, PIECES, REASON, make_tokenizer, make_transformer


def test_vector_is_the_mean_of_the_embeddings_of_the_pieces_without_special_ones(tmp_path):
    found = average_wordpieces(
        make_transformer(tmp_path), ["Ada", "London", "ROME", "Zzz", "Ada,saw"]
    )
    assert found.tolist() == [[1, 2], [6, 3], [-1, 8], [0, 0], [2, 3]]
    assert found.dtype == numpy.float32


@pytest.mark.parametrize(
    "name", ["bert.embeddings.word_embeddings.weight", "wte.weight", "model.embed_tokens.weight"]
)
def test_embeddings_are_known_by_several_names(tmp_path, name):
    folder = make_transformer(tmp_path, name)
    assert average_wordpieces(folder, ["saw"]).tolist() == [[3, 4]]


def test_words_go_to_the_encoder_where_the_decoder_has_a_table_too(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy", reason=REASON)
    folder, rows = make_transformer(tmp_path), EMBEDDINGS.astype("float32")
    tensors = {
        "model.decoder.embed_tokens.weight": -rows,
        "model.encoder.embed_tokens.weight": rows,
    }
    safetensors.save_file(tensors, folder / "model.safetensors")
    assert average_wordpieces(folder, ["saw"]).tolist() == [[3, 4]]
    safetensors.save_file(
        {"model.decoder.embed_tokens.weight": -rows}, folder / "model.safetensors"
    )
    assert average_wordpieces(folder, ["saw"]).tolist() == [[-3, -4]]


def test_a_word_of_which_only_the_beginning_is_known_has_no_vector(tmp_path):
    """As T5's tokenizer cuts words in letters that it does not know."""
    tokenizers = pytest.importorskip("tokenizers", reason=REASON)
    folder = make_transformer(tmp_path)
    scores = [("<unk>", 0.0), ("▁", -3.0), ("▁ada", -1.0), ("saw", -1.0)]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram(scores, unk_id=0))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    tokenizer.save(str(folder / "tokenizer.json"))
    pieces = load_tokenizer(folder).cut(["ada", "王", "saw"])
    assert [ids.tolist() for ids in pieces] == [[2], [], [1, 3]]


def test_tokenizer_that_the_package_cannot_build_is_named(tmp_path):
    folder = make_transformer(tmp_path)
    for changes in ({"pre_tokenizer": {"type": "OfTomorrow"}}, {"model": {"type": "WordPiece"}}):
        make_tokenizer(folder, **changes)
        with pytest.raises(DeepALError, match=r"(?s)tokenizer.json describes a tokenizer that "):
            average_wordpieces(folder, ["ada"])


def test_sentence_transformer_may_keep_its_transformer_one_folder_deeper(tmp_path):
    make_transformer(tmp_path / "0_Transformer")
    assert average_wordpieces(tmp_path, ["saw"]).tolist() == [[3, 4]]


def test_weights_may_be_pytorchs(tmp_path):
    make_tokenizer(tmp_path)
    tensors = {"shared.weight": torch.from_numpy(EMBEDDINGS).half(), "x": torch.zeros(1)}
    torch.save(tensors, tmp_path / "pytorch_model.bin")
    assert average_wordpieces(tmp_path, ["London"]).tolist() == [[6, 3]]
    (tmp_path / "pytorch_model.bin").write_bytes(b"no weights")
    with pytest.raises(DeepALError, match=r"pytorch_model.bin is damaged"):
        average_wordpieces(tmp_path, ["London"])
    torch.save([torch.zeros(1)], tmp_path / "pytorch_model.bin")
    with pytest.raises(DeepALError, match=r"pytorch_model.bin holds no named weights"):
        average_wordpieces(tmp_path, ["London"])


def test_word_begins_with_its_space_where_the_tokenizer_keeps_spaces(tmp_path):
    """As GPT-2 and RoBERTa cut a word within a sentence."""
    tokenizers = pytest.importorskip("tokenizers", reason=REASON)
    model = tokenizers.models.BPE({"a": 0, "b": 1, "Ġ": 2, "Ġa": 3}, [("Ġ", "a")])
    tokenizer = tokenizers.Tokenizer(model)
    for prefix in (False, True):
        tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=prefix)
        tokenizer.save(str(tmp_path / "tokenizer.json"))
        pieces = load_tokenizer(tmp_path).cut(["ab", "b"])
        assert [ids.tolist() for ids in pieces] == [[3, 1], [2, 1]]


def test_only_the_known_pieces_of_the_word_are_kept(tmp_path):
    make_tokenizer(tmp_path)
    (ids,) = load_tokenizer(tmp_path).cut(["London,saw"])
    assert [PIECES[i] for i in ids] == ["lon", "##don", "saw"]


def test_folder_that_lacks_a_file_is_refused_with_what_it_lacks(tmp_path):
    with pytest.raises(DeepALError, match=r"no tokenizer.json in .* local folder"):
        average_wordpieces(tmp_path, ["ada"])
    make_tokenizer(tmp_path)
    with pytest.raises(DeepALError, match=r"neither model.safetensors nor pytorch_model.bin"):
        average_wordpieces(tmp_path, ["ada"])
    make_transformer(tmp_path, "decoder.weight")
    with pytest.raises(DeepALError, match=r"model.safetensors has no table of input embeddings"):
        average_wordpieces(tmp_path, ["ada"])


def test_damaged_files_are_named(tmp_path):
    folder = make_transformer(tmp_path)
    (folder / "model.safetensors").write_bytes(b"{}")
    with pytest.raises(DeepALError, match=r"model.safetensors is damaged"):
        average_wordpieces(folder, ["ada"])
    for text, message in (
        ("{", "is not JSON"),
        (json.dumps({"a": 1}), "does not describe a tokenizer"),
    ):
        (folder / "tokenizer.json").write_text(text)
        with pytest.raises(DeepALError, match=rf"tokenizer.json {message}"):
            average_wordpieces(folder, ["ada"])


def test_tokenizer_of_another_model_is_refused(tmp_path):
    folder = make_transformer(tmp_path, rows=EMBEDDINGS[:5])
    assert average_wordpieces(folder, ["ada"]).tolist() == [[1, 2]]
    with pytest.raises(DeepALError, match="has a piece 8, but the model has only 5 embeddings"):
        average_wordpieces(folder, ["Rome"])


def test_missing_package_is_named_with_the_extra_that_has_it(tmp_path, monkeypatch):
    make_tokenizer(tmp_path)
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(DeepALError, match=r'pip install "spacy_deepal\[vectors\]"'):
        average_wordpieces(tmp_path, ["ada"])
