"""Vectors of words from a forward pass of each word alone through a transformer: the recipe of
model2vec (https://github.com/MinishLab/model2vec), of which principal components are the rest."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import DeepALError
from .tokenizer import import_extra, load_tokenizer

WORDS_AT_ONCE = 256


def distil_words(folder: str | Path, words: Sequence[str]) -> NDArray[np.float32]:
    """Average a transformer's output over the pieces of each word.

    folder (str | Path): A local transformer or sentence-transformer.
    words (Sequence[str]): Distinct words. Of one with more pieces than the model takes, the first
        count.
    RETURNS (array[n_words, D]): Zeros for a word of which the tokenizer knows no piece.
    RAISES (DeepALError): The folder lacks a file or has one that is damaged; the extra is not
        installed.
    """
    tokenizer = load_tokenizer(Path(folder))
    pieces = list(tokenizer.cut(words, special=True))
    model = _load_model(tokenizer.folder)
    # RoBERTa's positions begin at 2. Models of relative positions have no limit, XLNet's is -1.
    limit = getattr(model.config, "max_position_embeddings", None)
    if limit and limit > 0:
        pieces = [(ids[: limit - 2], known[: limit - 2]) for ids, known in pieces]
    tokenizer.check_size(
        max((max(ids, default=0) for ids, _ in pieces), default=0),
        model.get_input_embeddings().num_embeddings,
    )
    order = sorted(range(len(words)), key=lambda i: len(pieces[i][0]))
    rows = np.zeros((len(words), model.config.hidden_size), "float32")
    with tqdm(desc="distil", total=len(words), unit=" words", disable=None) as bar:
        for start in range(0, len(order), WORDS_AT_ONCE):
            group = order[start : start + WORDS_AT_ONCE]
            rows[group] = _average(model, [pieces[i] for i in group])
            bar.update(len(group))
    return rows


def _load_model(folder: Path) -> Any:
    """RETURNS (PreTrainedModel): The transformer of a folder; of an encoder-decoder the encoder.

    RAISES (DeepALError): It cannot be loaded, reads no text, or lacks weights, which transformers
        would draw at random.
    """
    transformers = import_extra("transformers", "distil")
    damaged = import_extra("safetensors", "distil").SafetensorError
    try:
        transformers.utils.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
        model, report = transformers.AutoModel.from_pretrained(
            folder, local_files_only=True, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, damaged) as error:
        raise DeepALError(f"{folder} cannot be loaded as a transformer: {error}") from error
    unused = {"pooler"}
    if hasattr(model, "encoder") and hasattr(model, "decoder"):
        model, unused = model.get_encoder(), {"pooler", "decoder"}
    if not hasattr(model.config, "hidden_size"):
        raise DeepALError(f"{folder} holds a {type(model).__name__}, which reads more than text.")
    missing = sorted(name for name in report["missing_keys"] if not unused & {*name.split(".")})
    if missing:
        raise DeepALError(
            f"{folder}: the weights lack {len(missing)} tensors of a {type(model).__name__}, such "
            f"as {missing[0]}. Weights and config.json are not of the same model: download both "
            "again."
        )
    return model.eval()


def _average(model: Any, pieces: Sequence[tuple[list[int], NDArray]]) -> NDArray[np.float32]:
    """RETURNS (array[n, D]): The mean of the last layer over the known pieces of each word."""
    ids, present, known = torch.zeros((3, len(pieces), max(len(ids) for ids, _ in pieces))).long()
    for row, (word_ids, word_known) in enumerate(pieces):
        ids[row, : len(word_ids)] = torch.tensor(word_ids)
        present[row, : len(word_ids)] = 1
        known[row, : len(word_ids)] = torch.from_numpy(word_known)
    with torch.inference_mode():
        states = model(input_ids=ids, attention_mask=present).last_hidden_state.float()
    weights = known / known.sum(1, keepdim=True).clamp(min=1)
    return (weights.unsqueeze(2) * states).sum(1).numpy()
