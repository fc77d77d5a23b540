"""Vectors learnt from the pools' own text: words with the same neighbours get similar vectors.

Neighbours are counted, weighted by their positive pointwise mutual information (PPMI) and reduced
by a truncated SVD (Levy, Goldberg and Dagan, 2015, "Improving distributional similarity with
lessons learned from word embeddings"). The vectors are then explained by the character n-grams of
the words, in the layout of floret (https://github.com/explosion/floret). So a word that is not in
the pools has a vector too.
"""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.vectors import Vectors
from spacy.vocab import Vocab

from ..errors import DeepALError
from .sparse import SparseMatrix

# Chosen for pools of 30,000 to 100,000 words.
WINDOW = 3  # neighbours on each side; one at distance d counts 1 / d
MIN_NEIGHBOURS = 10  # fewest distinct words that a context stands beside
SMOOTHING = 0.75  # power of the contexts' counts, which gives rare contexts less weight
SINGULAR_POWER = 0.5  # power of the singular values: between 0, whitened, and 1, as they are
BUCKETS = 50_000  # rows of the table, shared by words and their character n-grams
NGRAMS = 2, 5  # fewest and most characters of an n-gram
ROWS_OF_NGRAM = 2  # rows of the table that add up to an n-gram
PENALTY = 0.1  # on the squares of the rows; the squared errors of words weigh 1 on average
SVD_STEPS = 4
FIT_STEPS = 30


def train_vectors(sentences: Iterable[list[str]], vocab: Vocab, dim: int = 100) -> Vectors:
    """Learn vectors from sentences. On one machine the same sentences always give the
    same table.

    sentences (Iterable[list[str]]): The words of each sentence.
    dim (int): Width of the vectors.
    RETURNS (Vectors): A table in mode "floret".
    RAISES (DeepALError): There are too few words to learn from.
    """
    rows: dict[str, int] = {}
    text = [[rows.setdefault(word, len(rows)) for word in words] for words in sentences]
    counts = np.bincount(np.asarray([row for words in text for row in words], "int64"))
    matrix = ppmi(*count_neighbours(text, len(rows)), len(rows))
    if not len(matrix.values):
        raise DeepALError(
            "The pools have too few words to learn vectors from. Use a larger pool, or another "
            "source of vectors."
        )
    targets = truncated_svd(matrix, dim)
    targets = torch.nn.functional.normalize(targets - targets.mean(0))
    table = Vectors(
        strings=vocab.strings,
        data=np.zeros((BUCKETS, dim), "float32"),
        mode="floret",
        minn=NGRAMS[0],
        maxn=NGRAMS[1],
        hash_count=ROWS_OF_NGRAM,
    )
    weights = np.sqrt(counts) / np.sqrt(counts).mean()  # frequent words are better known
    fitted = fit_rows(ngram_rows(list(rows), table), targets, torch.from_numpy(weights).float())
    table.data[:, : fitted.shape[1]] = fitted.numpy()
    return table


def count_neighbours(text: list[list[int]], size: int) -> tuple[NDArray, NDArray, NDArray]:
    """Count which words stand beside which.

    text (list[list[int]]): The words of each sentence as numbers below `size`.
    RETURNS (tuple[array, array, array]): Word, context and count of each pair that occurs. A
        context is a word, or the sentence's edge, at one of the 2 * WINDOW places around a word.
    """
    edge = [size] * WINDOW
    flat = np.asarray([*edge, *(i for words in text for i in (*words, *edge))])
    contexts = (size + 1) * 2 * WINDOW
    pairs, counts = [], []
    for distance in range(1, WINDOW + 1):
        left, right = flat[:-distance], flat[distance:]
        for side, (word, context) in enumerate([(left, right), (right, left)]):
            place = (2 * (distance - 1) + side) * (size + 1)
            pairs.append((word * contexts + place + context)[word < size])
            counts.append(np.full(len(pairs[-1]), 1 / distance))
    distinct, index = np.unique(np.concatenate(pairs), return_inverse=True)
    return (*np.divmod(distinct, contexts), np.bincount(index, np.concatenate(counts)))


