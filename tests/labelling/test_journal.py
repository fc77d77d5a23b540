"""The journal: nothing that was answered is lost, whatever is killed."""

import errno
import os
from typing import get_args

import pytest
import spacy

from spacy_deepal.annotation.contradictions import Decisive
from spacy_deepal.annotation.replies import Reply, Rules
from spacy_deepal.errors import DeepALError
from spacy_deepal.labelling.journal import Annotations, Journal, NewLabel, Undo
from spacy_deepal.sentences import KEY

from ..annotation.build import answer, outcome


def label(name):
    return NewLabel(at="2026-01-01T00:00:00+00:00", by="me", label=name)


def undo(given):
    return Undo(at="2026-01-01T00:00:01+00:00", by=given.by, id=given.id, key=given.key)


def annotations(tmp_path, *events):
    journal = Journal(tmp_path / "journal.jsonl")
    for event in events:
        journal.append(event)
    found = Annotations(journal)
    found.refresh()
    return found


def test_what_is_appended_comes_back(tmp_path):
    events = [label("PER"), answer("s1", [(0, 1, "PER")]), undo(answer("s1", [(0, 1, "PER")]))]
    writer = Journal(tmp_path / "journal.jsonl")
    for event in events:
        writer.append(event)
    assert list(Journal(writer.path).read_new()) == events


def test_a_reader_gets_only_what_is_new(tmp_path):
    writer, reader = Journal(tmp_path / "journal.jsonl"), Journal(tmp_path / "journal.jsonl")
    assert list(reader.read_new()) == []
    writer.append(label("PER"))
    assert [event.label for event in reader.read_new()] == ["PER"]
    writer.append(label("LOC"))
    assert [event.label for event in reader.read_new()] == ["LOC"]


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_line_that_was_torn_by_a_kill_is_cut_off_and_the_others_stay(tmp_path, cut):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(label("PER"))
    journal.append(label("LOC"))
    journal.path.write_bytes(journal.path.read_bytes()[:-cut])
    assert [event.label for event in Journal(journal.path).read_new()] == ["PER"]
    journal.mend()
    journal.append(label("ORG"))
    assert [event.label for event in Journal(journal.path).read_new()] == ["PER", "ORG"]


@pytest.mark.parametrize("line", ['{"event": "party"}', "[]", "{", '{"event": "label"}'])
def test_a_damaged_line_is_named(tmp_path, line):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(label("PER"))
    with journal.path.open("a") as stream:
        stream.write(line + "\n")
    with pytest.raises(DeepALError, match=r"journal\.jsonl, line 2"):
        list(Journal(journal.path).read_new())


def test_a_damaged_line_is_named_each_time_and_the_lines_before_it_count(tmp_path):
    found = annotations(tmp_path, label("PER"))
    found.journal.append(label("LOC"))
    with found.journal.path.open("a") as stream:
        stream.write("{\n")
    for _ in range(2):
        with pytest.raises(DeepALError, match=r"journal\.jsonl, line 3"):
            found.refresh()
        assert found.labels == ["PER", "LOC"]


def test_half_a_line_does_not_stay_when_the_disk_is_full(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(label("PER"))

    def fail(descriptor):
        os.ftruncate(descriptor, os.fstat(descriptor).st_size - 9)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="No space"):
            journal.append(label("LOC"))
    journal.append(label("ORG"))
    assert [event.label for event in Journal(journal.path).read_new()] == ["PER", "ORG"]


def test_the_last_answer_counts_and_later_counts_for_nothing(tmp_path):
    found = annotations(
        tmp_path,
        answer("s1", [(0, 1, "PER")], by="ada"),
        answer("s1", [], by="bob"),
        answer("s1", answer="later", by="cem"),
    )
    assert found.final("s1").by == "bob"
    assert [each.by for each in found.of("s1")] == ["ada", "bob", "cem"]


def test_undo_brings_the_answer_before_back(tmp_path):
    first, second = answer("s1", [(0, 1, "PER")]), answer("s1", [])
    found = annotations(tmp_path, first, second, undo(second))
    assert found.final("s1") == first
    assert found.last_of("me") == first
    found = annotations(tmp_path, undo(first))
    assert found.final("s1") is None
    assert found.last_of("me") is None
    assert found.was_shown("s1")


