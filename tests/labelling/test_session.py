"""The session: which sentence comes next, and what was answered."""

import pytest

from spacy_deepal.annotation.answers import BY_TEXT, Answer
from spacy_deepal.errors import DeepALError
from spacy_deepal.labelling.labelling_folder import LabellingFolder, Status
from spacy_deepal.labelling.session import RECENT, Session

from ..pools import read_jsonl
from .build import (
    LABELS,
    begin,
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
        seen.append(task)
        session.answer("bob", make_given(task, [(0, 2, "PER")], key=f"bob {task.id}"))
    assert [task.id for task in seen if task.answered == "other"] == ["s0", "s1"]
    assert [task.answered for task in seen].count(None) == 2
    assert all(task.entities is None for task in seen)  # nobody sees what the other marked
    agreement = session.progress().agreement
    assert (agreement.sentences, agreement.exact, agreement.overlapping) == (2, 0.0, 1.0)


def test_undo_shows_the_sentence_again_as_it_was_marked(run):
    session = make_session(run, make_queue(3))
    session.answer("me", make_given(session.view("me").task, [(2, 3, "LOC")]))
    session.undo("me")
    view = session.view("me")
    assert (view.task.id, view.task.entities) == ("s0", [(2, 3, "LOC")])
    assert view.task.answered == "self"
    assert session.annotations.final("s0") is None
    assert not view.can_undo


def test_undo_without_an_answer_changes_nothing(run):
    session = make_session(run, make_queue(1))
    before, journal = session.view("me"), session.journal.path.read_bytes()
    session.undo("me")
    assert session.view("me") == before
    assert session.journal.path.read_bytes() == journal


def test_undo_goes_back_through_all_answers_and_only_ones_own(run):
    session = make_session(run, make_queue(6))
    names = ["ada", "bob", "ada", "bob"]
    for number, name in enumerate(names):
        session.answer(name, make_given(session.view(name).task, key=str(number)))
    session.undo("ada")
    session.undo("ada")
    assert {answer.by for answer in session.annotations.settled("train")} == {"bob"}
    assert session.view("ada").task.id == "s0"


def put_off(session, name="me"):
    """Answer the sentence on the screen with "later". RETURNS its id."""
    task = session.view(name).task
    count = len(session.annotations.keys)
    session.answer(name, make_given(task, answer="later", key=f"later {count}"))
    return task.id


def test_later_comes_again_after_ten_others_also_of_another_part(run):
    session = make_session(run, [make_task("d0", part="dev"), *make_queue(15)])
    assert put_off(session) == "d0"
    ten = [f"s{number}" for number in range(10)]
    assert label_all(session, "me") == [*ten, "d0", *[f"s{number}" for number in range(10, 15)]]


def test_what_is_put_off_comes_in_turn_with_a_note_when_there_is_nothing_else(run):
    session = make_session(run, make_queue(2))
    assert not session.view("me").put_off
    assert [put_off(session) for _ in range(5)] == ["s0", "s1", "s0", "s1", "s0"]
    assert session.view("me").put_off


def test_what_one_person_puts_off_another_one_gets(run):
    session = make_session(run, make_queue(2))
    put_off(session, "ada")
    assert session.view("ada").task.id == "s1"
    assert session.view("bob").task.id == "s0"
    assert not session.view("bob").put_off


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


def test_ignored_sentences_are_no_words_to_learn_from(run):
    session = make_session(run, [make_task("d0", part="dev"), *make_queue(2)])
    for _ in range(3):
        session.answer("me", make_given(session.view("me").task, answer="ignore"))
    progress = session.progress()
    assert (progress.words, progress.sentences, progress.waiting, progress.dev_words) == (0,) * 4


def status(**more):
    return Status(step="Waiting for labels", **more)


def test_dev_gets_another_sentence_for_one_that_is_ignored(run):
    queue = [make_task(f"d{number}", part="dev") for number in range(5)]
    session = make_session(run, [*queue, make_task("t0")], status(dev_target=8))
    session.answer("me", make_given(session.view("me").task, answer="ignore"))
    assert label_all(session, "me", [(0, 1, "PER")]) == ["d1", "d2", "t0"]


def test_dev_goes_on_until_it_has_an_entity(run):
    queue = [make_task(f"d{number}", part="dev") for number in range(5)]
    session = make_session(run, [*queue, make_task("t0")], status(dev_target=8))
    for _ in range(3):
        session.answer("me", make_given(session.view("me").task))
    assert label_all(session, "me", [(0, 1, "PER")]) == ["d3", "t0"]


def test_the_page_tells_when_all_is_labelled(run):
    session = make_session(run, make_queue(2), status(all_queued=True))
    assert not session.view("me").finished
    label_all(session, "me")
    assert session.view("me").finished
    more = make_session(run, make_queue(3), status())
    label_all(more, "me")
    assert not more.view("me").finished  # the pool has more, and a new queue is on its way


def test_what_is_looked_at_again_is_counted(run):
    queue = [make_task("d0", part="dev", again=True), make_task("t0", again=True), make_task("t1")]
    session = make_session(run, queue)
    assert session.view("me").again == 2
    session.answer("me", make_given(session.view("me").task))
    assert session.view("me").again == 1


def test_the_time_for_a_word_is_that_of_the_last_answers(run):
    session = make_session(run, [*make_queue(RECENT, part="test"), make_task("t0")])
    label_all(session, "me")
    session.folder.write_queue(make_queue(2 * RECENT))
    while (task := session.view("me").task) is not None:
        session.answer("me", make_given(task, key=f"slow {task.id}", seconds=40.0))
    assert session.progress().seconds_per_word == 10.0


def test_a_type_that_is_named_twice_is_added_once(run):
    journal = begin(run, ["PER", "LOC", "PER"]).journal
    assert [event.label for event in journal.read_new()] == ["PER", "LOC"]


def test_a_folder_without_labelling_says_how_to_begin(tmp_path):
    with pytest.raises(DeepALError, match="has no labelling yet"):
        Session(tmp_path)


def test_the_rule_for_different_answers_is_in_the_config_of_the_run(run):
    config = begin(run).config_file
    block = '@misc = "spacy_deepal.JournalOracle.v1"'
    text = config.read_text()
    config.write_text(text.replace(block, f'{block}\ncontradictions = "first"'))
    assert Session(run).annotations.rule == "first"
    config.write_text(text.replace(block, f'{block}\ncontradictions = "error"'))
    with pytest.raises(DeepALError, match=r"label.cfg.*'error'.*Choose one of first, last, maj"):
        Session(run)


def test_differences_come_in_the_order_in_which_sentences_were_shown(run):
    tasks = [make_task("d", part="dev"), make_task("t"), make_task("e", part="test")]
    session = make_session(run, tasks, double=1.0)
    for name, entities in (("ada", [(0, 1, "PER")]), ("bob", [])):
        for _ in tasks:
            task = session.view(name).task
            session.answer(name, make_given(task, entities, key=f"{name} {task.id}"))
    assert [each.id for each in session.progress().differences] == ["d", "t", "e"]


def test_the_page_lists_the_last_sentences_that_people_labelled_differently(run):
    session = make_session(run, make_queue(9), double=1.0)
    for name, entities in (("ada", [(0, 1, "PER")]), ("bob", [])):
        for _ in range(7):
            task = session.view(name).task
            session.answer(name, make_given(task, entities, key=f"{name} {task.id}"))
    progress = session.progress()
    assert progress.different == 7
    assert [each.id for each in progress.differences] == ["s2", "s3", "s4", "s5", "s6"]
    assert progress.differences[0].said == {"ada": "Ada (PER)", "bob": "no entity"}


def begin_with_text(session, tasks):
    """What of the text was labelled before is known now."""
    session.folder.labelled.write(
        Answer(
            key=f"{BY_TEXT}: {task.id}",
            at="2026",
            by=BY_TEXT,
            id=task.id,
            part="train",
            answer="accept",
            entities=[(0, 1, "PER")],
            labels=LABELS,
            seconds=0.0,
            tokens=task.tokens,
            suggested=[],
        )
        for task in tasks
    )


def test_what_the_text_had_is_answered_once_and_takes_nobody_any_time(run):
    tasks = make_queue(4)
    session = make_session(run, tasks)
    session.answer("me", make_given(tasks[3]))
    begin_with_text(session, tasks[:2])
    for _ in range(2):
        assert session.view("me").task.id == "s2"
        assert session.progress().sentences == 3
        assert session.progress().by_annotator == {"me": 1}
        assert session.progress().seconds_per_word == 2.0 / 4
        session = Session(run)
    assert len(read_jsonl(session.journal.path)) == len(LABELS) + 3
    assert session.annotations.final("s0").entities == [(0, 1, "PER")]


def test_what_a_person_has_answered_meanwhile_counts(run):
    tasks = make_queue(2)
    session = make_session(run, tasks)
    session.answer("ada", make_given(tasks[0], [(2, 3, "LOC")]))
    begin_with_text(session, tasks)
    session.view("ada")
    assert session.annotations.final("s0").by == "ada"
    assert session.annotations.final("s1").by == BY_TEXT


def test_the_text_is_nobody_to_agree_with(run):
    tasks = make_queue(4)
    session = make_session(run, tasks, double=1.0)
    begin_with_text(session, tasks[:2])
    assert session.view("ada").task.id == "s2"
    session.answer("ada", make_given(tasks[0], [(2, 3, "LOC")]))
    assert session.progress().agreement is None
    assert session.progress().different == 1


def test_what_the_text_had_is_written_when_the_disk_has_room_again(run, monkeypatch):
    tasks = make_queue(2)
    session = make_session(run, tasks)
    begin_with_text(session, tasks[:1])
    with monkeypatch.context() as patch:
        patch.setattr(session.journal, "append", lambda *events: (_ for _ in ()).throw(OSError(28)))
        with pytest.raises(OSError, match="28"):
            session.view("me")
    assert session.view("me").task.id == "s1"
