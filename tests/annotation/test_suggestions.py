"""Suggestions of a model with their confidence, and of terms and patterns before there is one."""

import numpy as np
import pytest
import srsly

from spacy_deepal.acquisition.upstream import find_tagger
from spacy_deepal.annotation.suggestions import (
    Suggester,
    suggest_batch,
    suggest_by_model,
    suggest_by_terms,
)
from spacy_deepal.annotation.waiting_batch import read_waiting_batch
from spacy_deepal.errors import DeepALError, LabelsAwaited
from spacy_deepal.pipelines import load_pipeline
from spacy_deepal.rounds.other_pipeline import OtherPipeline
from spacy_deepal.rounds.run import run_loop
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.sentences import sentence_id

from ..pools import (
    PEOPLE,
    annotation,
    make_doc,
    make_docs,
    make_pipeline,
    quick_config,
    save_ruler,
    write_pools,
)
from .waiting_run import FILES

LABELS = ["PER", "LOC"]


def test_a_model_suggests_what_it_predicts_with_the_probability_of_its_tags():
    docs = list(make_docs(20, 1, gold=False))
    nlp = make_pipeline(docs)
    find_tagger(nlp).beam_width = 1
    docs = [make_doc(sentence_id(doc), [t.text for t in doc], vocab=nlp.vocab) for doc in docs]
    found = suggest_by_model(nlp, docs)
    assert any(found.values())
    evidence = {each.id: each for each in find_tagger(nlp).evidence(docs)}
    for doc in docs:
        for each in found[sentence_id(doc)]:
            log_probs = evidence[sentence_id(doc)].log_probs[each.start : each.end]
            assert each.confidence == pytest.approx(np.exp(log_probs.sum()), abs=1e-4)
            assert each.label in LABELS


def test_a_model_suggests_the_entities_of_its_docs_with_a_calibrated_confidence():
    docs = list(make_docs(20, 1, gold=False))
    nlp = make_pipeline(docs)
    tagger = find_tagger(nlp)
    tagger.cfg["temperature"], tagger.confidence = 3.0, True
    docs = [make_doc(sentence_id(doc), [t.text for t in doc], vocab=nlp.vocab) for doc in docs]
    found = suggest_by_model(nlp, docs)
    for doc in nlp.pipe(docs):
        assert [(s.start, s.end, s.label, s.confidence) for s in found[sentence_id(doc)]] == [
            (ent.start, ent.end, ent.label_, round(ent._.confidence, 4)) for ent in doc.ents
        ]


def test_white_space_is_counted_as_a_token():
    words = ["Ada", "\n", "saw", " ", "Rome"]
    nlp = make_pipeline(make_docs(20, 1))
    doc = make_doc("s1", words, vocab=nlp.vocab, gold=False)
    for each in suggest_by_model(nlp, [doc])["s1"]:
        assert words[each.start].strip()
        assert words[each.end - 1].strip()


def test_a_sentence_without_words_has_no_suggestion():
    nlp = make_pipeline(make_docs(20, 1))
    doc = make_doc("s1", ["\n"], vocab=nlp.vocab, gold=False)
    assert suggest_by_model(nlp, [doc]) == {"s1": []}


def sentences(nlp):
    docs = make_docs(20, 1, gold=False)
    return [make_doc(sentence_id(doc), [t.text for t in doc], vocab=nlp.vocab) for doc in docs]


def by_id(found):
    return {name: {(s.start, s.end, s.label) for s in each} for name, each in found.items()}


def test_another_pipeline_suggests_in_the_place_of_the_model(tmp_path):
    """The model is asked for the types that the other does not know."""
    nlp = make_pipeline(make_docs(20, 1))
    docs = sentences(nlp)
    other = OtherPipeline(save_ruler(tmp_path / "ruler"), {"PERSON": "PER"})
    found = Suggester(LABELS, nlp, other).suggest(docs)
    own = by_id(suggest_by_model(nlp, docs))
    for doc in docs:
        people = {(t.i, t.i + 1, "PER") for t in doc if t.text in PEOPLE}
        mine = [each for each in found[sentence_id(doc)] if each.label == "PER"]
        assert {(each.start, each.end, each.label) for each in mine} == people
        assert {each.source for each in mine} <= {"ruler"}
        rest = [each for each in found[sentence_id(doc)] if each.label != "PER"]
        assert {(s.start, s.end, s.label) for s in rest} <= own[sentence_id(doc)]
        assert {each.source for each in rest} <= {None}
    assert any(each.label == "LOC" for every in found.values() for each in every)


def test_sentences_promise_by_entities_and_then_by_disagreement(tmp_path):
    nlp = make_pipeline(make_docs(20, 1))
    docs = sentences(nlp)
    other = OtherPipeline(save_ruler(tmp_path / "ruler"), {"PERSON": "PER"})
    people = {sentence_id(d): {(t.i, t.i + 1, "PER") for t in d if t.text in PEOPLE} for d in docs}
    without = Suggester(LABELS, None, other).promise(docs)
    assert without == {name: len(each) for name, each in people.items()}
    own = by_id(suggest_by_model(nlp, docs))
    with_model = Suggester(LABELS, nlp, other).promise(docs)
    assert with_model == {name: len(people[name] ^ own[name]) for name in people}
    assert not Suggester(LABELS, nlp).can_promise


