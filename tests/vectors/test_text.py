import random

import numpy
import pytest
import spacy
from spacy.tokens import Doc

from spacy_deepal.errors import DeepALError
from spacy_deepal.vectors.text import train_floret


@pytest.fixture
def train():
    """Train on sentences in which people sing and places are far, `count` of each."""
    vocab = spacy.blank("en").vocab

    def train(count=150, **settings):
        draw = random.Random(0)
        texts = [f"{draw.choice(['Ada', 'Bob', 'Cem'])} sings a song" for _ in range(count)]
        texts += [f"far away lies {draw.choice(['Rome', 'Oslo', 'Lima'])}" for _ in range(count)]
        docs = (Doc(vocab, words=[*text.split(), "\n"]) for text in texts)
        return train_floret(docs, vocab, **settings)

    return train


def test_words_that_are_used_alike_have_like_vectors(train):
    table = train(dim=10)
    assert (table.mode, table.shape[1]) == ("floret", 10)
    ada, bob, rome = (table[table.strings.add(word)] for word in ("Ada", "Bob", "Rome"))
    assert cosine(ada, bob) > cosine(ada, rome) + 0.3


def cosine(one, other):
    return one @ other / numpy.linalg.norm(one) / numpy.linalg.norm(other)


def test_unheard_words_have_vectors_too(train):
    table = train(dim=10)
    assert table[table.strings.add("unheard")].any()


def test_the_same_sentences_give_the_same_table(train):
    one, other = train(dim=5, epochs=2), train(dim=5, epochs=2)
    assert one.data.tolist() == other.data.tolist()


def test_too_few_words_are_refused(train):
    with pytest.raises(DeepALError, match="floret cannot learn from these pools"):
        train(0)
