"""Vectors from a transformer: the mean of the input embeddings of a word's wordpieces."""

import re
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import DeepALError
from ..extras import import_extra
from .wordpieces import load_tokenizer

# How the name of the input embeddings ends in BERT and most others, XLNet, LLaMA, GPT-2, ModernBERT
# and T5. If encoder and decoder have a table each, the encoder's is taken.
EMBEDDING_NAMES = (
    "word_embeddings",
    "word_embedding",
    "embed_tokens",
    "wte",
    "tok_embeddings",
    "shared",
)


def average_wordpieces(folder: str | Path, words: Sequence[str]) -> NDArray[np.float32]:
    """Average the input embeddings of the wordpieces of each word.

    folder (str | Path): The folder of a local transformer or sentence-transformer.
    words (Sequence[str]): Distinct words.
    RETURNS (array[n_words, D]): The vectors, with zeros for a word without a known piece.
    RAISES (DeepALError): A file is missing, damaged or of another model, or the extra [vectors] is
        not installed.
    """
    tokenizer = load_tokenizer(Path(folder))
    table = read_embeddings(tokenizer.folder)
    pieces = list(tokenizer.cut(words))
    ids = np.concatenate(pieces)
    tokenizer.check_size(ids.max(initial=0), len(table))
    starts = np.cumsum([0, *map(len, pieces[:-1])])
    return torch.nn.functional.embedding_bag(
        torch.from_numpy(ids), table, torch.from_numpy(starts), mode="mean"
    ).numpy()


def read_embeddings(folder: Path) -> torch.Tensor:
    """Read the input embeddings of the transformer in a folder.

    RETURNS (Tensor[n_pieces, D]): One row for each piece of the tokenizer.
    RAISES (DeepALError): The weights are missing, damaged or without input embeddings, or the extra
        [vectors] is not installed.
    """
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    if not files:
        raise DeepALError(
            f"There is neither model.safetensors nor pytorch_model.bin in {folder}. Download the "
            "model's weights too."
        )
    end = rf"(^|\.)({'|'.join(EMBEDDING_NAMES)})\.weight$"
    for pattern in (rf"^(?!.*decoder).*{end}", end):
        for file in files:
            read = _read_safetensors if file.suffix == ".safetensors" else _read_torch
            table = read(file, re.compile(pattern))
            if table is not None:
                return table.float()
    raise DeepALError(
        f"{files[0]} has no table of input embeddings: no tensor is called "
        f"{', '.join(EMBEDDING_NAMES)}. Choose another model."
    )


def _read_safetensors(file: Path, pattern: re.Pattern) -> torch.Tensor | None:
    safetensors = import_extra("safetensors", "vectors")
    try:
        with safetensors.safe_open(file, "pt") as tensors:
            name = next(filter(pattern.search, tensors.keys()), None)
            return name and tensors.get_tensor(name)
    except safetensors.SafetensorError as error:
        raise DeepALError(f"{file} is damaged ({error}). Download it again.") from error


def _read_torch(file: Path, pattern: re.Pattern) -> torch.Tensor | None:
    try:
        tensors = torch.load(file, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, UnpicklingError) as error:
        raise DeepALError(f"{file} is damaged ({error}). Download it again.") from error
    if not isinstance(tensors, dict):
        raise DeepALError(f"{file} holds no named weights. Download it again.")
    return tensors.get(next(filter(pattern.search, tensors), None))
