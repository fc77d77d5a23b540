"""The session: which sentence comes next, and what was answered."""

import pytest

from spacy_deepal.annotation.labelling_folder import LabellingFolder
from spacy_deepal.annotation.session import RECENT, Session
from spacy_deepal.errors import DeepALError

from .build import (
    LABELS,
    label_all,
    make_given,
    make_queue,
    make_session,
    make_task,
    suggestion,
)


@pytest.fixture
def run(tmp_path):
    return tmp_path / "run"


def test_sentences_come_in_the_order_of_the_queue_and_each_of_them_once(run):
    session = make_session(run, make_queue(4))
    assert label_all(session, "me") == ["s0", "s1", "s2", "s3"]


def test_nothing_answered_is_asked_again_after_a_restart(run):
    session = make_session(run, make_queue(4))
    for _ in range(2):
        session.answer("me", make_given(session.view("me").task))
    assert session.view("me").task.id == "s2"
    assert label_all(Session(run), "me") == ["s2", "s3"]


def test_an_answer_after_which_the_process_was_killed_is_not_asked_again(run):
    session = make_session(run, make_queue(2))
    task = session.view("me").task
    held = LabellingFolder(run).read_held()
    session.answer("me", make_given(task))
    LabellingFolder(run).write_held(held)  # as if it had been killed before it let go
    assert label_all(Session(run), "me") == ["s1"]


def test_the_sentence_on_the_screen_survives_a_restart_and_a_new_queue(run):
    session = make_session(run, make_queue(4))
    shown = session.view("me").task
    LabellingFolder(run).write_queue(make_queue(4)[2:])
    again = Session(run)
    assert again.view("me").task == shown
    again.answer("me", make_given(shown, [(0, 1, "PER")]))
    assert again.annotations.final(shown.id).entities == [(0, 1, "PER")]
    assert label_all(again, "me") == ["s2", "s3"]


def test_an_answer_that_is_sent_twice_is_written_once(run):
    session = make_session(run, make_queue(2))
    given = make_given(session.view("me").task)
    session.answer("me", given)
    session.answer("me", given)
    assert len(session.annotations.of("s0")) == 1
    assert session.progress().sentences == 1
    assert session.journal.path.read_text().count('"answer"') == 2  # an event and its kind


def test_two_annotators_get_different_sentences(run):
    session = make_session(run, make_queue(4))
    assert session.view("ada").task.id == "s0"
    assert session.view("bob").task.id == "s1"
    session.answer("ada", make_given(session.view("ada").task))
    assert session.view("ada").task.id == "s2"
    assert session.view("bob").task.id == "s1"
    assert session.progress().by_annotator == {"ada": 1}


def test_a_share_is_labelled_by_two_people_and_gives_agreement(run):
    session = make_session(run, make_queue(12), double=0.5)
    for _ in range(6):
        task = session.view("ada").task
        session.answer("ada", make_given(task, [(0, 1, "PER")], key=f"ada {task.id}"))
    seen = []
    for _ in range(4):
        task = session.view("bob").task
        seen.append((task.id, task.entities))
        session.answer("bob", make_given(task, [(0, 2, "PER")], key=f"bob {task.id}"))
    assert [name for name, _ in seen if name in {f"s{n}" for n in range(6)}] == ["s0", "s1"]
    assert all(entities is None for _, entities in seen)  # nobody sees what the other marked
    agreement = session.progress().agreement
    assert (agreement.sentences, agreement.exact, agreement.overlapping) == (2, 0.0, 1.0)


def test_undo_shows_the_sentence_again_as_it_was_marked(run):
    session = make_session(run, make_queue(3))
    session.answer("me", make_given(session.view("me").task, [(2, 3, "LOC")]))
    session.undo("me")
    view = session.view("me")
    assert (view.task.id, view.task.entities) == ("s0", [(2, 3, "LOC")])
    assert session.annotations.final("s0") is None
    assert not view.can_undo
    with pytest.raises(DeepALError, match="no answer of yours"):
        session.undo("me")


def test_undo_goes_back_through_all_answers_and_only_ones_own(run):
    session = make_session(run, make_queue(6))
    names = ["ada", "bob", "ada", "bob"]
    for number, name in enumerate(names):
        session.answer(name, make_given(session.view(name).task, key=str(number)))
    session.undo("ada")
    session.undo("ada")
    assert {answer.by for answer in session.annotations.settled("train")} == {"bob"}
    assert session.view("ada").task.id == "s0"