def test_a_batch_gets_the_suggestions_of_the_run(tmp_path):
    """Of the pipeline that the config names, until the model is better on dev."""
    paths = write_pools(tmp_path)
    ruler = save_ruler(tmp_path / "ruler")
    block = {"@misc": "spacy_deepal.OtherPipeline.v1", "pipeline": ruler}
    more = {"annotation.suggest": {**block, "types": {"PERSON": "PER"}}}
    run = tmp_path / "run"
    run_loop(quick_config(paths, more=more, rounds=1), run)
    docs = list(make_docs(10, 7))
    before = [annotation(doc) for doc in docs]
    people = {sentence_id(d): {(t.i, t.i + 1, "PER") for t in d if t.text in PEOPLE} for d in docs}
    folder = RunFolder(run)
    assert folder.metrics[-1].dev_ents_f < folder.baseline.dev_ents_f
    found = by_id(suggest_batch(run, docs))
    assert {n: {one for one in each if one[2] == "PER"} for n, each in found.items()} == people
    folder.write_baseline(folder.baseline.model_copy(update={"dev_ents_f": -1.0}))
    nlp = load_pipeline(folder.round(1).model)
    copies = [make_doc(sentence_id(d), [t.text for t in d], vocab=nlp.vocab) for d in docs]
    assert suggest_batch(run, docs) == suggest_by_model(nlp, copies)
    assert [annotation(doc) for doc in docs] == before


def test_a_batch_that_waits_has_suggestions_before_there_is_a_model(tmp_path):
    paths, run = write_pools(tmp_path), tmp_path / "run"
    block = {"@misc": "spacy_deepal.OtherPipeline.v1", "pipeline": save_ruler(tmp_path / "ruler")}
    suggest = {"annotation.suggest": {**block, "types": {"PERSON": "PER"}}}
    with pytest.raises(LabelsAwaited):
        run_loop(quick_config(paths, more={**suggest, "active_learning.oracle": FILES}), run)
    batch = read_waiting_batch(run)
    assert batch.model == "ruler"
    for each in batch.sentences:
        people = [(t.i, t.i + 1, "PER") for t in each.doc if t.text in PEOPLE]
        assert [(s.start, s.end, s.label) for s in each.suggestions] == people
    without = read_waiting_batch(run, suggest=False)
    assert without.model is None
    assert not any(each.suggestions for each in without.sentences)


def find(tmp_path, terms=None, patterns=None):
    files = {}
    for label, text in (terms or {}).items():
        files[label] = str(tmp_path / f"{label}.txt")
        (tmp_path / f"{label}.txt").write_text(text, encoding="utf8")
    if patterns is not None:
        srsly.write_jsonl(tmp_path / "patterns.jsonl", patterns)
    return suggest_by_terms(
        "en", files, str(tmp_path / "patterns.jsonl") if patterns is not None else None, LABELS
    )


def test_terms_and_patterns_are_found_as_whole_tokens(tmp_path):
    patterns = [{"label": "PER", "pattern": [{"LOWER": "ada"}]}]
    suggest = find(tmp_path, {"LOC": "New York\n\nRome\n"}, patterns)
    doc = make_doc("s1", "ADA left New York for Rome and Romeo".split(), gold=False)
    found = [(each.start, each.end, each.label) for each in suggest([doc])["s1"]]
    assert found == [(0, 1, "PER"), (2, 4, "LOC"), (5, 6, "LOC")]
    assert all(each.confidence is None for each in suggest([doc])["s1"])


def test_without_terms_there_is_nothing_to_find(tmp_path):
    assert find(tmp_path) is None


@pytest.mark.parametrize(
    ("terms", "patterns", "message"),
    [
        ({"ORG": "Acme"}, None, "ORG, which the run does not have"),
        ({"LOC": " \n"}, None, "has no term"),
        (None, [{"pattern": "Rome"}], "None, which the run does not have"),
        (None, [{"label": "LOC", "pattern": "Rome"}, "Rome"], "pattern 2 is 'Rome'"),
        (None, [{"label": "LOC", "pattern": [{"WORD": "Rome"}]}], "cannot be used"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, terms, patterns, message):
    with pytest.raises(DeepALError, match=message):
        find(tmp_path, terms, patterns)


def test_files_that_are_missing_are_named(tmp_path):
    with pytest.raises(DeepALError, match=r"names\.txt"):
        suggest_by_terms("en", {"LOC": str(tmp_path / "names.txt")}, None, LABELS)
    with pytest.raises(DeepALError, match=r"rules\.jsonl"):
        suggest_by_terms("en", {}, str(tmp_path / "rules.jsonl"), LABELS)
