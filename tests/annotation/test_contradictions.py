"""Whose answer counts: one rule for the labelling page and for all tools."""

from typing import get_args

import pytest
import spacy

from spacy_deepal.annotation.contradictions import Decisive, Rule, choose, last_of_each
from spacy_deepal.annotation.journal import Annotations, Journal
from spacy_deepal.annotation.replies import Reply, Rules, settle
from spacy_deepal.sentences import KEY

from .test_journal import answer, label


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


@pytest.mark.parametrize("rule", get_args(Decisive))
@pytest.mark.parametrize("people", ["ab", "aba", "abba", "abcab", "abcba"])
def test_the_page_and_the_tools_decide_alike(tmp_path, rule, people):
    """Each letter is what one person says: where the only entity is."""
    spans = {"a": (0, 1, "PER"), "b": (1, 2, "PER"), "c": (0, 2, "PER")}
    doc = spacy.blank("en").make_doc("Ada knew.")
    doc.user_data[KEY] = {"id": "s", "doc_id": None, "genre": None}
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(label("PER"))
    replies = []
    for person, said in enumerate(people):
        start, end, kind = spans[said]
        journal.append(answer("s", [spans[said]], by=str(person)))
        chars = (doc[start].idx, doc[end - 1].idx + len(doc[end - 1]), kind)
        replies.append(Reply("s", "accept", (chars,), by=str(person)))
    page = Annotations(journal, rule)
    page.refresh()
    assert settle([doc], replies, Rules(rule)) == ([], {}, [])
    assert [(ent.start, ent.end, ent.label_) for ent in doc.ents] == page.final("s").entities
