"""The rules for what people said: used, counted once, chosen, or shown."""

import pytest
import spacy

from spacy_deepal.annotation.replies import Reply, Rules, settle
from spacy_deepal.sentences import KEY

from .build import outcome

NLP = spacy.blank("en")
ADA, BOB, ROME = (0, 3, "PER"), (8, 11, "PER"), (15, 19, "LOC")


@pytest.fixture
def doc():
    doc = NLP.make_doc("Ada saw Bob in Rome.")
    doc.user_data[KEY] = {"id": "s1", "doc_id": None, "genre": None}
    return doc


def said(*spans, verdict="accept", single=False, where="here", by=""):
    return Reply("s1", verdict, spans, single, where, by)


def yes(*spans, **more):
    return said(*spans, single=True, **more)


def no(*spans, **more):
    return said(*spans, verdict="reject", single=True, **more)


def found(doc):
    return [(ent.text, ent.label_) for ent in doc.ents]


def tags(doc):
    return [token.ent_iob_ for token in doc]


def test_an_answer_labels_the_whole_sentence(doc):
    assert outcome([doc], [said(ADA)], Rules()) == ([], {}, [])
    assert tags(doc) == ["B", "O", "O", "O", "O", "O"]


@pytest.mark.parametrize("verdict", ["reject", "later"])
def test_a_sentence_that_is_put_off_or_not_answered_waits(doc, verdict):
    assert settle([doc], [], Rules()).waiting == ["s1"]
    assert settle([doc], [said(verdict=verdict)], Rules()).waiting == ["s1"]


def test_nothing_is_learnt_of_an_ignored_sentence_unless_someone_labels_it(doc):
    assert outcome([doc], [said(verdict="ignore")], Rules()) == ([], {}, [])
    assert tags(doc) == [""] * 6
    settle([doc], [said(ROME), said(verdict="ignore")], Rules())
    assert found(doc) == [("Rome", "LOC")]


def test_equal_answers_count_once_in_any_order_of_their_spans(doc):
    assert outcome([doc], [said(ADA, ROME), said(ROME, ADA)], Rules()) == ([], {}, [])
    assert found(doc) == [("Ada", "PER"), ("Rome", "LOC")]


def test_contradicting_answers_are_both_shown(doc):
    first, second = said(ADA, where="a.jsonl:1"), said(where="b.jsonl:7")
    problem = settle([doc], [first, second], Rules()).problems["s1"]
    assert "choose with --active_learning.oracle.contradictions first, last or majority" in problem
    assert problem.endswith("\n    Ada (PER)  (a.jsonl:1)\n    no entity  (b.jsonl:7)")


@pytest.mark.parametrize(
    ("rule", "expected"), [("first", ["Ada"]), ("last", ["Rome"]), ("majority", ["Bob"])]
)
def test_a_rule_chooses_one_of_them(doc, rule, expected):
    replies = [said(ADA), said(BOB), said(BOB), said(ROME)]
    assert outcome([doc], replies, Rules(rule)) == ([], {}, [])
    assert [ent.text for ent in doc.ents] == expected


def test_without_a_majority_the_last_of_those_that_most_people_gave_counts(doc):
    replies = [said(ADA), said(BOB), said(ROME), said(BOB), said(ADA)]
    assert outcome([doc], replies, Rules("majority")) == ([], {}, [])
    assert found(doc) == [("Ada", "PER")]


@pytest.mark.parametrize("rule", ["first", "last", "majority"])
def test_who_answers_again_corrects_what_they_said_before(doc, rule):
    replies = [said(ADA, by="ann"), said(BOB, by="bea"), said(BOB, by="ann")]
    assert outcome([doc], replies, Rules(rule)) == ([], {}, [])
    assert found(doc) == [("Bob", "PER")]
    assert outcome([doc], [said(ADA, by="ann"), said(verdict="reject", by="ann")], Rules(rule)) == (
        ["s1"],
        {},
        [],
    )
    settle([doc], [yes(ADA, by="ann"), no(ADA, by="ann")], Rules(rule))
    assert found(doc) == []


def test_without_a_rule_nobody_may_contradict_themselves(doc):
    assert settle([doc], [said(ADA, by="ann"), said(BOB, by="ann")], Rules()).problems
    assert settle([doc], [yes(ADA, by="ann"), no(ADA, by="ann")], Rules()).problems


