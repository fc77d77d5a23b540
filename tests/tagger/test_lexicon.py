import pickle
from types import SimpleNamespace

import numpy
import pytest
import spacy
from spacy.tokens import Doc
from spacy.vectors import BaseVectors, Vectors

from spacy_deepal.sentences import word_places
from spacy_deepal.tagger import lexicon as module
from spacy_deepal.tagger.lexicon import distinct_words, find_vectors_scale, static_vectors
from spacy_deepal.tagger.network import BOS, BOW, EOS, EOW, PAD_CHAR, UNKNOWN, UNKNOWN_CHAR

from .build import make_lexicon, orths


def characters_of(lexicon, row):
    return lexicon.characters[row, : lexicon.lengths[row]].tolist()


def test_characters_of_a_word_are_framed_and_unknown_ones_have_their_own_number(vocab):
    lexicon = make_lexicon()
    ada, odd = lexicon.find(vocab, orths(vocab, "Ada", "dz\U0001f600"))
    assert characters_of(lexicon, ada) == [BOW, 4, 7, 5, EOW]
    assert characters_of(lexicon, odd) == [BOW, 7, UNKNOWN_CHAR, UNKNOWN_CHAR, EOW]
    assert PAD_CHAR not in characters_of(lexicon, ada)


def test_sentence_frame_has_words_of_its_own_and_no_characters():
    lexicon = make_lexicon()
    assert lexicon.ids[:2].tolist() == [BOS, EOS]
    assert characters_of(lexicon, 0) == characters_of(lexicon, 1) == [BOW, EOW]


@pytest.mark.parametrize(
    ("max_chars", "kept"), [(8, "aaaabbbd"), (9, "aaaabbbbd"), (5, "aaabd"), (4, "aabd")]
)
def test_long_word_keeps_its_first_and_last_characters(vocab, max_chars, kept):
    lexicon = make_lexicon(max_chars=max_chars)
    long = "aaaa" + "x" * 10_000 + "bbbd"
    if max_chars == 9:
        long = "aaaa" + "b" + "x" * 10_000 + "bbbd"
    cut = {"a": 5, "b": 6, "d": 7}
    rows = lexicon.find(vocab, orths(vocab, long, "a" * max_chars))
    assert characters_of(lexicon, rows[0]) == [BOW, *(cut[c] for c in kept), EOW]
    assert characters_of(lexicon, rows[1]) == [BOW] + [5] * max_chars + [EOW]


def test_words_of_the_vocabulary_have_numbers_and_others_are_unknown(vocab):
    lexicon = make_lexicon()
    rows = lexicon.find(vocab, orths(vocab, "Ada", "sings", "ada"))
    assert lexicon.ids[rows].tolist() == [3, 4, UNKNOWN]


def test_attributes_are_those_of_spacy(vocab):
    """Words that agree in an attribute share its rows; other words do not (but by chance)."""
    lexicon = make_lexicon()
    rows = lexicon.find(vocab, orths(vocab, "Adam", "ADAM", "Eves", "Adieu"))
    adam, capitals, eves, adieu = lexicon.attributes[rows].reshape(4, 4, 2)  # word, attribute, hash
    norm, lower, shape, prefix = range(4)
    assert numpy.array_equal(adam[lower], capitals[lower])
    assert numpy.array_equal(adam[norm], capitals[norm])
    assert not numpy.array_equal(adam[shape], capitals[shape])
    assert numpy.array_equal(adam[shape], eves[shape])
    assert numpy.array_equal(adam[prefix], adieu[prefix])
    assert not numpy.array_equal(adam[prefix], eves[prefix])
    assert not numpy.array_equal(adam[lower], adieu[lower])


def test_attributes_stay_within_their_tables(vocab):
    lexicon = make_lexicon()
    rows = lexicon.find(vocab, orths(vocab, *(f"word{i}" for i in range(500))))
    tables = lexicon.attributes[rows].reshape(-1, 4, 2)  # word, attribute, hash
    for attribute, size in enumerate([50, 60, 70, 80]):
        assert 0 <= tables[:, attribute].min() <= tables[:, attribute].max() < size
    assert len(numpy.unique(tables[:, 0])) > 45  # 500 norms, 50 rows
    assert len(numpy.unique(tables[:, 3])) == 2  # "wo", 2 rows


def test_a_word_is_worked_out_once(vocab, monkeypatch):
    lexicon = make_lexicon()
    added = []
    add = lexicon._add
    monkeypatch.setattr(
        lexicon, "_add", lambda orths, vectors: (added.extend(orths), add(orths, vectors))
    )
    first = lexicon.find(vocab, orths(vocab, "Ada", "sings"))
    again = lexicon.find(vocab, orths(vocab, "sings", "loud", "Ada"))
    assert added == orths(vocab, "Ada", "sings", "loud").tolist()
    assert again[[2, 0]].tolist() == first.tolist()


