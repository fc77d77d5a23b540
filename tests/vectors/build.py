"""A pool of few words, and tiny transformers with known embeddings."""

import json
from pathlib import Path

import numpy
import pytest
import spacy
import torch

from spacy_deepal.pool.shards import write_shards

from ..pools import make_doc

SENTENCES = ("Ada saw London", "ada saw \n Rome", "LONDON Zzz")
WORDS = ["Ada", "saw", "London", "ada", "Rome", "LONDON", "Zzz"]
PIECES = "[PAD] [UNK] [CLS] [SEP] ada saw lon ##don rome".split()
EMBEDDINGS = numpy.asarray(
    [[9, 9], [9, 9], [9, 9], [9, 9], [1, 2], [3, 4], [5, 6], [7, 0], [-1, 8]]
)
REASON = 'of the extra: pip install "spacy_deepal[vectors]"'
ENCODER_REASON = 'of the extra: pip install "spacy_deepal[encoder]"'


def make_pool(folder: Path, sentences=SENTENCES) -> Path:
    """Write sentences, words with spaces between, as a pool."""
    vocab = spacy.blank("en").vocab
    docs = (make_doc(f"s{i}", text.split(" "), vocab=vocab) for i, text in enumerate(sentences))
    write_shards(docs, folder)
    return folder


def make_tokenizer(folder: Path, **changes) -> None:
    """An uncased WordPiece tokenizer, which pads and truncates as a sentence-transformer's does."""
    tokenizers = pytest.importorskip("tokenizers", reason=REASON)
    model = tokenizers.models.WordPiece({p: i for i, p in enumerate(PIECES)}, unk_token="[UNK]")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.enable_padding(length=6)
    tokenizer.enable_truncation(3)
    settings = json.loads(tokenizer.to_str()) | changes
    (folder / "tokenizer.json").write_text(json.dumps(settings), encoding="utf8")


def make_transformer(folder: Path, name="embeddings.word_embeddings.weight", rows=EMBEDDINGS):
    """A folder with the tokenizer and one tensor of weights."""
    safetensors = pytest.importorskip("safetensors.numpy", reason=REASON)
    folder.mkdir(parents=True, exist_ok=True)
    make_tokenizer(folder)
    tensors = {"other.weight": numpy.zeros((1, 1), "float32"), name: rows.astype("float32")}
    safetensors.save_file(tensors, folder / "model.safetensors")
    return folder


def make_encoder(folder: Path, seed=0, layers=6, longest=64, **config) -> Path:
    """A BERT with random weights for the pieces of `make_tokenizer`, 8 columns wide."""
    transformers = pytest.importorskip("transformers", reason=ENCODER_REASON)
    folder.mkdir(parents=True, exist_ok=True)
    make_tokenizer(folder)
    sizes = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 16}
    settings = transformers.BertConfig(
        vocab_size=len(PIECES),
        num_hidden_layers=layers,
        max_position_embeddings=longest,
        initializer_range=1.0,
        **{**sizes, **config},
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        transformers.BertModel(settings).save_pretrained(folder)
    return folder
