"""Whose answer counts: one rule for the labelling page and for all tools."""

from typing import get_args

import pytest

from spacy_deepal.annotation.contradictions import Decisive, Rule, choose, last_of_each


@pytest.mark.parametrize(
    ("rule", "given", "place"),
    [
        ("first", "abc", 0),
        ("last", "abc", 2),
        ("majority", "abbc", 2),
        ("majority", "abab", 3),  # of those that equally many gave, the last
        ("majority", "abbac", 3),
        ("error", "abc", None),
        ("error", "aaa", 2),
    ],
)
def test_one_answer_counts_by_the_rule(rule, given, place):
    chosen = choose([*enumerate(given)], rule, lambda each: each[1])
    assert chosen == (None if place is None else (place, given[place]))


def test_of_each_person_the_last_answer_counts():
    given = [("ada", 1), ("bob", 2), ("", 3), ("ada", 4), ("", 5)]
    assert last_of_each(given, lambda each: each[0]) == given[1:]


def test_the_page_takes_every_rule_that_always_decides():
    assert {*get_args(Rule)} - {*get_args(Decisive)} == {"error"}
