"""Vectors of words from a transformer's input embeddings, averaged over the pieces of a word."""

import re
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import DeepALError
from .tokenizer import import_extra, load_tokenizer

# The table of input embeddings, by the end of its name in BERT and most others, XLNet, LLaMA,
# GPT-2, ModernBERT and T5. Where encoder and decoder have one each, words go to the encoder's.
NAMES = ("word_embeddings", "word_embedding", "embed_tokens", "wte", "tok_embeddings", "shared")


def average_pieces(folder: str | Path, words: Sequence[str]) -> NDArray[np.float32]:
    """Average the input embeddings of the pieces that each word is cut to.

    folder (str | Path): A local transformer or sentence-transformer.
    words (Sequence[str]): Distinct words.
    RETURNS (array[n_words, D]): Zeros for a word of which the tokenizer knows no piece.
    RAISES (DeepALError): The folder lacks a file or has one that is damaged or of another model;
        the extra is not installed.
    """
    tokenizer = load_tokenizer(Path(folder))
    table = read_embeddings(tokenizer.folder)
    pieces = [np.asarray(ids)[known] for ids, known in tokenizer.cut(words, special=False)]
    ids = np.concatenate(pieces).astype("int64")
    tokenizer.check_size(ids.max(initial=0), len(table))
    starts = np.cumsum([0, *map(len, pieces[:-1])])
    return torch.nn.functional.embedding_bag(
        torch.from_numpy(ids), table, torch.from_numpy(starts), mode="mean"
    ).numpy()


def read_embeddings(folder: Path) -> torch.Tensor:
    """RETURNS (Tensor[n_pieces, D]): The input embeddings of the transformer in a folder.

    RAISES (DeepALError): There are no weights, they are damaged or have no input embeddings; the
        extra is not installed.
    """
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    if not files:
        raise DeepALError(
            f"There is neither model.safetensors nor pytorch_model.bin in {folder}. Download the "
            "model's weights too."
        )
    end = rf"(^|\.)({'|'.join(NAMES)})\.weight$"
    for pattern in (rf"^(?!.*decoder).*{end}", end):
        for file in files:
            read = _read_safetensors if file.suffix == ".safetensors" else _read_torch
            table = read(file, re.compile(pattern))
            if table is not None:
                return table.float()
    raise DeepALError(
        f"No tensor in {files[0]} is a table of input embeddings: none is called "
        f"{', '.join(NAMES)}. Take another model, or --method distil."
    )


def _read_safetensors(file: Path, pattern: re.Pattern) -> torch.Tensor | None:
    safetensors = import_extra("safetensors")
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
        raise DeepALError(f"{file} holds no weights by name. Download it again.")
    return tensors.get(next(filter(pattern.search, tensors), None))