def test_lexicon_is_bounded_and_what_it_forgets_it_finds_again(vocab, monkeypatch):
    monkeypatch.setattr(module, "CACHED_WORDS", 50)
    bounded, free = make_lexicon(), make_lexicon()
    for start in range(0, 400, 15):
        words = orths(vocab, *(f"word{i}" for i in range(start, start + 20)))
        rows = bounded.find(vocab, words)
        assert len(bounded.rows) <= 50
        monkeypatch.setattr(module, "CACHED_WORDS", 10**6)
        expected = free.find(vocab, words)
        monkeypatch.setattr(module, "CACHED_WORDS", 50)
        assert numpy.array_equal(bounded.attributes[rows], free.attributes[expected])
        assert numpy.array_equal(bounded.characters[rows], free.characters[expected])
        assert numpy.array_equal(bounded.lengths[rows], free.lengths[expected])
    assert len(free.rows) > 400


def test_batch_with_more_words_than_the_lexicon_holds_is_found_whole(vocab, monkeypatch):
    monkeypatch.setattr(module, "CACHED_WORDS", 10)
    lexicon = make_lexicon()
    words = orths(vocab, *(f"word{i}" for i in range(3000)))
    rows = lexicon.find(vocab, words)
    assert sorted(rows.tolist()) == list(range(2, 3002))
    assert lexicon.find(vocab, words).tolist() == rows.tolist()


def test_other_vocab_is_asked_anew(vocab):
    """A lexeme's NORM is the vocab's: another vocab may have another."""
    other = spacy.blank("en").vocab
    other["Ada"].norm_ = "lady"
    lexicon = make_lexicon()
    norms = []
    for asked in (vocab, other, vocab):
        (row,) = lexicon.find(asked, orths(asked, "Ada"))
        norms.append(lexicon.attributes[row, :2].tolist())
    assert norms[0] == norms[2] != norms[1]


def test_pickle_leaves_out_what_can_be_computed_again(vocab):
    lexicon = make_lexicon()
    words = orths(vocab, *(f"word{i}" for i in range(5000)), "Ada")
    rows = lexicon.find(vocab, words)
    data = pickle.dumps(lexicon)
    assert len(data) < 3000
    copy = pickle.loads(data)
    copied = copy.find(vocab, words)
    assert numpy.array_equal(copy.attributes[copied], lexicon.attributes[rows])


def vectors_of(vocab, *words):
    return static_vectors(vocab, orths(vocab, *words).tolist())


def test_static_vectors_are_those_of_the_word_or_of_its_first_other_case_form(vocab):
    data = numpy.asarray([[1, 2], [3, 4], [5, 6], [7, 8], [9, 9]], "float32")
    vocab.vectors = Vectors(data=data, keys=["Ada", "ada", "london", "Oslo", "UNO"])
    found = vectors_of(
        vocab, "Ada", "ada", "ADA", "LONDON", "London", "OSLO", "oslo", "Uno", "Bonn"
    )
    assert found.tolist() == [
        *([1, 2], [3, 4], [3, 4], [5, 6], [5, 6], [7, 8], [7, 8], [9, 9], [0, 0])
    ]
    assert found.dtype == numpy.float32


def test_static_vectors_of_a_pruned_table_are_those_of_spacy(vocab):
    data = numpy.asarray([[4, 0], [0, 2], [3, 1], [1, 3]], "float32")
    words = ["Ada", "sings", "Bob", "hums"]
    for word, vector in zip(words, data, strict=True):
        vocab.set_vector(word, vector)
    vocab.prune_vectors(2)
    assert vocab.vectors.shape == (2, 2)
    found = vectors_of(vocab, *words, "ADA", "Eva")
    assert found[:4].tolist() == [vocab[word].vector.tolist() for word in words]
    assert found[4:].tolist() == [found[0].tolist(), [0, 0]]


def test_static_vectors_of_words_do_not_make_lexemes_of_their_forms(vocab):
    vocab.vectors = Vectors(data=numpy.ones((1, 2), "float32"), keys=["ada"])
    keys = orths(vocab, "ADA", "BOB").tolist()
    before = len(vocab)
    assert static_vectors(vocab, keys).any(1).tolist() == [True, False]
    assert len(vocab) == before


class GpuArray:
    """Values that numpy may not take for its own; indices have to lie beside them."""

    def __init__(self, values):
        self.values = numpy.asarray(values)

    def __array__(self, *_, **__):
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def __getitem__(self, index):
        return GpuArray(self.values[index.values])


