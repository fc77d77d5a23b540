from zlib import crc32

import numpy as np
import pytest

from spacy_deepal.acquisition.functions import (
    BALD,
    MNLP,
    RAND,
    Needs,
    variation_ratio,
)
from spacy_deepal.acquisition.scoring import score_docs
from spacy_deepal.acquisition.selection import select
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import sentence_id
from spacy_deepal.tagger.component import DeepNER

from ..pools import make_doc


@pytest.fixture
def sampled(monkeypatch):
    """How many words each stage sampled, by the samples that it began with."""
    words = {}
    sample = DeepNER.sample

    def spy(self, docs, *, first=0, **options):
        words[first] = words.get(first, 0) + sum(map(len, docs))
        return sample(self, docs, first=first, **options)

    monkeypatch.setattr(DeepNER, "sample", spy)
    return words


def read(nlp, pool):
    return list(read_shards(pool, nlp.vocab))


def test_batch_is_that_of_all_samples_and_its_scores_are(nlp, pool, sampled):
    exact = {item.id: item for item in score_docs(nlp, read(nlp, pool), BALD(40), seed=3)}
    sampled.clear()
    scores = list(score_docs(nlp, read(nlp, pool), BALD(40), budget=15, seed=3))
    batch = select(scores, 15)
    assert [item.id for item in scores] == list(exact)
    assert [item.id for item in batch] == [item.id for item in select(exact.values(), 15)]
    assert all(item == exact[item.id] for item in batch)
    *_, last = sampled.values()
    assert 0 < last < sampled[0]
    assert sorted(sampled) == [0, 4, 8, 12, 18, 26]


def test_sentences_that_do_not_fit_into_the_budget_set_no_bar(nlp, pool, monkeypatch):
    """The one long sentence that nobody is sure about cannot be bought."""
    docs = [doc for doc in read_shards(pool, nlp.vocab) if len(doc) <= 8]
    docs[5] = make_doc("long", ["long"] * 40, vocab=nlp.vocab)
    wild = np.random.default_rng(0)
    unsure = {sentence_id(doc): wild.uniform(0.1, 0.25) for doc in docs}
    unsure[sentence_id(docs[5])] = 0.5

    def sample(self, docs, *, first, samples, **options):
        drawn = [np.random.default_rng(crc32(sentence_id(doc).encode())) for doc in docs]
        rates = [unsure[sentence_id(doc)] for doc in docs]
        return [
            (draw.random((samples, len(doc))) < rate).astype("int16")[first:]
            for draw, rate, doc in zip(drawn, rates, docs, strict=True)
        ]

    monkeypatch.setattr(DeepNER, "sample", sample)
    scores = list(score_docs(nlp, docs, BALD(100), budget=20))
    exact = {
        sentence_id(doc): variation_ratio(path)
        for doc, path in zip(docs, sample(None, docs, first=0, samples=100), strict=True)
    }
    batch = select(scores, 20)
    assert batch
    assert [item.score for item in batch] == [exact[item.id] for item in batch]


def test_budget_for_the_whole_pool_samples_all_of_it(nlp, pool):
    exact = list(score_docs(nlp, read(nlp, pool), BALD(10)))
    assert list(score_docs(nlp, read(nlp, pool), BALD(10), budget=10**6)) == exact


@pytest.mark.parametrize("samples", [2, 3, 5])
def test_few_samples_are_all_taken(nlp, pool, samples):
    exact = {item.id: item for item in score_docs(nlp, read(nlp, pool), BALD(samples))}
    scores = list(score_docs(nlp, read(nlp, pool), BALD(samples), budget=10))
    best = max(scores, key=lambda item: item.score)
    assert best == exact[best.id]
    assert set(exact) == {item.id for item in scores}


class AllSamples:
    needs = Needs(samples=5)

    def __call__(self, evidence):
        return variation_ratio(evidence.samples)


@pytest.mark.parametrize("function", [MNLP(), RAND(), AllSamples()])
def test_a_budget_changes_nothing_for_other_functions(nlp, pool, sampled, function):
    exact = list(score_docs(nlp, read(nlp, pool), function))
    assert list(score_docs(nlp, read(nlp, pool), function, budget=20)) == exact
    assert set(sampled) <= {0}


def test_an_own_function_says_what_each_sample_adds(nlp, pool, sampled):
    """Its scores are of another size than BALD's, so BALD's bounds would not do."""

    class Own:
        needs = Needs(samples=40, anytime=True)

        def by_sample(self, samples):
            return np.sqrt(BALD().by_sample(samples)) / 2

        def __call__(self, evidence):
            return float(self.by_sample(evidence.samples).mean())

    exact = {item.id: item for item in score_docs(nlp, read(nlp, pool), Own(), seed=3)}
    sampled.clear()
    scores = list(score_docs(nlp, read(nlp, pool), Own(), budget=15, seed=3))
    assert select(scores, 15) == select(exact.values(), 15)
    *_, last = sampled.values()
    assert 0 < last < sampled[0]


def test_an_own_function_that_does_not_say_so_is_refused(nlp, pool):
    class Own:
        needs = Needs(samples=40, anytime=True)

        def __call__(self, evidence):
            return variation_ratio(evidence.samples)

    with pytest.raises(DeepALError, match=r"Own needs a method by_sample\(samples\)"):
        next(score_docs(nlp, read(nlp, pool), Own()))


def test_a_pool_without_a_sentence_has_no_score(nlp, pool):
    assert list(score_docs(nlp, [], BALD(10), budget=20)) == []