def ppmi(words: NDArray, contexts: NDArray, counts: NDArray, size: int) -> SparseMatrix:
    """Weight pairs by how much more often they occur than by chance: max(0, log p(c|w) / p(c)).

    words, contexts, counts (array[n_pairs]): As `count_neighbours` returns them.
    RETURNS (SparseMatrix[size, n_contexts]): Without the contexts that stand beside few words.
    """
    common = np.bincount(contexts)[contexts] >= MIN_NEIGHBOURS
    words, counts = words[common], counts[common]
    kept, contexts = np.unique(contexts[common], return_inverse=True)
    context_shares = np.bincount(contexts, counts) ** SMOOTHING
    context_shares /= context_shares.sum()
    word_counts = np.bincount(words, counts)
    values = np.log(counts / word_counts[words] / context_shares[contexts])
    more = values > 0
    shape = size, len(kept)
    return SparseMatrix.from_entries(words[more], contexts[more], values[more], shape)


def truncated_svd(matrix: SparseMatrix, dim: int) -> torch.Tensor:
    """Reduce a matrix to its largest singular directions by subspace iteration (Halko, Martinsson
    and Tropp, 2011, algorithm 4.4).

    RETURNS (Tensor[n_rows, D]): Left singular vectors, times powers of the singular values. D is
        `dim`, or the number of rows where that is less.
    """
    draw = torch.Generator().manual_seed(0)
    basis = torch.randn((len(matrix.starts), dim), generator=draw)
    for _ in range(SVD_STEPS):
        basis = torch.linalg.qr(basis)[0]
        basis = matrix.times(matrix.transposed_times(basis))
    basis = torch.linalg.qr(basis)[0]
    projected = matrix.transposed_times(basis)
    squares, directions = torch.linalg.eigh(projected.T @ projected)
    return basis @ directions * squares.clamp(min=0) ** (SINGULAR_POWER / 2)


def ngram_rows(words: list[str], table: Vectors) -> SparseMatrix:
    """RETURNS (SparseMatrix[n_words, BUCKETS]): The matrix by which a floret table's rows become
    the vectors of words: the mean of a word's own rows and those of its n-grams."""
    rows = [
        [h % BUCKETS for ngram in table._get_ngrams(w) for h in table._get_ngram_hashes(ngram)]
        for w in words
    ]
    lengths = np.asarray([len(row) for row in rows])
    return SparseMatrix.from_entries(
        np.repeat(np.arange(len(words)), lengths),
        np.asarray([i for row in rows for i in row], "int64"),
        np.repeat(1 / lengths, lengths),
        (len(words), BUCKETS),
    )


def fit_rows(ngrams: SparseMatrix, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Find the rows T of the table that explain the words' vectors: they minimise
    sum_w weights_w * |(ngrams T - targets)_w|^2 + PENALTY * |T|^2, by conjugate gradients.

    ngrams (SparseMatrix[n_words, BUCKETS]): As `ngram_rows` returns it.
    targets (Tensor[n_words, D]): The words' vectors.
    weights (Tensor[n_words]): How much each word counts.
    RETURNS (Tensor[BUCKETS, D]): The rows.
    """
    weights = weights.unsqueeze(1)
    residual = ngrams.transposed_times(weights * targets)
    rows, direction = torch.zeros_like(residual), residual
    square = residual.square().sum(0)
    for _ in range(FIT_STEPS):
        image = ngrams.transposed_times(weights * ngrams.times(direction)) + PENALTY * direction
        step = square / (direction * image).sum(0).clamp(min=1e-20)
        rows, residual = rows + step * direction, residual - step * image
        previous, square = square, residual.square().sum(0)
        direction = residual + square / previous.clamp(min=1e-20) * direction
    return rows