def test_the_majority_is_one_of_people_whose_last_answers_count(doc):
    """Who is not known to be the same person is another one."""
    replies = [said(ADA, by="ann"), said(ADA, by="ann"), said(BOB, by="bea"), said(BOB, by="cem")]
    assert outcome([doc], replies, Rules("majority")) == ([], {}, [])
    assert found(doc) == [("Bob", "PER")]
    settle([doc], [*replies, said(ADA, by="cem"), said(ROME, by="bea")], Rules("majority"))
    assert found(doc) == [("Ada", "PER")]
    settle([doc], [said(ADA), said(ADA), said(BOB, by="ann")], Rules("majority"))
    assert found(doc) == [("Ada", "PER")]
    answers = [no(ADA, by="ann"), no(ADA, by="ann"), yes(ADA, by="bea"), yes(ADA, by="cem")]
    settle([doc], answers, Rules("majority"))
    assert found(doc) == [("Ada", "PER")]


def test_a_span_off_the_borders_of_tokens_is_shown_with_text_and_offsets(doc):
    problem = settle([doc], [said((0, 2, "PER"), where="a:3")], Rules()).problems["s1"]
    assert problem.startswith("a:3: entity 'Ad' (PER, 0 to 2) is not whole 'en' tokens: 'Ada'. ")
    assert "--active_learning.oracle.border trim or --active_learning.oracle.border snap" in problem


@pytest.mark.parametrize(("border", "expected"), [("trim", "Bob"), ("snap", "saw Bob")])
def test_a_span_is_trimmed_or_snapped(doc, border, expected):
    settle([doc], [said((6, 11, "PER"))], Rules(border=border))
    assert found(doc) == [(expected, "PER")]


def test_answers_that_are_the_same_when_trimmed_are_the_same(doc):
    assert outcome([doc], [said(BOB), said((6, 11, "PER"))], Rules(border="trim")) == ([], {}, [])


def test_overlapping_spans_are_a_problem(doc):
    problem = settle([doc], [said((0, 7, "PER"), (4, 11, "PER"))], Rules()).problems["s1"]
    assert problem.endswith("overlaps 'Ada saw' (PER, 0 to 7). Keep one of them: " + doc.text)
    problem = settle([doc], [yes((0, 7, "PER")), yes((4, 11, "PER"))], Rules()).problems["s1"]
    assert "accepted spans overlap: Ada saw (PER), saw Bob (PER)" in problem


def test_answers_about_single_spans_label_a_sentence_in_part(doc):
    assert outcome([doc], [yes(ADA), no(BOB), yes(ROME)], Rules()) == ([], {}, [])
    assert tags(doc) == ["B", "", "", "", "B", ""]
    assert outcome([doc], [no(BOB)], Rules()) == ([], {}, [])
    assert tags(doc) == [""] * 6


def test_a_span_that_is_accepted_and_rejected_is_a_contradiction(doc):
    replies = [yes(ADA, where="1"), no(ADA, where="2"), no(ADA, where="3")]
    problem = settle([doc], replies, Rules()).problems["s1"]
    assert "Ada (PER) is an entity  (1)\n    Ada (PER) is not an entity  (2)" in problem
    for rule, count in {"first": 1, "last": 0, "majority": 0}.items():
        assert outcome([doc], replies, Rules(rule)) == ([], {}, [])
        assert len(doc.ents) == count


def test_an_answer_about_all_says_more_than_one_about_a_span(doc):
    assert outcome([doc], [said(ADA, ROME), yes(ADA), no(BOB)], Rules()) == ([], {}, [])
    assert tags(doc) == ["B", "O", "O", "O", "B", "O"]
    problem = settle([doc], [said(ADA), no(ADA)], Rules()).problems["s1"]
    assert "Ada (PER) is not an entity" in problem
    assert outcome([doc], [said(ADA), no(ADA)], Rules("last")) == ([], {}, [])
    assert found(doc) == [("Ada", "PER")]


def test_who_rejects_several_spans_does_not_say_which(doc):
    settle([doc], [no(ADA, BOB), yes(ADA)], Rules())
    assert found(doc) == [("Ada", "PER")]
