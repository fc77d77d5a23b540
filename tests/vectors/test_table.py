import numpy
import pytest
import spacy
from spacy.vectors import Vectors

from spacy_deepal.errors import DeepALError
from spacy_deepal.vectors.table import make_vectors, principal_components, word_table

from .build import WORDS, make_pool


def source_of(known):
    """A source with the vectors of some words."""

    def source(words, vocab):
        assert words == WORDS
        return word_table(vocab, words, numpy.asarray([known.get(word, [0, 0]) for word in words]))

    return source


@pytest.fixture
def pool(tmp_path):
    return make_pool(tmp_path / "pool")


def test_table_is_a_blank_pipeline_whose_vocab_has_the_vectors(pool, tmp_path):
    known = {"Ada": [1, 2], "saw": [3, 4], "ada": [1, 2]}
    summary = make_vectors([pool], tmp_path / "out", source_of(known))
    nlp = spacy.load(tmp_path / "out")
    assert (nlp.lang, nlp.pipe_names) == ("en", [])
    for word in WORDS:
        assert nlp.vocab[word].vector.tolist() == known.get(word, [0, 0])
        assert nlp.vocab[word].has_vector == (word in known)
    assert (summary.distinct, summary.words, summary.width) == (7, 8, 2)
    assert (summary.distinct_found, summary.words_found) == (3, 4)


def test_words_with_the_same_vector_share_a_row(pool, tmp_path):
    known = {"Ada": [1, 2], "saw": [3, 4], "ada": [1, 2]}
    make_vectors([pool], tmp_path / "out", source_of(known))
    vectors = spacy.load(tmp_path / "out").vocab.vectors
    assert (vectors.shape, vectors.n_keys) == ((2, 2), 3)


def test_words_of_several_pools_are_counted_together(pool, tmp_path):
    other = make_pool(tmp_path / "other", ["Ada Ada"])
    summary = make_vectors([pool, other], tmp_path / "out", source_of({"Ada": [1, 2]}))
    assert (summary.distinct, summary.words, summary.words_found) == (7, 10, 3)


def test_earlier_table_is_replaced_and_nothing_stays_beside_it(pool, tmp_path):
    for known in ({"Ada": [1, 2]}, {"saw": [3, 4]}):
        make_vectors([pool], tmp_path / "out", source_of(known))
    assert [w for w in WORDS if spacy.load(tmp_path / "out").vocab.has_vector(w)] == ["saw"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "pool"]


def test_folder_with_other_things_is_left_as_it_is(pool, tmp_path):
    with pytest.raises(DeepALError, match=r"holds other things .*'shard_0000.spacy', 1 in all"):
        make_vectors([pool], pool, source_of({"Ada": [1, 2]}))
    with pytest.raises(DeepALError, match="is a file"):
        make_vectors([pool], pool / "shard_0000.spacy", source_of({"Ada": [1, 2]}))
    assert [path.name for path in pool.iterdir()] == ["shard_0000.spacy"]


def test_pipeline_that_is_no_such_table_is_left_as_it_is(pool, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("merge_entities")
    nlp.to_disk(tmp_path / "mine")
    with pytest.raises(DeepALError, match="mine holds no table"):
        make_vectors([pool], tmp_path / "mine", source_of({"Ada": [1, 2]}))
    assert spacy.load(tmp_path / "mine").pipe_names == ["merge_entities"]
    nlp = spacy.blank("en")
    nlp.vocab.set_vector("Ada", numpy.ones(3))
    nlp.to_disk(tmp_path / "others")
    with pytest.raises(DeepALError, match="others holds no table"):
        make_vectors([pool], tmp_path / "others", source_of({"Ada": [1, 2]}))


def test_nothing_is_written_when_no_word_has_a_vector(pool, tmp_path):
    with pytest.raises(DeepALError, match="None of the 7 words of the pools, such as 'Ada'"):
        make_vectors([pool], tmp_path / "out", source_of({}))
    assert [path.name for path in tmp_path.iterdir()] == ["pool"]


def test_pools_without_a_word_and_languages_that_there_are_not_are_refused(tmp_path):
    empty = make_pool(tmp_path / "empty", [])
    with pytest.raises(DeepALError, match=f"no word in {empty}"):
        make_vectors([empty], tmp_path / "out", source_of({}))
    with pytest.raises(DeepALError, match="'qq'"):
        make_vectors([empty], tmp_path / "out", source_of({}), lang="qq")


def test_floret_table_is_saved_as_such(pool, tmp_path):
    data = numpy.random.default_rng(0).normal(size=(20, 3)).astype("float32")

    def source(words, vocab):
        return Vectors(
            data=data, mode="floret", minn=2, maxn=3, hash_count=2, strings=vocab.strings
        )

    summary = make_vectors([pool], tmp_path / "out", source)
    assert (summary.distinct_found, summary.words_found, summary.width) == (7, 8, 3)
    nlp = spacy.load(tmp_path / "out")
    assert nlp.vocab.vectors.mode == "floret"
    assert nlp.vocab["unheard"].vector.any()


def test_principal_components_are_the_directions_that_vary_most():
    rows = numpy.asarray([[5, 1, 0], [5, -1, 0], [5, 0, 4], [5, 0, -4]])
    assert principal_components(rows, 2) == pytest.approx(
        numpy.asarray([[0, 1], [0, -1], [4, 0], [-4, 0]])
    )


@pytest.mark.parametrize("dim", [0, 4])
def test_no_more_components_than_the_vectors_have(dim):
    with pytest.raises(DeepALError, match=f"width of 3: no dim of {dim}"):
        principal_components(numpy.ones((5, 3)), dim)


def test_a_word_without_a_vector_has_none_when_others_are_reduced():
    vocab = spacy.blank("en").vocab
    rows = numpy.asarray([[1, 2], [0, 0], [3, -4]])
    table = word_table(vocab, ["a", "b", "c"], rows, dim=1)
    assert (table.shape, "b" in table) == ((2, 1), False)


def test_no_vector_at_all_is_no_error_of_the_reduction():
    vocab = spacy.blank("en").vocab
    assert word_table(vocab, ["a"], numpy.zeros((1, 2)), dim=1).shape == (0, 2)
