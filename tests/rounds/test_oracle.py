import pytest
import spacy

from spacy_deepal.corpus.docbin import ATTRS, doc_bin, write_docs
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.lookup import fetch
from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import read_shards, write_shards
from spacy_deepal.rounds.oracle import Oracle, SimulatedOracle
from spacy_deepal.sentences import sentence_id

from ..pools import annotation, make_doc, make_docs


def test_the_simulated_oracle_reveals_the_gold_of_the_pool(tmp_path):
    docs = list(make_docs(10, 1))
    oracle = SimulatedOracle()
    assert [annotation(doc) for doc in oracle.label(docs, tmp_path)] == [
        annotation(doc) for doc in make_docs(10, 1)
    ]
    assert isinstance(oracle, Oracle)
    assert not oracle.corrected(tmp_path, tmp_path / "batch.spacy")


def test_labels_of_the_oracle_equal_the_sources_byte_for_byte(tmp_path):
    """Also those of sentences without entities, which are O throughout and not missing."""
    source = list(make_docs(20, 1))
    write_shards(source, tmp_path / "pool", sentences_per_shard=6)
    vocab = spacy.blank("xx").vocab
    ids = [sentence_id(doc) for doc in reversed(source)]
    fetched = fetch(Pool(tmp_path / "pool"), ids, vocab, with_gold=True)
    write_docs(SimulatedOracle().label(fetched, tmp_path), tmp_path / "batch.spacy")
    batch = list(read_shards(tmp_path / "batch.spacy", spacy.blank("xx").vocab))
    without = 0
    for doc, other in zip(batch, reversed(source), strict=True):
        assert doc.to_array(list(ATTRS)).tobytes() == other.to_array(list(ATTRS)).tobytes()
        assert doc.user_data == other.user_data
        without += not doc.ents and doc.has_annotation("ENT_IOB")
    assert without == 8
    expected = doc_bin(list(reversed(source)))
    assert (tmp_path / "batch.spacy").read_bytes() == expected.to_bytes()


def test_a_sentence_without_labels_is_refused_and_named(tmp_path):
    docs = [*make_docs(3, 1), make_doc("x", "Gus was here".split(), gold=False)]
    with pytest.raises(DeepALError, match="this sentence has none: 'Gus was here "):
        SimulatedOracle().label(docs, tmp_path)


def test_a_sentence_that_is_labelled_in_part_is_refused(tmp_path):
    doc = make_doc("x", "Gus met Ada".split(), {0: "PER"})
    doc.set_ents(list(doc.ents), missing=[doc[2:3]])
    with pytest.raises(DeepALError, match="Gus met Ada"):
        SimulatedOracle().label([doc], tmp_path)
