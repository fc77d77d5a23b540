import json

import pytest

from spacy_deepal.corpus.reading import BadLine, ReadOptions
from spacy_deepal.corpus.spans import parse_spans

from .build import read

TEXT = "🙂 Mia Ota met Zoë."
MIA = (2, 9, "PER")


def problem(record, **options):
    with pytest.raises(BadLine) as caught:
        parse_spans(record, TEXT, 1, ReadOptions(**options))
    return caught.value.message


@pytest.mark.parametrize(
    "span",
    [
        [2, 9, "PER"],
        {"start": 2, "end": 9, "label": "PER"},
        {"start_offset": 2, "end_offset": 9, "label": "PER", "id": 4},
        {"begin": 2, "end": 9, "type": "PER", "text": "Mia Ota"},
        {"start": 2, "end": 9, "labels": ["PER"], "text": "Mia Ota"},
        {"start_char": 2, "end_char": 9, "label": "PER"},
    ],
)
def test_spans_of_many_tools_are_read(span):
    assert parse_spans({"spans": [span]}, TEXT, 1) == [MIA]
    assert parse_spans({"label": {"entities": [span]}}, TEXT, 1) == [MIA]


def test_an_empty_key_beside_a_full_one_hides_nothing():
    full = [[2, 9, "PER"]]
    assert parse_spans({"spans": [], "label": full}, TEXT, 1) == [MIA]
    assert parse_spans({"spans": full, "label": [*full, *full]}, TEXT, 1) is not None
    assert parse_spans({"spans": [], "label": []}, TEXT, 1) == []
    assert parse_spans({"spans": None}, TEXT, 1) is None


def test_two_keys_with_different_entities_are_reported():
    record = {"spans": [[2, 9, "PER"]], "label": [[2, 9, "ORG"]]}
    assert "'spans' and 'label' have different entities" in problem(record)
    assert parse_spans(record, TEXT, 1, ReadOptions(spans_key="label")) == [(2, 9, "ORG")]


@pytest.mark.parametrize("key", ["gold", "marks"])
def test_spans_under_an_unknown_key_are_reported(key):
    record = {key: [{"start": 2, "end": 9, "label": "PER"}]}
    assert f"spans are under the key {key!r}, which is not known" in problem(record)
    assert f"{key!r}" in problem({**record, "spans": []})
    assert parse_spans(record, TEXT, 1, ReadOptions(spans_key=key)) == [MIA]


@pytest.mark.parametrize(
    "entry",
    [
        {"startIndex": 2, "endIndex": 9},
        {"from": 2, "to": 9, "label": "PER"},
        {"offset": 2, "length": 7},
        [2, 9, "PER", "Mia Ota"],
        ["PER", 2, 9],
    ],
)
def test_spans_of_unknown_tools_are_not_passed_over(entry):
    assert "spans are under the key 'gold'" in problem({"gold": [entry]})
    assert "spans are under the key 'meta.gold'" in problem({"meta": {"gold": [entry]}})


def test_spans_in_an_object_of_the_record_are_read_on_demand():
    record = {"meta": {"gold": [[2, 9, "PER"]]}}
    assert parse_spans(record, TEXT, 1, ReadOptions(spans_key="meta.gold")) == [MIA]


def test_suggestions_of_a_model_are_no_labels():
    assert parse_spans({"prediction": [{"start": 2, "end": 9, "label": "P"}]}, TEXT, 1) is None


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ([False, True, "X"], "two numbers are needed"),
        ([2.0, 9, "X"], "two numbers are needed"),
        ([2, 9, "  "], "'  ' is not a label"),
        ([2, 9, 7], "7 is not a label"),
        ({"start": 2, "end": 9}, "it has no label"),
        ({"start": 2, "end": 9, "labels": ["A", "B"]}, "['A', 'B'] is not a label"),
        ([9, 2, "X"], "is not [start, end, label] in the text"),
        ([2, 10**30, "X"], "is not [start, end, label] in the text"),
        ("PER", "is not [start, end, label] in the text"),
    ],
)
def test_what_is_no_span_is_reported_with_its_key(span, message):
    assert "under 'spans': " in problem({"spans": [span]})
    assert message in problem({"spans": [span]})


def test_a_span_is_compared_with_its_own_text_and_other_offsets_are_offered():
    def mia(start, end):
        return {"spans": [{"start": start, "end": end, "label": "PER", "text": "Mia Ota"}]}

    assert parse_spans(mia(2, 9), TEXT, 1) == [MIA]
    assert "the text has 'ia Ota ' there, not 'Mia Ota'" in problem(mia(3, 10))
    assert "read the file with --offsets utf16" in problem(mia(3, 10))
    assert "read the file with --offsets bytes" in problem(mia(5, 12))
    assert "The end seems to be the last character" in problem(mia(2, 8))
    assert parse_spans(mia(3, 10), TEXT, 1, ReadOptions(offsets="utf16")) == [MIA]
    assert parse_spans(mia(5, 12), TEXT, 1, ReadOptions(offsets="bytes")) == [MIA]


def test_an_offset_inside_a_character_is_reported():
    record = {"spans": [[1, 10, "X"]]}
    assert "is not [start, end, label] in the text" in problem(record, offsets="utf16")


def test_offsets_that_may_count_utf16_units_are_told(tmp_path):
    def note(text, *spans, **options):
        content = json.dumps({"text": text, "spans": spans})
        (sentence,) = read(tmp_path, "jsonl", content, **options)
        return sentence.note or ""

    span = {"start": 7, "end": 8, "label": "X"}
    assert "use --offsets utf16" in note("👍👍 a b c d", span)
    assert note("👍👍 a b c d", span, offsets="utf16") == ""
    assert note("👍👍 a b c d", {**span, "text": "c"}) == ""
    assert note("👍👍 ab cd", [3, 5, "X"]) == note("a b c d", [2, 3, "X"]) == ""
    assert note("a b c d 👍👍", [4, 5, "X"]) == ""


def test_other_offsets_are_offered_for_a_span_behind_the_text():
    assert "If the offsets count utf16, read the file with --offsets utf16" in problem(
        {"spans": [[15, 19, "PER"]]}
    )
    assert "--offsets" not in problem({"spans": [[30, 33, "PER"]]})
