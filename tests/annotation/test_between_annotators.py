"""Agreement of annotators, on examples that can be computed by hand."""

import pytest

from spacy_deepal.annotation.between_annotators import compare_annotators

from .build import answer


def test_agreement_with_and_without_boundaries():
    """Of 3 and 2 entities one is the same: 2 of 5. One more overlaps with one of its type: 4 of 5.
    The third has another type."""
    ada = answer("s1", [(0, 1, "PER"), (2, 4, "LOC"), (5, 6, "PER")], by="ada")
    bob = answer("s1", [(0, 1, "PER"), (3, 4, "LOC")], by="bob")
    scores = compare_annotators([[ada, bob]])
    assert (scores.sentences, scores.exact) == (1, pytest.approx(2 / 5))
    assert scores.overlapping == pytest.approx(4 / 5)


def test_another_type_is_no_agreement():
    ada, bob = answer("s1", [(0, 1, "PER")], by="ada"), answer("s1", [(0, 1, "LOC")], by="bob")
    scores = compare_annotators([[ada, bob]])
    assert (scores.exact, scores.overlapping) == (0.0, 0.0)


def test_all_pairs_of_three_people_count():
    people = [answer("s1", [(0, 1, "PER")], by=name) for name in ("ada", "bob")]
    people.append(answer("s1", [], by="cem"))
    assert compare_annotators([people]).exact == pytest.approx(2 / 4)


def test_people_who_find_nothing_agree():
    assert compare_annotators([[answer("s1", by="ada"), answer("s1", by="bob")]]).exact == 1.0


def test_what_one_person_labelled_and_what_was_ignored_does_not_count():
    ignored = answer("s2", answer="ignore", by="bob")
    assert compare_annotators([[answer("s1")], [answer("s2", by="ada"), ignored]]) is None
    assert compare_annotators([]) is None
