import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .build import EN, entities, read, tags


def test_jsonl_gives_spans_and_metadata(tmp_path):
    record = {
        "text": "Ada is in Paris",
        "spans": [{"start": 10, "end": 15, "label": "LOC"}, {"start": 0, "end": 3, "label": "P"}],
        "id": 7,
        "meta": {"genre": "news", "doc_id": "d", "id": "other"},
    }
    (sentence,) = read(tmp_path, "jsonl", json.dumps(record))
    assert entities(sentence) == [("Ada", "P"), ("Paris", "LOC")]
    assert (sentence.id, sentence.doc_id, sentence.genre) == ("7", "d", "news")


def test_jsonl_tells_unlabelled_records_from_those_without_entities(tmp_path):
    content = '{"text": "a b"}\n\n{"text": "a b", "spans": []}\n{"text": "a b", "spans": null}\n'
    items = read(tmp_path, "jsonl", content)
    assert [tags(item.doc) for item in items] == [["", ""], ["O", "O"], ["", ""]]
    assert [item.line for item in items] == [1, 3, 4]


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_what_an_annotator_did_not_accept_is_not_labelled(tmp_path, answer):
    record = {"text": "Ada sings", "spans": [[0, 3, "ORG"]]}
    lines = (json.dumps({**record, "answer": each}) for each in (answer, "accept"))
    items = read(tmp_path, "jsonl", "\n".join(lines))
    assert [tags(item.doc) for item in items] == [["", ""], ["B-ORG", "O"]]


@pytest.mark.parametrize("key", ["spans", "entities", "ents", "label", "labels"])
def test_spans_of_other_tools_are_read(tmp_path, key):
    (sentence,) = read(tmp_path, "jsonl", json.dumps({"text": "Ada sings", key: [[0, 3, "PER"]]}))
    assert entities(sentence) == [("Ada", "PER")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{text", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"text": 3}', 'not an object with a string "text"'),
        ('{"text": "a", "spans": [[0, 2, "X"]]}', '[0, 2, "X"] is not [start, end, label]'),
        ('{"text": "a", "spans": [[0, 0, "X"]]}', '[0, 0, "X"] is not [start, end, label]'),
        ('{"text": "a", "spans": [[0, 1, ""]]}', '[0, 1, ""] is not [start, end, label]'),
        ('{"text": "a", "spans": [{"start": 0}]}', "[0, null, null] is not [start, end, label]"),
        ('{"text": "a", "label": "spam"}', '"spam" is not [start, end, label]'),
        ('{"text": "a b", "spans": [[0, 3, "X"], [2, 3, "Y"]]}', "entity 'b' (Y) overlaps"),
        ('{"text": "abc", "spans": [[0, 1, "X"]]}', "entity 'a' (X) is not whole 'en' tokens"),
        (r'{"text": "a \ud83d"}', "half of a surrogate pair"),
    ],
)
def test_a_malformed_record_is_reported_with_its_line(tmp_path, line, message):
    good, bad = read(tmp_path, "jsonl", f'{{"text": "fine"}}\n{line}\n')
    assert bad.line == 2
    assert message in bad.message
    assert good.doc.text == "fine"


def test_a_surrogate_pair_in_json_is_one_character(tmp_path):
    line = r'{"text": "\ud83d\ude42 Ada", "spans": [[2, 5, "PER"]]}'
    (sentence,) = read(tmp_path, "jsonl", line)
    assert sentence.doc.text == "🙂 Ada"
    assert entities(sentence) == [("Ada", "PER")]


@settings(max_examples=60)
@given(text=st.text(st.characters(codec="utf-8"), max_size=40), data=st.data())
def test_jsonl_round_trip(tmp_path_factory, text, data):
    doc = EN.make_doc(text)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(doc)), max_size=6)))
    spans = [doc[a:b] for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    spans = [span for span in spans if span.text == span.text.strip()]
    marked = [{"start": s.start_char, "end": s.end_char, "label": "X"} for s in spans]
    line = json.dumps({"text": text, "spans": marked}, ensure_ascii=data.draw(st.booleans()))
    (sentence,) = read(tmp_path_factory.mktemp("jsonl"), "jsonl", line)
    assert sentence.doc.text == text
    assert entities(sentence) == [(span.text, "X") for span in spans]