@pytest.mark.parametrize("mode", ["default", "floret"])
def test_static_vectors_may_lie_on_a_gpu(vocab, mode, monkeypatch):
    ops = SimpleNamespace(xp=SimpleNamespace(asarray=GpuArray), to_numpy=lambda array: array.values)
    monkeypatch.setattr(module, "get_array_ops", lambda array: ops)
    keys = orths(vocab, "Ada", "Bonn", "ADA").tolist()
    table = SimpleNamespace(
        data=GpuArray([[1.0, 2.0], [3.0, 4.0]]),
        mode=mode,
        key2row={keys[0]: 1},
        find=lambda keys: GpuArray([1, -1, -1]),
        get_batch=lambda keys: GpuArray([[3.0, 4.0], [0.0, 0.0], [3.0, 4.0]]),
    )
    fake = SimpleNamespace(vectors=table, strings=vocab.strings)
    assert static_vectors(fake, keys).tolist() == [[3, 4], [0, 0], [3, 4]]


def test_static_vectors_may_be_keyed_by_another_attribute(vocab):
    data = numpy.asarray([[1, 2]], "float32")
    vocab.vectors = Vectors(data=data, keys=["ada"], attr="LOWER")
    assert vectors_of(vocab, "ADA", "Bob").tolist() == [[1, 2], [0, 0]]


def test_scale_brings_the_vectors_of_words_to_a_root_mean_square_of_one(vocab):
    data = numpy.asarray([[0.1, 0.7], [30, 40]], "float32")
    vocab.vectors = Vectors(data=data, keys=["ada", "rare"])
    scale = find_vectors_scale(vocab, orths(vocab, "Ada", "Bonn").tolist())
    assert scale == pytest.approx(2)  # the mean of 0.01 and 0.49 is a quarter
    assert find_vectors_scale(vocab, orths(vocab, "Bonn").tolist()) == 1
    assert find_vectors_scale(vocab, []) == 1


class Lengths(BaseVectors):
    """A table as `[nlp.vectors]` may name one: it computes vectors and has no array."""

    def __init__(self, strings):
        self.strings, self.mode = strings, "lengths"

    @property
    def shape(self):
        return (9, 2)

    def get_batch(self, keys):
        words = [self.strings[key] for key in keys]
        return numpy.asarray([[len(word), 1] for word in words], "float32")


def test_a_table_without_an_array_is_asked(vocab):
    words = orths(vocab, "Ada", "sings")
    vocab.vectors = Lengths(vocab.strings)
    lexicon = make_lexicon(vectors_width=2)
    for _ in range(2):
        rows = lexicon.find(vocab, words)
        assert lexicon.vectors[rows].tolist() == [[3, 1], [5, 1]]
    vocab.vectors = Vectors(data=numpy.ones((1, 2)), keys=["Ada"], strings=vocab.strings)
    rows = lexicon.find(vocab, words)
    assert lexicon.vectors[rows].tolist() == [[1, 1], [0, 0]]


def test_a_table_without_rows_has_no_vector(vocab):
    vocab.vectors = Vectors(shape=(0, 3), strings=vocab.strings)
    assert static_vectors(vocab, orths(vocab, "Ada", "sings")).tolist() == [[0, 0, 0]] * 2


def test_floret_vectors_are_those_of_spacy(vocab):
    data = numpy.random.default_rng(0).normal(size=(20, 4)).astype("float32")
    vocab.vectors = Vectors(
        data=data, mode="floret", minn=2, maxn=3, hash_count=2, strings=vocab.strings
    )
    words = ["Ada", "unheard", "\U0001f600"]
    found = vectors_of(vocab, *words)
    numpy.testing.assert_allclose(found, [vocab[word].vector for word in words], rtol=1e-6)
    assert found.any(1).all()


# The words of Docs


def test_white_space_is_no_word(vocab):
    doc = Doc(vocab, words=["\n", "Ada", " ", "\u200b", "\u00a0", "sings", "\t\t"])
    distinct, (index,) = distinct_words([doc])
    assert distinct[index].tolist() == orths(vocab, "Ada", "\u200b", "sings").tolist()


def test_distinct_words_are_found_again_in_each_doc(vocab):
    texts = ["Ada", "\n", "met", "Ada"], [], ["\n"], ["met"]
    docs = [Doc(vocab, words=words) for words in texts]
    distinct, index = distinct_words(docs)
    assert sorted(distinct.tolist()) == sorted(orths(vocab, "Ada", "met").tolist())
    found = [[vocab.strings[orth] for orth in distinct[each].tolist()] for each in index]
    assert found == [["Ada", "met", "Ada"], [], [], ["met"]]
    assert [word_places(doc).tolist() for doc in docs] == [[0, 2, 3], [], [], [0]]
