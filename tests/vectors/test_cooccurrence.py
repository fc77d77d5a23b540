import math
import random

import numpy
import pytest
import spacy
import torch

from spacy_deepal.errors import DeepALError
from spacy_deepal.vectors import cooccurrence
from spacy_deepal.vectors.cooccurrence import (
    count_neighbours,
    fit_rows,
    ngram_rows,
    ppmi,
    train_vectors,
    truncated_svd,
)
from spacy_deepal.vectors.sparse import SparseMatrix


@pytest.fixture
def train():
    """Learn from sentences in which people sing and places are far, `count` of each."""

    def train(count=150, **settings):
        draw = random.Random(0)
        names = "Ada Bob Cem Dee Eva Fay".split(), "Rome Oslo Lima Bern Kyiv".split()
        texts = [
            f"{draw.choice(names[0])} sings {draw.choice('abcdefghijkl')}" for _ in range(count)
        ]
        texts += [
            f"far lies {draw.choice(names[1])} {draw.choice('mnopqrs')}" for _ in range(count)
        ]
        return train_vectors([text.split() for text in texts], spacy.blank("en").vocab, **settings)

    return train


def cosine(one, other):
    return one @ other / numpy.linalg.norm(one) / numpy.linalg.norm(other)


def test_words_that_are_used_alike_have_similar_vectors(train):
    table = train(dim=10)
    assert (table.mode, table.shape[1]) == ("floret", 10)
    ada, bob, rome = (table[table.strings.add(word)] for word in ("Ada", "Bob", "Rome"))
    assert cosine(ada, bob) > cosine(ada, rome) + 0.3


def test_unseen_words_have_vectors_too(train):
    table = train(dim=10)
    assert table[table.strings.add("Adamo")].any()


def test_the_same_sentences_give_the_same_table(train):
    one, other = train(dim=5), train(dim=5)
    assert one.data.tobytes() == other.data.tobytes()


def test_training_leaves_the_global_random_numbers_alone(train):
    state = torch.get_rng_state()
    train(dim=5)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_table_may_be_wider_than_the_pool_has_words(train):
    assert train(dim=100).shape == (cooccurrence.BUCKETS, 100)


@pytest.mark.parametrize("count", [0, 2])
def test_too_few_words_are_refused(train, count):
    with pytest.raises(DeepALError, match="too few words to learn vectors from"):
        train(count)


def test_neighbours_are_counted_by_place_and_within_a_sentence(monkeypatch):
    monkeypatch.setattr(cooccurrence, "WINDOW", 2)
    words, contexts, counts = count_neighbours([[0, 1], [0]], 2)
    places, contexts = numpy.divmod(contexts, 3)  # 2: the edge of a sentence
    found = zip(words.tolist(), places.tolist(), contexts.tolist(), counts.tolist(), strict=True)
    right, left, second_right, second_left = range(4)
    assert sorted(found) == sorted(
        [
            *[(0, left, 2, 2), (0, right, 1, 1), (0, right, 2, 1)],
            *[(1, left, 0, 1), (1, right, 2, 1)],
            *[(0, second_left, 2, 1), (0, second_right, 2, 1)],
            *[(1, second_left, 2, 0.5), (1, second_right, 2, 0.5)],
        ]
    )


def test_pairs_that_are_no_more_frequent_than_by_chance_have_no_weight(monkeypatch):
    monkeypatch.setattr(cooccurrence, "MIN_NEIGHBOURS", 2)
    monkeypatch.setattr(cooccurrence, "SMOOTHING", 1.0)
    words, contexts = numpy.asarray([0, 0, 1, 1, 1]), numpy.asarray([5, 7, 5, 7, 9])
    matrix = ppmi(words, contexts, numpy.asarray([3.0, 1.0, 1.0, 3.0, 9.0]), 2)
    expected = [[math.log(0.75 / 0.5), 0], [0, math.log(0.75 / 0.5)]]  # 9 stands beside one word
    assert matrix.times(torch.eye(2)).numpy() == pytest.approx(numpy.asarray(expected))


def test_truncated_svd_is_that_of_a_dense_matrix():
    rows = numpy.random.default_rng(0).normal(size=(6, 3)) @ [
        [1, 0, 2, 0],
        [0, 5, 0, 0],
        [3, 1, 1, 0],
    ]
    places = numpy.indices(rows.shape).reshape(2, -1)
    matrix = SparseMatrix.from_entries(*places, rows.reshape(-1), rows.shape)
    left, values, _ = numpy.linalg.svd(rows)
    expected = left[:, :2] * values[:2] ** cooccurrence.SINGULAR_POWER
    found = truncated_svd(matrix, 3).numpy()[:, :0:-1]  # the largest last
    assert found @ found.T == pytest.approx(expected @ expected.T, rel=1e-4, abs=1e-4)


def test_fitted_rows_are_the_best_in_least_squares(monkeypatch):
    monkeypatch.setattr(cooccurrence, "BUCKETS", 50)
    draw = numpy.random.default_rng(0)
    rows, columns = draw.integers(0, 8, 60), draw.integers(0, 50, 60)
    ngrams = SparseMatrix.from_entries(rows, columns, draw.random(60), (8, 50))
    targets, weights = torch.from_numpy(draw.random((8, 2))).float(), torch.rand(8) + 0.5
    dense = ngrams.times(torch.eye(50))
    normal = dense.T @ (weights[:, None] * dense) + cooccurrence.PENALTY * torch.eye(50)
    expected = torch.linalg.solve(normal, dense.T @ (weights[:, None] * targets))
    torch.testing.assert_close(fit_rows(ngrams, targets, weights), expected, atol=1e-4, rtol=1e-3)


def test_rows_of_words_are_those_that_spacy_looks_up(train):
    table = train(dim=5)
    words = ["Ada", "Rome", "unseen", "é中"]
    found = ngram_rows(words, table).times(torch.from_numpy(table.data))
    expected = table.get_batch([table.strings.add(word) for word in words])
    assert found.numpy() == pytest.approx(expected, abs=1e-6)
