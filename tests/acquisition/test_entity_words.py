"""How many words of entities a sentence is expected to have, worked out by hand."""

import numpy
import pytest

from spacy_deepal.acquisition.functions import EntityWords
from spacy_deepal.acquisition.registry import make_acquisition
from spacy_deepal.acquisition.scoring import score_docs
from spacy_deepal.tagger.evidence import Evidence

from ..tagger.build import SENTENCES, initialized, make_doc


def outside(*probabilities):
    """Evidence of words that are outside of entities with these probabilities; the rest is spread
    over four other tags."""
    rows = [[p, *[(1 - p) / 4] * 4] for p in probabilities]
    table = numpy.log(numpy.asarray(rows, "float32").reshape(-1, 5))
    return Evidence(id="a", words=len(rows), uniform=0.5, tag_log_probs=table)


def test_three_words_by_hand():
    # (1 - 0.5) + (1 - 0.9) + (1 - 0.1) = 1.5
    assert EntityWords()(outside(0.5, 0.9, 0.1)) == pytest.approx(0.5, rel=1e-6)
    assert EntityWords(per_word=False)(outside(0.5, 0.9, 0.1)) == pytest.approx(1.5, rel=1e-6)


def test_a_budget_of_words_buys_more_entity_words_from_dense_sentences():
    """Ten words of budget: five times two words with 1.6 expected, or once ten words with 3."""
    dense, long = outside(0.2, 0.2), outside(*[0.7] * 10)
    assert EntityWords()(dense) > EntityWords()(long)
    assert EntityWords(per_word=False)(dense) < EntityWords(per_word=False)(long)


def test_words_that_are_hardly_in_an_entity_count_exactly():
    """1 - exp(log P) in float32 would be 0 or 6e-8 for all of them."""
    table = numpy.array([[-1e-9, *[-22.0] * 4]] * 3, "float32")
    evidence = Evidence(id="a", words=3, uniform=0.5, tag_log_probs=table)
    assert EntityWords()(evidence) == pytest.approx(1e-9, rel=1e-6)


def test_a_sentence_without_words_scores_nothing():
    assert EntityWords()(outside()) == 0


def test_sentences_are_scored_by_what_the_model_predicts():
    nlp, function = initialized(), make_acquisition("EntityWords:per_word=false")
    docs = [make_doc(nlp.vocab, words, id=f"s{i}") for i, (words, _) in enumerate(SENTENCES)]
    evidence = nlp.get_pipe("deepal_ner").evidence(docs)
    scores = [item.score for item in score_docs(nlp, docs, function)]
    assert scores == [function(item) for item in evidence]
    for value, doc in zip(scores, docs, strict=True):
        assert 0 < value < len(doc)