def test_undo_makes_the_last_answer_of_all_that_are_left_count(tmp_path):
    first, second = answer("s1", [(0, 1, "PER")], by="ada"), answer("s1", [], by="ada")
    other = answer("s1", [(0, 2, "PER")], by="bob")
    found = annotations(tmp_path, first, other, second, undo(second))
    assert found.final("s1") == other


def test_undo_of_an_answer_whose_line_was_deleted_changes_nothing(tmp_path):
    """The message about a damaged line says that it may be deleted."""
    first, second = answer("s1", [(0, 1, "PER")]), answer("s2", [])
    found = annotations(tmp_path, undo(second), first, undo(second))
    assert found.final("s1") == first
    assert found.last_of("me") == first


def test_an_answer_is_complete_if_it_speaks_of_all_types(tmp_path):
    old, new = answer("s1", labels=["PER"]), answer("s2", labels=["PER", "LOC"])
    found = annotations(tmp_path, label("PER"), old, label("LOC"), new)
    assert not found.complete(old)
    assert found.complete(new)
    assert found.complete(answer("s3", answer="ignore", labels=["PER"]))


def test_a_sentence_is_completed_when_somebody_looks_at_it_again_for_a_new_type(tmp_path):
    old, new = answer("s1"), answer("s1", labels=["PER", "LOC"], key="new")
    fresh = answer("s2", labels=["PER", "LOC"])
    found = annotations(tmp_path, label("PER"), old, label("LOC"), fresh)
    assert found.events == 4
    assert not any(map(found.completed_since, range(5)))
    found.journal.append(new)
    found.refresh()
    assert list(map(found.completed_since, range(6))) == [False] * 2 + [True] * 3 + [False]
    found.journal.append(answer("s1", labels=["PER", "LOC"], by="bob"))
    found.journal.append(undo(new))
    found.refresh()
    assert found.completed_since(4)
    assert not found.completed_since(6)  # what bob said was known then


@pytest.mark.parametrize(
    ("rule", "counts"), [("first", "ada"), ("last", "dan"), ("majority", "cem")]
)
def test_of_several_answers_one_counts_by_the_rule(tmp_path, rule, counts):
    journal = Journal(tmp_path / "journal.jsonl")
    said = {"ada": [(0, 1, "PER")], "bob": [], "cem": [], "dan": [(0, 2, "PER")]}
    for event in (label("PER"), *(answer("a", ents, by=who) for who, ents in said.items())):
        journal.append(event)
    found = Annotations(journal, rule)
    found.refresh()
    assert found.final("a").by == counts


@pytest.mark.parametrize("rule", ["first", "last", "majority"])
def test_an_answer_that_labels_the_sentence_counts_before_one_that_ignores_it(tmp_path, rule):
    journal = Journal(tmp_path / "journal.jsonl")
    ignored = [answer("a", by=name, answer="ignore") for name in ("ada", "bob", "dan")]
    labelled = answer("a", [(0, 1, "PER")], by="cem")
    for event in (label("PER"), *ignored[:2], labelled, ignored[2]):
        journal.append(event)
    found = Annotations(journal, rule)
    found.refresh()
    assert found.final("a") == labelled
    journal.append(label("LOC"))
    found.refresh()
    assert found.final("a") == labelled  # and the sentence is shown again, for the new type
    assert not found.complete(labelled)
    journal.append(answer("a", by="bob", answer="ignore", labels=["PER", "LOC"]))
    found.refresh()
    assert found.final("a").answer == "ignore"  # only this one was given with all types


def test_an_answer_that_knows_all_types_counts_before_others(tmp_path):
    """Else the sentence would be asked for again and again."""
    journal = Journal(tmp_path / "journal.jsonl")
    old, new = answer("a", by="ada"), answer("a", by="bob", labels=["PER", "LOC"])
    for event in (label("PER"), old, label("LOC"), new):
        journal.append(event)
    found = Annotations(journal, "first")
    found.refresh()
    assert found.final("a").by == "bob"


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
    assert outcome([doc], replies, Rules(rule)) == ([], {}, [])
    assert [(ent.start, ent.end, ent.label_) for ent in doc.ents] == page.final("s").entities
