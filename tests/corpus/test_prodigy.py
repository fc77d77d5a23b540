import json

import pytest

from spacy_deepal.errors import DeepALError

from .build import entities, how, problem, read, tags

TEXT = "Mia Ota met Bo Ek in Porto."
MIA, BO, PORTO = [0, 7], [12, 17], [21, 26]


def record(*places, answer="accept", text=TEXT, **more):
    spans = [{"start": start, "end": end, "label": "PER"} for start, end in places]
    return {"text": text, "_input_hash": hash(text), "spans": spans, "answer": answer, **more}


def lines(*records, view="ner"):
    views = {} if view is None else {"_view_id": view}
    return "\n".join(json.dumps({**each, **views}) for each in records)


def test_answers_about_single_spans_become_one_partly_labelled_sentence(tmp_path):
    content = lines(record(MIA), record(BO), record(PORTO, answer="reject"))
    (sentence,) = read(tmp_path, "auto", content, name="a.jsonl")
    assert entities(sentence) == [("Mia Ota", "PER"), ("Bo Ek", "PER")]
    assert tags(sentence.doc) == ["B-PER", "I-PER", "", "B-PER", "I-PER", "", "", ""]


def test_a_text_of_which_every_span_was_rejected_is_not_labelled(tmp_path):
    content = lines(record(PORTO, answer="reject"), record(BO, answer="ignore"))
    (sentence,) = read(tmp_path, "auto", content, name="a.jsonl")
    assert not sentence.doc.has_annotation("ENT_IOB")


def test_a_span_that_is_accepted_and_rejected_is_reported(tmp_path):
    content = lines(record(MIA), record(MIA, answer="reject"))
    items = read(tmp_path, "auto", content, name="a.jsonl")
    assert problem(items[0])[0] == 2
    assert "accepted on line 1 and rejected on line 2" in items[0].message


def test_whole_sentences_are_whole(tmp_path):
    content = lines(record(MIA, BO), record(text="Rain."), view="ner_manual")
    first, second = read(tmp_path, "auto", content, name="a.jsonl")
    assert tags(first.doc)[2] == "O"
    assert tags(second.doc) == ["O", "O"]


@pytest.mark.parametrize(
    "other", [record(MIA, answer="ignore"), record(MIA, answer="reject"), record(MIA)]
)
def test_two_records_of_one_input_that_contradict_each_other_are_reported(tmp_path, other):
    content = lines(record(MIA, BO), other, view="ner_manual")
    _, bad = read(tmp_path, "auto", content, name="a.jsonl")
    assert "than on line 1 (accept). Keep one of them" in bad.message


def test_an_exact_double_counts_once(tmp_path):
    content = lines(record(MIA, BO), record(MIA, BO), view="ner_manual")
    assert len(read(tmp_path, "auto", content, name="a.jsonl")) == 1


def test_answers_about_a_text_that_is_there_as_a_whole_are_reported(tmp_path):
    content = lines(record(MIA, BO), view="ner_manual") + "\n" + lines(record(PORTO))
    _, bad = read(tmp_path, "auto", content, name="a.jsonl")
    assert problem(bad) == (2, "yes-or-no answers about a text that line 1 has as a whole")


def test_without_a_view_id_the_user_says_what_was_asked(tmp_path):
    content = lines(record(MIA), record(BO), record(PORTO, answer="reject"), view=None)
    with pytest.raises(DeepALError, match="can be read in 2 ways") as caught:
        how(tmp_path, content, name="a.jsonl")
    assert "--format prodigy_yes_no " in str(caught.value)
    (sentence,) = read(tmp_path, "prodigy_yes_no", content, name="a.jsonl")
    assert len(sentence.doc.ents) == 2
    _, *others = read(tmp_path, "prodigy", content, name="a.jsonl")
    assert all("--format prodigy_yes_no" in bad.message for bad in others)


def test_records_of_one_span_each_are_whole_where_no_text_comes_again(tmp_path):
    content = lines(record(MIA), record(BO, text="x" * 30), view=None)
    assert how(tmp_path, content, name="a.jsonl")[0] == "prodigy"


def test_equal_texts_with_ids_of_their_own_are_two_sentences(tmp_path):
    content = lines(record(id="a"), record(MIA, id="b"), view="ner_manual")
    first, second = read(tmp_path, "auto", content, name="a.jsonl")
    assert (first.id, second.id) == ("a", "b")


def test_a_question_without_an_answer_is_reported(tmp_path):
    asked = {key: value for key, value in record(MIA).items() if key != "answer"}
    items = read(tmp_path, "auto", lines(record(BO), asked), name="a.jsonl")
    assert problem(items[0]) == (2, "a question about a span, without an answer")


def test_the_plain_format_does_not_take_an_answer_for_a_whole_sentence(tmp_path):
    (bad,) = read(tmp_path, "jsonl", lines(record(MIA)))
    assert problem(bad) == (1, "an answer about one span: read the file with --format prodigy")


@pytest.mark.parametrize("key", ["text", "sentence"])
def test_other_texts_are_other_sentences(tmp_path, key):
    content = lines(
        *({"id": 1, key: text, "spans": [], "answer": "accept"} for text in ("Mia ran", "Bo sat")),
        view=None,
    )
    first, second = read(tmp_path, "auto", content, name="a.jsonl")
    assert (first.doc.text, second.doc.text) == ("Mia ran", "Bo sat")


@pytest.mark.parametrize("view", ["ner_manual", "spans_manual"])
def test_accepted_without_the_key_spans_is_labelled_and_has_no_entity(tmp_path, view):
    content = lines({"text": "Rain.", "answer": "accept"}, view=view)
    (sentence,) = read(tmp_path, "auto", content, name="a.jsonl")
    assert tags(sentence.doc) == ["O", "O"]
    assert sentence.note is None


def test_accepted_without_spans_after_another_question_is_told(tmp_path):
    content = lines({"text": "Rain.", "answer": "accept"}, view="choice")
    (sentence,) = read(tmp_path, "auto", content, name="a.jsonl")
    assert not sentence.doc.has_annotation("ENT_IOB")
    assert sentence.note == "accepted sentences without a key 'spans' are read as not labelled"