def test_later_comes_after_all_others_of_its_part(run):
    queue = [*make_queue(3, part="dev"), make_task("t0")]
    session = make_session(run, queue)
    session.answer("me", make_given(session.view("me").task, answer="later"))
    assert label_all(session, "me") == ["s1", "s2", "s0", "t0"]


def test_an_ignored_sentence_does_not_come_back(run):
    session = make_session(run, make_queue(2))
    session.answer("me", make_given(session.view("me").task, answer="ignore"))
    assert label_all(session, "me") == ["s1"]


def test_a_new_type_leaves_old_answers_open_and_what_is_looked_at_again_is_shown_marked(run):
    session = make_session(run, make_queue(2))
    session.answer("me", make_given(session.view("me").task, [(0, 1, "PER")]))
    session.add_label("me", "ORG")
    assert session.view("me").labels == [*LABELS, "ORG"]
    old = session.annotations.final("s0")
    assert not session.annotations.complete(old)
    again = make_task(
        "s0", again=True, entities=[(0, 1, "PER")], suggestions=[suggestion(2, 3, "ORG")]
    )
    session = make_session(run, [again])
    session.answer("me", make_given(make_task("s1"), answer="ignore")) if session.view(
        "me"
    ).task.id == "s1" else None
    task = session.view("me").task
    assert (task.again, task.entities) == (True, [(0, 1, "PER")])
    entities = [(0, 1, "PER"), (2, 3, "ORG")]
    session.answer("me", make_given(task, entities, labels=[*LABELS, "ORG"]))
    assert session.annotations.complete(session.annotations.final("s0"))
    assert session.view("me").task is None


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        ([(0, 2, "PER"), (1, 3, "LOC")], "overlaps"),
        ([(2, 2, "PER")], "overlaps"),
        ([(3, 5, "PER")], "not in the sentence"),
        ([(-1, 1, "PER")], "not in the sentence"),
        ([(0, 1, "ORG")], "not one of the types"),
    ],
)
def test_entities_that_do_not_fit_are_refused_and_nothing_is_written(run, entities, message):
    session = make_session(run, make_queue(1))
    task = session.view("me").task
    with pytest.raises(DeepALError, match=message):
        session.answer("me", make_given(task, entities))
    assert session.annotations.of(task.id) == []
    assert session.view("me").task == task


def test_an_entity_does_not_end_in_white_space(run):
    session = make_session(run, [make_task("s0").model_copy(update={"tokens": ["Ada", "\n", "."]})])
    with pytest.raises(DeepALError, match="white space"):
        session.answer("me", make_given(session.view("me").task, [(0, 2, "PER")]))


@pytest.mark.parametrize("label", ["", "A B", "A,B", "!PER", "PER", "x" * 41, "A\n"])
def test_a_name_that_cannot_be_a_type_is_refused(run, label):
    session = make_session(run, make_queue(1))
    with pytest.raises(DeepALError, match="type"):
        session.add_label("me", label)
    assert session.annotations.labels == LABELS


def test_progress_counts_words_and_time(run):
    session = make_session(run, [*make_queue(2, part="dev"), *make_queue(0), make_task("t0")])
    label_all(session, "me", [(0, 1, "PER")])
    progress = session.progress()
    assert (progress.words, progress.sentences, progress.waiting) == (4, 1, 4)
    assert (progress.dev_words, progress.dev_entities) == (8, 2)
    assert progress.seconds_per_word == 6.0 / 12


def test_the_time_for_a_word_is_that_of_the_last_answers(run):
    session = make_session(run, [*make_queue(RECENT, part="test"), make_task("t0")])
    label_all(session, "me")
    session.folder.write_queue(make_queue(2 * RECENT))
    while (task := session.view("me").task) is not None:
        session.answer("me", make_given(task, key=f"slow {task.id}", seconds=40.0))
    assert session.progress().seconds_per_word == 10.0


def test_a_folder_without_labelling_says_how_to_begin(tmp_path):
    with pytest.raises(DeepALError, match="has no labelling yet"):
        Session(tmp_path)
