"""What pipelines train and are evaluated on."""

import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Corpus
from spacy.training.augment import create_lower_casing_augmenter

from spacy_deepal.corpus.docbin import write_docs
from spacy_deepal.pool.examples import PoolCorpus
from spacy_deepal.sentences import KEY, labels_looked_for
from spacy_deepal.tagger.partial import possible_tags

NLP = spacy.blank("en")
STARTS = {"a sentence": None, "one with a start": [True, False, False]}


def make_doc(words, starts=None, spaces=None):
    doc = Doc(NLP.vocab, words=words, spaces=spaces, sent_starts=starts)
    doc.set_ents([Span(doc, 0, 1, "PER")], default="missing")
    doc.user_data[KEY] = {"id": words[0], "doc_id": None, "genre": None, "labels": ["PER"]}
    return doc


@pytest.fixture
def file(tmp_path):
    return tmp_path / "docs.spacy"


@pytest.mark.parametrize("starts", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("words", [["Ada", "knew", "Rome"], ["Ada"]], ids=len)
def test_types_for_which_people_have_looked_are_kept(file, words, starts):
    """Else what they have seen is not learnt from."""
    write_docs([make_doc(words, starts and starts[: len(words)])], file)
    (example,) = PoolCorpus(str(file), gold_preproc=True)(NLP)
    assert labels_looked_for(example.reference) == {"PER"}
    assert possible_tags([example], ["LOC", "PER"]) is not None


def test_a_doc_of_several_sentences_is_cut_and_they_keep_what_is_known_of_it(file):
    doc = make_doc(["Ada", "knew", "Rome", "Bob"], [True, False, False, True], [True] * 4)
    unknown = make_doc(["Ada", "knew", "Rome", "Bob"], [True, False, False, True])
    write_docs([doc], file)
    examples = list(PoolCorpus(str(file), gold_preproc=True)(NLP))
    assert [example.text for example in examples] == ["Ada knew Rome ", "Bob "]
    assert [labels_looked_for(example.reference) for example in examples] == [{"PER"}] * 2
    assert not any(example.reference.has_unknown_spaces for example in examples)
    write_docs([unknown], file)
    examples = list(PoolCorpus(str(file), gold_preproc=True)(NLP))
    assert all(example.reference.has_unknown_spaces for example in examples)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"gold_preproc": True},
        {"limit": 2},
        {"max_length": 3},
        {"gold_preproc": True, "augmenter": create_lower_casing_augmenter(1.0)},
    ],
)
def test_it_reads_what_spacys_corpus_reads(file, options):
    texts = ("Ada knew Rome", "Bob slept", "Eve", "Dan saw it")
    write_docs([make_doc(text.split()) for text in texts], file)
    ours, spacys = (
        [example.to_dict() for example in corpus(NLP)]
        for corpus in (PoolCorpus(str(file), **options), Corpus(file, **options))
    )
    assert ours == spacys
    assert ours
