from collections import Counter

import numpy
import pytest
import spacy

from spacy_deepal.errors import DeepALError
from spacy_deepal.vectors.table import join_sources, principal_components, word_table


def test_principal_components_are_the_directions_that_vary_most():
    rows = numpy.asarray([[5, 1, 0], [5, -1, 0], [5, 0, 4], [5, 0, -4]])
    assert principal_components(rows, 2) == pytest.approx(
        numpy.asarray([[0, 1], [0, -1], [4, 0], [-4, 0]])
    )


@pytest.mark.parametrize("dim", [0, 4])
def test_no_more_components_than_the_vectors_have(dim):
    with pytest.raises(DeepALError, match=f"width of 3, which cannot be reduced to {dim}"):
        principal_components(numpy.ones((5, 3)), dim)


def test_a_word_without_a_vector_has_none_when_others_are_reduced():
    vocab = spacy.blank("en").vocab
    rows = numpy.asarray([[1, 2], [0, 0], [3, -4]])
    table = word_table(vocab, ["a", "b", "c"], rows, dim=1)
    assert (table.shape, "b" in table) == ((2, 1), False)


def test_no_vector_at_all_is_no_error_of_the_reduction():
    vocab = spacy.blank("en").vocab
    assert word_table(vocab, ["a"], numpy.zeros((1, 2)), dim=1).shape == (0, 2)


def source_of(*rows):
    return lambda words, vocab: word_table(vocab, list(words), numpy.asarray(rows))


def test_joined_vectors_stand_side_by_side_each_source_scaled_to_1():
    vocab = spacy.blank("en").vocab
    sources = {"one": source_of([3, 3], [0, 0], [-3, 3]), "other": source_of([0], [20], [0])}
    table = join_sources(sources, Counter("abc"), vocab)
    expected = [[1, 1, 0], [0, 0, 1], [-1, 1, 0]]
    assert [table[vocab.strings[word]].tolist() for word in "abc"] == expected


def test_a_source_that_knows_no_word_is_named():
    vocab = spacy.blank("en").vocab
    sources = {"one": source_of([1], [1]), "other.vec": source_of([0], [0])}
    with pytest.raises(DeepALError, match=r"other\.vec has a vector for none of the 2 .* 'a'"):
        join_sources(sources, Counter("ab"), vocab)
