import pytest
from spacy.tokens import Doc

from spacy_deepal.tagger.features import distinct_words, word_orths, word_places

from .build import orths


def test_white_space_is_no_word(vocab):
    doc = Doc(vocab, words=["\n", "Ada", " ", "\u200b", "\u00a0", "sings", "\t\t"])
    assert word_orths(doc).tolist() == orths(vocab, "Ada", "\u200b", "sings").tolist()


@pytest.mark.parametrize("words", [[], ["\n"], ["Ada"]])
def test_docs_with_less_than_two_words_have_arrays_of_their_length(vocab, words):
    doc = Doc(vocab, words=words)
    assert word_orths(doc).shape == (words.count("Ada"),)


def test_distinct_words_are_found_again_in_each_doc(vocab):
    docs = [Doc(vocab, words=words) for words in (["Ada", "\n", "met", "Ada"], [], ["met"])]
    distinct, index = distinct_words(docs)
    assert sorted(distinct.tolist()) == sorted(orths(vocab, "Ada", "met").tolist())
    found = [distinct[each].tolist() for each in index]
    assert found == [word_orths(doc).tolist() for doc in docs]
    assert [word_places(doc).tolist() for doc in docs] == [[0, 2, 3], [], [0]]
