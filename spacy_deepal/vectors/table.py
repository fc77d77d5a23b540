"""A table with one vector for each word: from one source, or from several side by side."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from spacy.vectors import Vectors
from spacy.vocab import Vocab

from ..errors import DeepALError

# From distinct words, how often each stands in the pools, and their vocab.
VectorSource = Callable[[Counter[str], Vocab], Vectors]


def word_table(
    vocab: Vocab, words: Sequence[str], rows: NDArray, *, dim: int | None = None
) -> Vectors:
    """Make a table that is keyed by word. Words with the same vector share a row.

    words (Sequence[str]): Distinct words.
    rows (array[n_words, D]): The vector of each word. A row of zeros means that it has none.
    dim (int | None): The width to reduce the vectors to. None leaves them as they are.
    RAISES (DeepALError): The vectors are narrower than `dim`.
    """
    kept = np.flatnonzero(rows.any(1))
    data = np.asarray(rows[kept], "float32")
    if dim is not None and len(data):
        data = principal_components(data, dim)
    first: dict[bytes, int] = {}  # the row of each distinct vector
    rows_of = [first.setdefault(vector.tobytes(), len(first)) for vector in data]
    table = Vectors(strings=vocab.strings, shape=(len(first), data.shape[1]))
    for i, row in zip(kept.tolist(), rows_of, strict=True):
        table.add(words[i], row=row)
    table.data[rows_of] = data
    return table


def join_sources(sources: Mapping[str, VectorSource], words: Counter[str], vocab: Vocab) -> Vectors:
    """Make a table in which the vectors of several sources stand side by side.

    sources (Mapping[str, VectorSource]): By what users call them. Each is scaled to a root mean
        square of 1 over the words that it knows. A word that it does not know has zeros there.
    words (Counter[str]): Distinct words.
    RAISES (DeepALError): A source knows none of the words.
    """
    keys = [vocab.strings.add(word) for word in words]
    parts = []
    for name, source in sources.items():
        table = source(words, vocab)
        if not len(table):
            raise DeepALError(
                f"{name} has a vector for none of the {len(words):,} words of the pools, such as "
                f"{next(iter(words))!r}. Leave it out, or choose a source in their language."
            )
        rows = np.array(table.get_batch(keys), "float32")
        rows[[key not in table for key in keys]] = 0  # get_batch gives them the last row
        known = rows.any(1)
        rms = np.sqrt(np.square(rows[known], dtype="float64").mean()) if known.any() else 1
        parts.append(rows / np.float32(rms))
    return word_table(vocab, list(words), np.concatenate(parts, 1))


def principal_components(rows: NDArray, dim: int) -> NDArray[np.float32]:
    """Project vectors to the `dim` directions in which they vary most, the most varied first.

    rows (array[N, D]): One vector a row.
    RETURNS (array[N, dim]): The projections, with a mean of zero. The largest component of each
        direction is positive, so the result is always the same.
    RAISES (DeepALError): `dim` is not from 1 to D.
    """
    if not 1 <= dim <= rows.shape[1]:
        raise DeepALError(
            f"The vectors have a width of {rows.shape[1]}, which cannot be reduced to {dim}. "
            f"Choose a --dim from 1 to {rows.shape[1]}."
        )
    centred = rows.astype("float64") - rows.mean(0, dtype="float64")
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :dim]
    axes *= np.sign(axes[np.abs(axes).argmax(0), np.arange(dim)])
    return (centred @ axes).astype("float32")
