import random

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc

from spacy_deepal.acquisition import upstream
from spacy_deepal.acquisition.functions import BALD, LC, MNLP, RAND, Needs
from spacy_deepal.acquisition.scoring import score_docs
from spacy_deepal.acquisition.upstream import find_tagger
from spacy_deepal.errors import DeepALError
from spacy_deepal.sentences import KEY, sentence_id

from ..pools import make_doc, make_docs

FUNCTIONS = {"MNLP": MNLP(), "LC": LC(), "RAND": RAND(), "BALD": BALD(5)}


def score_all(nlp, docs, function, **settings):
    """RETURNS (dict): Scores by id."""
    docs = [Doc(nlp.vocab, [t.text for t in d], user_data={KEY: d.user_data[KEY]}) for d in docs]
    return {item.id: item for item in score_docs(nlp, docs, function, **settings)}


def assert_same(scores, others):
    assert set(others) <= set(scores)
    for name, item in others.items():
        assert item.words == scores[name].words
        assert item.score == pytest.approx(scores[name].score, rel=1e-5)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
class TestScoresOfASentenceDependOnNothingElse:
    def test_not_on_the_order_of_the_pool(self, nlp, function):
        docs = list(make_docs(30, 1))
        scores = score_all(nlp, docs, function)
        assert len({item.score for item in scores.values()}) > 5
        random.Random(0).shuffle(docs)
        assert_same(scores, score_all(nlp, docs, function))

    def test_not_on_the_batch_size(self, nlp, function, monkeypatch):
        docs = list(make_docs(30, 1))
        scores = score_all(nlp, docs, function)
        for batch_words in (1, 7, 40, 10_000):
            monkeypatch.setattr(find_tagger(nlp), "batch_words", batch_words, raising=False)
            assert_same(scores, score_all(nlp, docs, function))

    def test_not_on_how_many_are_read_at_once(self, nlp, function, monkeypatch):
        docs = list(make_docs(30, 1))
        scores = score_all(nlp, docs, function)
        monkeypatch.setattr(upstream, "SENTENCES_AT_ONCE", 4)
        assert_same(scores, score_all(nlp, docs, function))

    def test_not_on_the_other_sentences(self, nlp, function):
        docs = list(make_docs(30, 1))
        scores = score_all(nlp, docs, function)
        assert_same(scores, score_all(nlp, docs[13:15], function))
        long = make_doc("long", ["rain"] * 300)
        assert_same(score_all(nlp, [long, *docs], function), scores)

    def test_not_on_when_it_is_asked(self, nlp, function):
        docs = list(make_docs(30, 1))
        scores = score_all(nlp, docs, function)
        np.random.rand(3)
        random.random()
        assert score_all(nlp, docs, function) == scores


@pytest.mark.parametrize("function", [RAND(), BALD(5)], ids=["RAND", "BALD"])
def test_another_seed_gives_other_random_numbers(nlp, function):
    docs = list(make_docs(30, 1))
    scores = [score_all(nlp, docs, function, seed=seed) for seed in (1, 2)]
    assert scores[0] != scores[1]


@pytest.mark.parametrize("function", [MNLP(), LC()], ids=["MNLP", "LC"])
def test_another_seed_changes_nothing_that_is_not_random(nlp, function):
    docs = list(make_docs(30, 1))
    assert score_all(nlp, docs, function, seed=1) == score_all(nlp, docs, function, seed=2)


def test_scores_come_in_the_order_of_the_pool(nlp, monkeypatch):
    docs = list(make_docs(30, 1))
    monkeypatch.setattr(find_tagger(nlp), "batch_words", 20, raising=False)
    assert list(score_all(nlp, docs, MNLP())) == [sentence_id(doc) for doc in docs]


def test_words_are_real_words_and_a_sentence_without_any_is_left_out(nlp):
    docs = [
        make_doc("a", ["Ada", " ", "sings", "\n"]),
        make_doc("blank", [" ", "\n"]),
        make_doc("empty", []),
        make_doc("b", ["Rain"]),
    ]
    for function in FUNCTIONS.values():
        scores = score_all(nlp, docs, function)
        assert {name: item.words for name, item in scores.items()} == {"a": 2, "b": 1}


@pytest.mark.parametrize("function", [MNLP(), RAND()], ids=["MNLP", "RAND"])
def test_scoring_reads_no_more_than_a_chunk_ahead(nlp, function, monkeypatch):
    """So memory does not grow with the pool."""
    monkeypatch.setattr(upstream, "SENTENCES_AT_ONCE", 5)
    pulled = 0

    def long():
        nonlocal pulled
        for pulled in range(1, 1000):
            yield make_doc(str(pulled), ["Rain"], vocab=nlp.vocab)

    stream = score_docs(nlp, long(), function)
    for taken in range(1, 23):
        next(stream)
        assert pulled <= (taken + 4) // 5 * 5


def test_a_function_without_need_of_a_prediction_gets_none():
    """RAND scores with a pipeline that has no deepal_ner, and no time goes into a model."""
    docs = list(make_docs(4, 1))
    assert len(list(score_docs(spacy.blank("xx"), docs, RAND()))) == 4


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), float("-inf"), np.float32("nan"), None]
)
def test_a_score_that_is_no_finite_number_is_refused_with_the_sentence(nlp, value):
    def odd(evidence):
        return value if evidence.id == "1-002" else 0.0

    with pytest.raises(DeepALError, match=rf"gave {value} to sentence 1-002\."):
        list(score_docs(nlp, read_pool(nlp), odd))


def read_pool(nlp):
    docs = make_docs(5, 1)
    words = {sentence_id(doc): [token.text for token in doc] for doc in docs}
    return [make_doc(name, words[name], vocab=nlp.vocab, gold=False) for name in words]


def test_an_own_function_sees_the_evidence_of_each_sentence(nlp):
    seen = []

    def own(evidence):
        seen.append(evidence)
        return evidence.words

    docs = read_pool(nlp)
    assert [item.score for item in score_docs(nlp, docs, own)] == [len(doc) for doc in docs]
    for evidence, doc in zip(seen, docs, strict=True):
        assert evidence.id == sentence_id(doc)
        assert evidence.tags.shape == evidence.log_probs.shape == (len(doc),)
        assert evidence.tag_log_probs.shape == (len(doc), 9)
        assert evidence.samples is None
        assert 0 <= evidence.uniform < 1


def test_an_own_function_gets_the_samples_that_it_asks_for(nlp):
    class Own:
        needs = Needs(samples=3)

        def __call__(self, evidence):
            return evidence.samples.shape[0] + evidence.samples.shape[1] / 1000

    docs = read_pool(nlp)
    assert [s.score for s in score_docs(nlp, docs, Own())] == [3 + len(d) / 1000 for d in docs]


def test_scoring_leaves_pipeline_and_sentences_as_they_were(nlp):
    docs = read_pool(nlp)
    before = nlp.to_bytes()
    list(score_docs(nlp, docs, BALD(4)))
    assert nlp.to_bytes() == before
    assert not any(doc.has_annotation("ENT_IOB") for doc in docs)
