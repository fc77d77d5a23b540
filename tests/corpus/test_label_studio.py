import json

import pytest

from spacy_deepal.errors import DeepALError

from .build import entities, how, problem, read, tags


def result(start, end, text, label="PER", **more):
    value = {"start": start, "end": end, "text": text, "labels": [label]}
    return {"value": value, "from_name": "label", "to_name": "text", "type": "labels", **more}


def task(*annotations, **more):
    return {"id": 3, "data": {"text": "Mia met Bo"}, "annotations": list(annotations), **more}


MIA = {"id": 1, "result": [result(0, 3, "Mia"), {"type": "relation", "direction": "right"}]}
BO = {"id": 2, "result": [result(8, 10, "Bo")]}


def read_tasks(folder, *tasks):
    return read(folder, "auto", json.dumps(tasks, indent=1), name="export.json")


def test_tasks_and_their_annotations_are_read(tmp_path):
    predicted = task(predictions=[BO])
    first, second, third = read_tasks(tmp_path, task(MIA), predicted, task({"result": []}))
    assert (entities(first), first.id) == ([("Mia", "PER")], "3")
    assert tags(second.doc) == ["", "", ""]
    assert tags(third.doc) == ["O", "O", "O"]
    assert how(tmp_path, json.dumps([task(MIA)]), name="a.json")[0] == "label_studio"


def test_annotators_have_to_agree_and_cancelled_annotations_do_not_count(tmp_path):
    cancelled = {**BO, "was_cancelled": True}
    same, other, none = read_tasks(
        tmp_path, task(MIA, {**MIA, "id": 9}), task(MIA, BO), task(cancelled)
    )
    assert entities(same) == [("Mia", "PER")]
    assert problem(other)[1] == "2 annotations, which are not the same. Keep one of them"
    assert not none.doc.has_annotation("ENT_IOB")


def test_a_line_break_in_a_span_is_written_as_the_page_writes_it(tmp_path):
    over = {"result": [result(0, 7, "Mia\\nmet")]}
    (sentence,) = read_tasks(tmp_path, {**task(over), "data": {"text": "Mia\nmet Bo"}})
    assert entities(sentence) == [("Mia\nmet", "PER")]


def test_the_text_is_found_or_its_keys_are_named(tmp_path):
    data = {"q": "Mia met Bo"}, {"q": "a", "r": "b"}
    first, bad = read_tasks(tmp_path, *({**task(MIA), "data": each} for each in data))
    assert first.doc.text == "Mia met Bo"
    assert "\"data\" has no string 'text', but 'q', 'r'" in bad.message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"annotations": 3}, '"annotations" is not a list of objects'),
        ({"annotations": [{}]}, 'an annotation has no list "result"'),
        ({"annotations": [{"result": [{"type": "labels"}]}]}, 'a result has no object "value"'),
        ({"data": 3}, 'not a task with "data"'),
        ({"annotations": [{"result": [result(0, 3, "Bo")]}]}, "the text has 'Mia' there, not 'Bo'"),
    ],
)
def test_a_malformed_task_is_reported_with_its_line(tmp_path, change, message):
    good, bad = read_tasks(tmp_path, task(MIA), {**task(MIA), **change})
    assert good.line == 2
    assert bad.line > good.line
    assert message in bad.message


def test_json_min_has_no_key_for_an_annotation_without_a_span(tmp_path):
    record = {"text": "Mia met Bo", "id": 1, "annotation_id": 4, "lead_time": 2.5}
    label = [{"start": 0, "end": 3, "text": "Mia", "labels": ["PER"]}]
    content = json.dumps([record, {**record, "id": 2, "label": label}])
    first, second = read(tmp_path, "auto", content, name="a.json")
    assert tags(first.doc) == ["O", "O", "O"]
    assert entities(second) == [("Mia", "PER")]


CHOICE = {"type": "choices", "value": {"choices": ["good"]}}
MIN_CHOICE = {"text": "Mia met Bo", "annotation_id": 1, "lead_time": 1, "mood": "good"}


@pytest.mark.parametrize(
    ("record", "format", "what"),
    [
        (task({"result": [CHOICE]}), "label_studio", "choices"),
        (MIN_CHOICE, "label_studio_min", "mood"),
    ],
)
def test_answers_about_whole_texts_alone_are_not_taken_for_texts_without_entities(
    tmp_path, record, format, what
):
    with pytest.raises(DeepALError, match=rf"(?s)2 ways.*{format} *\(only {what} in it.*key none"):
        read_tasks(tmp_path, record)
    (none,) = read(tmp_path, format, json.dumps([record]), name="a.json")
    assert tags(none.doc) == ["O", "O", "O"]
    (unlabelled,) = read(tmp_path, "auto", json.dumps([record]), name="a.json", spans_key="none")
    assert tags(unlabelled.doc) == ["", "", ""]


def test_an_answer_about_a_whole_text_beside_spans_is_passed_over(tmp_path):
    marked, none = read_tasks(tmp_path, task(MIA), task({"result": [CHOICE]}))
    assert (tags(marked.doc)[0], tags(none.doc)) == ("B-PER", ["O", "O", "O"])


def test_the_rows_of_its_csv_are_read_as_records(tmp_path):
    row = {"text": "Mia met Bo", "annotation_id": "1", "lead_time": "1"}
    rows = [{**row, "label": cell} for cell in (json.dumps([result(0, 3, "Mia")["value"]]), "")]
    first, second = read_tasks(tmp_path, *rows)
    assert (tags(first.doc)[0], tags(second.doc)) == ("B-PER", ["O", "O", "O"])


@pytest.mark.parametrize(
    "more",
    [
        {"label": [[0, 3, "PER"]]},
        {"data": {"text": "Mia ran.", "label": [[0, 3, "PER"]]}},
        {"data": {"text": "Mia ran.", "label": [[0, 3, "PER"]]}, "annotations": []},
        {"responses": {"ents": {"value": [{"start": 0, "end": 3, "label": "PER"}]}}},
    ],
)
def test_spans_where_a_task_has_none_are_not_passed_over(more, tmp_path):
    task = {"id": 1, "data": {"text": "Mia ran."}}
    (bad,) = read(tmp_path, "auto", json.dumps({**task, **more}))
    assert "where Label Studio has none. Write a record with" in problem(bad)[1]
    predictions = [{"result": [{"value": {"start": 0, "end": 3, "labels": ["PER"]}}]}]
    (fine,) = read(tmp_path, "auto", json.dumps({**task, "predictions": predictions}))
    assert not fine.doc.has_annotation("ENT_IOB")
