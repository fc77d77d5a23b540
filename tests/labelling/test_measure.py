"""F1 on dev with its interval, and what a training changed."""

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_deepal.labelling.measure import compare_found, count_matches, f1, measure
from spacy_deepal.rounds.rows import FoundEntities
from spacy_deepal.sentences import KEY

VOCAB = spacy.blank("en").vocab
WORDS = "Ada met Bob in Rome .".split()


def make_doc(*spans, default="outside"):
    doc = Doc(VOCAB, WORDS)
    doc.set_ents([Span(doc, *span) for span in spans], default=default)
    return doc


def test_matches_are_counted_by_tokens_and_type():
    gold = make_doc((0, 1, "PER"), (2, 3, "PER"), (4, 5, "LOC"))
    found = make_doc((0, 1, "PER"), (2, 4, "PER"), (4, 5, "ORG"))
    assert count_matches(gold, found) == (1, 2, 2)
    assert f1(np.array([1, 2, 2])) == pytest.approx(1 / 3)


def test_what_is_found_where_nothing_is_annotated_does_not_count():
    gold = make_doc((0, 1, "PER"), default="missing")
    assert count_matches(gold, make_doc((0, 1, "PER"), (4, 5, "LOC"))) == (1, 0, 0)
    gold.user_data[KEY] = {"labels": ["PER"]}
    assert count_matches(gold, make_doc((2, 3, "PER"), (4, 5, "LOC"))) == (0, 1, 1)


def test_nothing_to_find_and_nothing_found_is_zero():
    assert f1(np.array([0, 0, 0])) == 0.0


@pytest.fixture
def pipeline():
    """Finds Ada, and takes Rome for a person."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PER", "pattern": name} for name in ("Ada", "Rome")])
    return nlp


def test_the_interval_holds_f1_and_shrinks_as_dev_grows(pipeline):
    right, wrong = make_doc((0, 1, "PER"), (4, 5, "PER")), make_doc((2, 3, "PER"), (4, 5, "LOC"))
    small = measure(pipeline, [right, wrong] * 5, 3, seed=0)
    large = measure(pipeline, [right, wrong] * 50, 3, seed=0)
    assert small.f == large.f == pytest.approx(0.5)
    assert (small.sentences, small.entities, small.round) == (10, 20, 3)
    assert small.low < large.low < 0.5 < large.high < small.high
    assert measure(pipeline, [right, wrong] * 5, 3, seed=0) == small


def test_the_interval_of_a_perfect_model_is_a_point(pipeline):
    perfect = measure(pipeline, [make_doc((0, 1, "PER"), (4, 5, "PER"))] * 3, 0, seed=0)
    assert (perfect.low, perfect.f, perfect.high) == (1.0, 1.0, 1.0)


def test_changes_are_counted_by_type():
    old = [FoundEntities(id="a", entities=[(0, 1, "PER"), (2, 3, "LOC")])]
    new = [FoundEntities(id="a", entities=[(0, 1, "PER"), (2, 4, "LOC"), (5, 6, "LOC")])]
    changes = compare_found(old, new)
    assert changes.found == {"LOC": 2, "PER": 1}
    assert (changes.gained, changes.lost) == ({"LOC": 2}, {"LOC": 1})
