"""Vectors of words from a transformer's input embeddings, averaged over the pieces of a word."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import DeepALError
from .extras import needs_extra

# The table of input embeddings, by its name in BERT and its kin, XLNet, LLaMA, GPT-2, ModernBERT,
# T5; and in model2vec.
NAMES = r"(word_embeddings?|embed_tokens|wte|tok_embeddings|shared)\.weight$|^embeddings$"


def average_pieces(folder: str | Path, words: Sequence[str]) -> NDArray[np.float32]:
    """Average the input embeddings of the pieces that each word is cut to.

    folder (str | Path): A local transformer or sentence-transformer.
    words (Sequence[str]): Distinct words.
    RETURNS (array[n_words, D]): Zeros for a word that the tokenizer does not know at all.
    RAISES (DeepALError): The folder lacks a file or holds one of another kind; an extra is missing.
    """
    folder = transformer_folder(Path(folder))
    table = read_embeddings(folder)
    pieces = cut_to_pieces(folder / "tokenizer.json", words)
    most = max(map(max, filter(None, pieces)), default=0)
    if most >= len(table):
        raise DeepALError(
            f"{folder}: tokenizer.json has a piece {most}, but the model only {len(table)} "
            "embeddings. The files are not of the same model: download it again."
        )
    lengths = [len(ids) for ids in pieces]
    vectors = torch.nn.functional.embedding_bag(
        torch.tensor([i for ids in pieces for i in ids], dtype=torch.long),
        table,
        torch.from_numpy(np.cumsum([0, *lengths[:-1]])),
        mode="mean",
    )
    return vectors.numpy()


def transformer_folder(folder: Path) -> Path:
    """The folder of the transformer itself, which a sentence-transformer may keep one deeper."""
    for path in (folder, *sorted(folder.glob("0*"))):
        if (path / "tokenizer.json").is_file():
            return path
    raise DeepALError(
        f"There is no tokenizer.json in {folder}. Name a local folder of a transformer; for one "
        "with a slow tokenizer only, transformers' AutoTokenizer can load and save it."
    )


def cut_to_pieces(file: Path, words: Sequence[str]) -> list[list[int]]:
    """RETURNS (list[list[int]]): Ids of the pieces of each word, those of unknown pieces left out.

    RAISES (DeepALError): The file is no tokenizer.
    """
    with needs_extra("tokenizers"):
        from tokenizers import Tokenizer
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # tokenizers raises no class of its own
        raise DeepALError(f"{file} cannot be read as a tokenizer: {error}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    settings = json.loads(tokenizer.to_str())
    unknown = _unknown_piece(settings["model"], tokenizer)
    space = " " if _keeps_spaces(settings["pre_tokenizer"]) else ""
    encodings = tokenizer.encode_batch([space + word for word in words], add_special_tokens=False)
    return [[i for i in encoding.ids if i != unknown] for encoding in encodings]


def _unknown_piece(model: dict[str, Any], tokenizer: Any) -> int | None:
    if model.get("unk_token") is None:
        return model.get("unk_id")
    return tokenizer.token_to_id(model["unk_token"])


def _keeps_spaces(pre_tokenizer: dict[str, Any] | None) -> bool:
    """Whether a word within a sentence begins with the space before it, as in GPT-2."""
    steps = (pre_tokenizer or {}).get("pretokenizers", [pre_tokenizer or {}])
    return any(step.get("type") == "ByteLevel" and not step["add_prefix_space"] for step in steps)


def read_embeddings(folder: Path) -> torch.Tensor:
    """RETURNS (Tensor[n_pieces, D]): The input embeddings of the transformer in a folder.

    RAISES (DeepALError): There are no weights, or no input embeddings among them.
    """
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    for file in files:
        table = _read_safetensors(file) if file.suffix == ".safetensors" else _read_torch(file)
        if table is not None:
            return table.float()
    if not files:
        raise DeepALError(f"There is neither model.safetensors nor pytorch_model.bin in {folder}.")
    raise DeepALError(
        f"There are no input embeddings in {', '.join(map(str, files))}: no tensor's name ends in "
        "one of " + ", ".join(re.findall(r"\w{3,}", NAMES)[:-2]) + "."
    )


def _read_safetensors(file: Path) -> torch.Tensor | None:
    with needs_extra("safetensors"):
        from safetensors import SafetensorError, safe_open
    try:
        with safe_open(file, "pt") as tensors:
            name = next((name for name in tensors.keys() if re.search(NAMES, name)), None)  # noqa: SIM118
            return None if name is None else tensors.get_tensor(name)
    except SafetensorError as error:
        raise DeepALError(f"{file} is damaged: {error}. Download it again.") from error


def _read_torch(file: Path) -> torch.Tensor | None:
    tensors = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    return next((tensor for name, tensor in tensors.items() if re.search(NAMES, name)), None)
