import pytest
import spacy

from spacy_deepal.corpus.docbin import write_docs
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.lookup import fetch, look_up
from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import write_shards
from spacy_deepal.sentences import sentence_id

from ..pools import annotation, make_doc, write_three


@pytest.fixture
def vocab():
    return spacy.blank("xx").vocab


@pytest.fixture
def pool(tmp_path):
    return Pool(write_three(tmp_path / "pool"))


def test_sentences_come_in_the_order_of_their_ids(pool, vocab):
    docs = fetch(pool, ["c", "a"], vocab, with_gold=True)
    assert [(sentence_id(doc), doc.text) for doc in docs] == [
        ("c", "Bob was in Oslo "),
        ("a", "Ada likes Rome "),
    ]


def test_an_id_that_the_pool_lacks_is_an_error_with_counts(pool, vocab):
    with pytest.raises(
        DeepALError, match=r"2 of 3 selected sentences cannot be found in the pool .*first: x"
    ):
        fetch(pool, ["a", "x", "y"], vocab, with_gold=True)


def test_what_is_wanted_of_a_sentence_is_read_in_the_order_of_the_pool(pool, vocab):
    assert list(look_up(pool, ["c", "a"], len).items()) == [("a", 3), ("c", 4)]


def test_entities_are_missing_unless_the_gold_is_asked_for(pool, vocab):
    (gold,) = fetch(pool, ["a"], vocab, with_gold=True)
    (bare,) = fetch(pool, ["a"], vocab, with_gold=False)
    assert annotation(gold) == [("Ada", "B", "PER"), ("likes", "O", ""), ("Rome", "B", "LOC")]
    assert not bare.has_annotation("ENT_IOB")


def test_other_annotation_stays_without_the_gold_too(tmp_path, vocab):
    doc = make_doc("a", ["Ada", "sings"], {0: "PER"}, vocab)
    doc[1].tag_ = "VBZ"
    write_shards([doc], tmp_path / "pool")
    write_docs(fetch(Pool(tmp_path / "pool"), ["a"], vocab, with_gold=False), tmp_path / "b.spacy")
    (back,) = fetch(Pool(tmp_path / "b.spacy"), ["a"], spacy.blank("xx").vocab, with_gold=True)
    assert ([token.tag_ for token in back], back.ents) == (["", "VBZ"], ())


def test_the_same_batch_is_the_same_bytes(pool, tmp_path):
    for name in ("one", "two"):
        docs = fetch(pool, ["c", "a"], spacy.blank("xx").vocab, with_gold=True)
        write_docs(docs, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
