import numpy
import pytest
import spacy
from spacy.vectors import Vectors

from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.shards import write_shards
from spacy_deepal.vectors import make
from spacy_deepal.vectors.make import make_vectors, vectors_source
from spacy_deepal.vectors.table import word_table

from ..pools import make_doc
from .build import WORDS, make_pool


def source_of(known):
    """A source with the vectors of some words."""

    def source(words, vocab):
        assert list(words) == WORDS
        return word_table(vocab, WORDS, numpy.asarray([known.get(word, [0, 0]) for word in words]))

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
    with pytest.raises(DeepALError, match=r"holds other things .*'pool.index', 2 in all"):
        make_vectors([pool], pool, source_of({"Ada": [1, 2]}))
    with pytest.raises(DeepALError, match="is a file"):
        make_vectors([pool], pool / "shard_0000.spacy", source_of({"Ada": [1, 2]}))
    assert sorted(path.name for path in pool.iterdir()) == ["pool.index", "shard_0000.spacy"]


def test_pipeline_that_is_no_such_table_is_left_as_it_is(pool, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("merge_entities")
    nlp.to_disk(tmp_path / "mine")
    with pytest.raises(DeepALError, match="mine holds other things than a table of vectors"):
        make_vectors([pool], tmp_path / "mine", source_of({"Ada": [1, 2]}))
    assert spacy.load(tmp_path / "mine").pipe_names == ["merge_entities"]
    nlp = spacy.blank("en")
    nlp.vocab.set_vector("Ada", numpy.ones(3))
    nlp.to_disk(tmp_path / "others")
    with pytest.raises(DeepALError, match="others holds other things than a table of vectors"):
        make_vectors([pool], tmp_path / "others", source_of({"Ada": [1, 2]}))


@pytest.mark.parametrize("meta", ["[]", "null", '{"vectors": null}', '{"vectors": {"name": 1}}'])
def test_a_folder_whose_meta_json_is_no_pipelines_is_not_replaced(pool, tmp_path, meta):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "meta.json").write_text(meta)
    with pytest.raises(DeepALError, match="mine holds other things than a table of vectors"):
        make_vectors([pool], tmp_path / "mine", source_of({"Ada": [1, 2]}))
    assert (tmp_path / "mine" / "meta.json").read_text() == meta


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


def test_of_a_large_pool_some_shards_are_learnt_from(tmp_path, monkeypatch):
    """Six shards with words of their own: the text of two of them counts."""
    texts = [f"shard{i // 5} holds sentence{i % 5} of shard{i // 5}" for i in range(30)]
    vocab = spacy.blank("en").vocab
    docs = (make_doc(f"s{i}", text.split(), vocab=vocab) for i, text in enumerate(texts))
    write_shards(docs, tmp_path / "pool", sentences_per_shard=5)
    learnt = []

    def train_vectors(sentences, vocab, dim):
        learnt.append([*sentences])
        return word_table(vocab, ["holds"], numpy.ones((1, dim)))

    monkeypatch.setattr(make, "train_vectors", train_vectors)
    for most in (1000, 50, 50):
        monkeypatch.setattr(make, "TEXT_WORDS", most)
        source = vectors_source(from_text=[tmp_path / "pool"])
        summary = make_vectors([tmp_path / "pool"], tmp_path / "out", source)
        assert summary.words == 150  # all words are counted
    everything, some, again = learnt
    assert everything == [text.split() for text in texts]
    assert some == again
    assert len(some) == 10
    shards = {words[0] for words in some}
    assert len(shards) == 2
    assert shards != {"shard0", "shard1"}  # they are drawn
