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
    # RoBERTa's positions begin at 2. Models of relative positions have no limit.
    if limit := getattr(model.config, "max_position_embeddings", None):
        pieces = [(ids[: limit - 2], known[: limit - 2]) for ids, known in pieces]
    order = sorted(range(len(words)), key=lambda i: len(pieces[i][0]))
    rows = np.zeros((len(words), model.config.hidden_size), "float32")
    with tqdm(desc="distil", total=len(words), unit=" words", disable=None) as bar:
        for start in range(0, len(order), WORDS_AT_ONCE):
            group = order[start : start + WORDS_AT_ONCE]
            rows[group] = _average(model, [pieces[i] for i in group])
            bar.update(len(group))
    return rows


def _load_model(folder: Path) -> Any:
    transformers = import_extra("transformers", "distil")
    try:
        transformers.utils.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
        model = transformers.AutoModel.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise DeepALError(f"{folder} cannot be loaded as a transformer: {error}") from error
    return (model.get_encoder() if model.config.is_encoder_decoder else model).eval()


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
