"""Scores beyond Shen et al. (2017), worked out by hand."""

import numpy
import pytest

from spacy_deepal.acquisition.functions import MNLP, TokenEntropy
from spacy_deepal.acquisition.registry import make_acquisition
from spacy_deepal.acquisition.scoring import score_docs
from spacy_deepal.tagger.evidence import Evidence

from ..tagger.build import SENTENCES, initialized, make_doc


def distributions(*rows):
    """Evidence of words whose tags, O first, have these probabilities; the path is the greedy."""
    table = numpy.log(numpy.asarray(rows, "float32"))
    return Evidence(
        id="a",
        words=len(rows),
        uniform=0.5,
        tags=table.argmax(1),
        log_probs=table.max(1),
        tag_log_probs=table,
    )


def test_token_entropy_of_three_words_by_hand():
    # Entropies: log 2; log 4 = 2 log 2; 1/2 log 2 + 2 * 1/4 log 4 = 1.5 log 2.
    tiny = 1e-30
    evidence = distributions(
        [0.5, 0.5, tiny, tiny], [0.25, 0.25, 0.25, 0.25], [0.5, 0.25, 0.25, tiny]
    )
    log2 = 0.693147
    assert TokenEntropy()(evidence) == pytest.approx(1.5 * log2, rel=1e-6)


def test_token_entropy_tells_apart_what_the_path_does_not():
    """Both paths have probability 0.5; only the second word's rest is spread."""
    two, many = distributions([0.5, 0.5, 1e-30, 1e-30]), distributions([0.5, 0.2, 0.2, 0.1])
    assert MNLP()(two) == MNLP()(many)
    assert TokenEntropy()(two) < TokenEntropy()(many)


def test_a_sentence_without_words_scores_nothing():
    empty = numpy.zeros((0, 5), "float32")
    evidence = Evidence(id="a", words=0, uniform=0.5, log_probs=empty[:, 0], tag_log_probs=empty)
    assert TokenEntropy()(evidence) == 0


def test_sentences_are_scored_by_what_the_model_predicts():
    nlp, function = initialized(), make_acquisition("TokenEntropy")
    docs = [make_doc(nlp.vocab, words, id=f"s{i}") for i, (words, _) in enumerate(SENTENCES)]
    evidence = nlp.get_pipe("deepal_ner").evidence(docs)
    scores = [item.score for item in score_docs(nlp, docs, function)]
    assert scores == [function(item) for item in evidence]
    assert min(scores) > 0
