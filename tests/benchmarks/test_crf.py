"""The CRF that the tagger is compared with."""

import importlib
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, Span

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
NAMES, PLACES = "Ada Bob Cem Dee Eva Fay".split(), "Rome Oslo Lima Bern Kyiv Bonn".split()


@pytest.fixture
def crf(monkeypatch):
    pytest.importorskip("pycrfsuite", reason="python-crfsuite is not installed")
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("crf")


@pytest.fixture
def docs():
    vocab = spacy.blank("en").vocab
    made = []
    for name in NAMES:
        for place in PLACES:
            doc = Doc(vocab, words=[name, "lives", "in", place, "."])
            doc.ents = [Span(doc, 0, 1, "PER"), Span(doc, 3, 4, "LOC")]
            made.append(doc)
    return made


def sizes_of_trainings(crf, monkeypatch):
    """RETURNS (list): It gets the number of sentences of each training from now on."""
    sizes = []
    make = crf.make_trainer

    def counted(docs, biluo):
        sizes.append(len(docs))
        return make(docs, biluo)

    monkeypatch.setattr(crf, "make_trainer", counted)
    return sizes


def test_few_words_all_serve_to_choose(crf, docs, tmp_path, monkeypatch):
    sizes = sizes_of_trainings(crf, monkeypatch)
    tagger = crf.train(docs, docs, tmp_path / "model")
    assert sizes == [36]
    assert crf.evaluate(tagger, docs)["ents_f"] == 1


def test_of_many_words_a_sample_serves_to_choose_and_all_to_train(crf, docs, tmp_path, monkeypatch):
    sizes = sizes_of_trainings(crf, monkeypatch)
    tagger = crf.train(docs, docs[:6], tmp_path / "model", choice_words=20)
    assert sizes == [4, 36]
    assert crf.evaluate(tagger, docs)["ents_f"] == 1
    known = {feature for feature, _ in tagger.info().state_features}
    assert {f"0:word={name}" for name in NAMES} <= known


@pytest.mark.parametrize(("types", "scheme"), [(2, "BILUO"), (1, "BIO")])
def test_with_many_types_the_tags_are_iob(crf, docs, tmp_path, monkeypatch, types, scheme):
    monkeypatch.setattr(crf, "BILUO_TYPES", types)
    for doc in docs:  # a name of three words has all letters of a scheme, one of one word U or B
        doc.ents = [Span(doc, 0, 3, "PER"), Span(doc, 3, 4, "LOC")]
    tagger = crf.train(docs, docs, tmp_path / "model")
    assert {tag[0] for tag in tagger.labels()} == set(scheme)
    assert crf.evaluate(tagger, docs)["ents_f"] == 1
