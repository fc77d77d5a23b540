"""Scores beyond Shen et al. (2017), worked out by hand."""

import numpy
import pytest
from hypothesis import given

from spacy_deepal.acquisition.functions import make_lc, make_mnlp
from spacy_deepal.acquisition.uncertainty import (
    LengthLC,
    make_length_lc,
    make_ltp,
    make_token_entropy,
)
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.scoring import make_acquisition, score_docs
from spacy_deepal.rounds.loop import load_run_config
from spacy_deepal.rounds.settings import read_settings
from spacy_deepal.tagger.evidence import Evidence

from ..pools import AL_CONFIG
from ..tagger.build import SENTENCES, initialized, make_doc
from .test_functions import path, probabilities

ALL = [make_length_lc, make_ltp, make_token_entropy]


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


# LengthLC


def test_length_lc_of_four_words_by_hand():
    # 0.5 * 0.8 * 0.25 * 1 = 0.1, and 4^0.5 = 2
    evidence = path(0.5, 0.8, 0.25, 1.0)
    assert make_length_lc()(evidence) == pytest.approx(2.302585 / 2, rel=1e-6)
    assert make_length_lc(exponent=1.5)(evidence) == pytest.approx(2.302585 / 8, rel=1e-6)


@given(probabilities)
def test_length_lc_is_lc_at_0_and_mnlp_at_1(each):
    assert make_length_lc(exponent=0)(path(*each)) == make_lc()(path(*each))
    assert make_length_lc(exponent=1)(path(*each)) == make_mnlp()(path(*each))


@pytest.mark.parametrize("exponent", [-0.1, float("nan"), float("inf")])
def test_length_lc_needs_an_exponent_of_0_or_more(exponent):
    with pytest.raises(DeepALError, match=f"LengthLC.v1: exponent = {exponent}: must be"):
        make_length_lc(exponent=exponent)


# LTP


def test_ltp_of_three_words_by_hand():
    assert make_ltp()(path(0.5, 0.8, 0.25)) == pytest.approx(0.75, rel=1e-6)
    assert make_ltp()(path(0.9, 0.6)) == pytest.approx(0.4, rel=1e-6)
    assert make_ltp()(path(1.0, 1.0)) == 0


@given(probabilities, probabilities)
def test_ltp_looks_at_the_least_sure_word_alone(one, more):
    assert make_ltp()(path(*one, *more)) == max(make_ltp()(path(*one)), make_ltp()(path(*more)))


def test_ltp_tells_very_sure_sentences_apart():
    """1 - exp(-1e-9) is 0 in float32."""
    sure, surer = (
        Evidence(id="a", words=1, uniform=0.5, log_probs=numpy.asarray([-p], "float32"))
        for p in (1e-9, 1e-10)
    )
    assert make_ltp()(sure) > make_ltp()(surer) > 0


# TokenEntropy


def test_token_entropy_of_three_words_by_hand():
    # Entropies: log 2; log 4 = 2 log 2; 1/2 log 2 + 2 * 1/4 log 4 = 1.5 log 2.
    tiny = 1e-30
    evidence = distributions(
        [0.5, 0.5, tiny, tiny], [0.25, 0.25, 0.25, 0.25], [0.5, 0.25, 0.25, tiny]
    )
    log2 = 0.693147
    assert make_token_entropy()(evidence) == pytest.approx(1.5 * log2, rel=1e-6)


def test_token_entropy_tells_apart_what_the_path_does_not():
    """Both paths have probability 0.5; only the second word's rest is spread."""
    two, many = distributions([0.5, 0.5, 1e-30, 1e-30]), distributions([0.5, 0.2, 0.2, 0.1])
    assert make_mnlp()(two) == make_mnlp()(many)
    assert make_token_entropy()(two) < make_token_entropy()(many)


# All of them


@pytest.mark.parametrize("make", ALL)
def test_a_sentence_without_words_scores_nothing(make):
    empty = numpy.zeros((0, 5), "float32")
    evidence = Evidence(id="a", words=0, uniform=0.5, log_probs=empty[:, 0], tag_log_probs=empty)
    assert make()(evidence) == 0


@pytest.mark.parametrize("name", ["LengthLC", "LTP", "TokenEntropy"])
def test_sentences_are_scored_by_what_the_model_predicts(name):
    nlp, function = initialized(), make_acquisition(name)
    docs = [make_doc(nlp.vocab, words, id=f"s{i}") for i, (words, _) in enumerate(SENTENCES)]
    evidence = nlp.get_pipe("deepal_ner").evidence(docs)
    scores = [item.score for item in score_docs(nlp, docs, function)]
    assert scores == [function(item) for item in evidence]
    assert min(scores) > 0


def test_arguments_come_from_the_config():
    paths = {"paths.pool": "pool", "paths.dev": "dev", "paths.test": "test"}
    config = load_run_config(AL_CONFIG, paths).interpolate()
    block = {"@acquisition": "spacy_deepal.LengthLC.v1", "exponent": 0.25}
    config["active_learning"]["acquisition"] = block
    assert read_settings(config).acquisition == LengthLC(0.25)
    block["exponent"] = -1
    with pytest.raises(DeepALError, match="exponent"):
        read_settings(config)
