"""Calibration on dev, and how far confidence can be believed."""

import numpy as np
import pytest
from spacy.training import Corpus

from spacy_deepal.acquisition.upstream import find_tagger
from spacy_deepal.pipelines import load_pipeline
from spacy_deepal.rounds.calibration import (
    calibrate,
    calibrate_saved,
    measure_calibration,
    reliability,
)

from ..pools import make_docs, make_pipeline, write_pools


def test_the_error_is_the_gap_between_confidence_and_truth():
    sure = np.array([0.95, 0.93, 0.05, 1.0])
    right = np.array([True, False, False, True])
    result = reliability(sure, right)
    assert [(each.entities, each.right) for each in result.bins] == [(1, 0.0), (3, 2 / 3)]
    # (1 * 0.05 + 3 * |0.96 - 2/3|) / 4
    assert result.error == pytest.approx((0.05 + 3 * (0.96 - 2 / 3)) / 4)


def test_entities_that_are_as_often_right_as_is_said_have_no_error():
    result = reliability(np.array([0.5] * 4), np.array([True, False] * 2))
    assert result.error == 0.0


@pytest.fixture
def pools(tmp_path):
    return write_pools(tmp_path)


def test_calibration_changes_no_prediction_and_lowers_the_error(pools):
    """The weights are drawn at random and large: the model is sure of what is wrong."""
    nlp = make_pipeline(make_docs(45, 1))
    examples = list(Corpus(pools["dev"], gold_preproc=True)(nlp))
    before = [entities(doc) for doc in nlp.pipe([eg.reference.text for eg in examples])]
    temperature = calibrate(nlp, examples)
    assert temperature == find_tagger(nlp).temperature != 1.0
    assert [entities(doc) for doc in nlp.pipe([e.reference.text for e in examples])] == before
    found = measure_calibration(nlp, examples)
    assert found.temperature == temperature
    assert sum(each.entities for each in found.after.bins) > 10
    assert found.after.error < found.before.error


def entities(doc):
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]


def test_a_saved_pipeline_keeps_its_temperature(pools, tmp_path):
    nlp = make_pipeline(make_docs(45, 1))
    nlp.to_disk(tmp_path / "model")
    calibrate_saved(tmp_path / "model", pools["dev"])
    loaded = load_pipeline(tmp_path / "model")
    examples = list(Corpus(pools["dev"], gold_preproc=True)(loaded))
    expected = calibrate(nlp, Corpus(pools["dev"], gold_preproc=True)(nlp))
    assert find_tagger(loaded).temperature == pytest.approx(expected)
    assert measure_calibration(loaded, examples).temperature == pytest.approx(expected)


def test_nothing_found_cannot_be_measured(pools):
    nlp = make_pipeline(make_docs(45, 1))
    nlp.remove_pipe("deepal_ner")
    nlp.add_pipe("deepal_ner").add_label("PER")
    nlp.initialize(lambda: Corpus(pools["dev"], gold_preproc=True)(nlp))
    examples = list(Corpus(pools["dev"], gold_preproc=True)(nlp))
    assert measure_calibration(nlp, examples) is None
    assert calibrate(nlp, examples) == 1.0
