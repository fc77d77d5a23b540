import json

import pytest

from .build import entities, how, read, tags


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
        ('{"text": "a", "text": "b"}', "the key 'text' stands twice in one object"),
        ('{"text": "a", "id": NaN}', "NaN is not a number of JSON"),
        ('{"text": "a", "id": ' + "9" * 5000 + "}", "not JSON (Exceeds the limit"),
        ("[" * 3000 + "]" * 3000, "nested too deeply"),
        ('{"text": "ab", "id": {"a": 1}}', "'id' is {'a': 1}, and not a string or a number"),
        ('{"text": "ab", "id": true}', "'id' is True, and not a string or a number"),
        ('{"text": "cd", "genre": ["a"]}', "'genre' is ['a'], and not a string or a number"),
        ('{"text": "cd", "doc_id": " "}', "'doc_id' is ' ', and not a string or a number"),
        ('{"text": "a", "answer": "yes"}', "the answer 'yes' is none of accept, reject and ignore"),
        ('{"text": 3}', 'not an object with a string "text"'),
        ('{"text": "a", "spans": [[0, 2, "X"]]}', '[0, 2, "X"] is not [start, end, label]'),
        ('{"text": "a", "spans": [[0, 0, "X"]]}', '[0, 0, "X"] is not [start, end, label]'),
        ('{"text": "a", "spans": [[0, 1, ""]]}', '[0, 1, ""] is not [start, end, label]'),
        ('{"text": "a", "spans": [{"start": 0}]}', "it has no label"),
        ('{"text": "a", "label": "spam"}', '"spam" is not [start, end, label]'),
        ('{"text": "a b", "spans": [[0, 3, "X"], [2, 3, "Y"]]}', "entity 'b' (Y, 2 to 3) overlaps"),
        (
            '{"text": "abc", "spans": [[0, 1, "X"]]}',
            "entity 'a' (X, 0 to 1) is not whole 'en' tokens",
        ),
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


def test_the_records_own_tokens_are_kept(tmp_path):
    tokens = [
        {"text": "Ref", "start": 0, "end": 3, "id": 0, "ws": False},
        {"text": "27", "start": 3, "end": 5, "id": 1, "ws": True},
        {"text": "paid", "start": 7, "end": 11, "id": 2, "ws": False},
    ]
    span = {"start": 3, "end": 5, "label": "NUM", "token_start": 1, "token_end": 1}
    record = {"text": "Ref27  paid", "tokens": tokens, "spans": [span]}
    (sentence,) = read(tmp_path, "jsonl", json.dumps(record))
    assert [t.text for t in sentence.doc] == ["Ref", "27", " ", "paid"]
    assert entities(sentence) == [("27", "NUM")]
    assert sentence.doc.text == record["text"]
    record["tokens"] = [token["text"] for token in tokens]
    (sentence,) = read(tmp_path, "jsonl", json.dumps(record))
    assert entities(sentence) == [("27", "NUM")]


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([{"text": "An", "start": 0, "end": 3}], "the text does not have the token"),
        (["Anna", "ran"], "the tokens are not those of the text"),
        (["Ada", 7], '"tokens" is not a list of words'),
        ("Ada", '"tokens" is not a list of words'),
    ],
)
def test_tokens_that_contradict_the_text_are_reported(tmp_path, tokens, message):
    record = {"text": "Ada sings", "tokens": tokens, "spans": []}
    (bad,) = read(tmp_path, "jsonl", json.dumps(record))
    assert message in bad.message


def test_a_span_that_contradicts_its_tokens_is_reported(tmp_path):
    tokens = [
        {"text": "Ada", "start": 0, "end": 3, "id": 0},
        {"text": "sings", "start": 4, "end": 9, "id": 1},
    ]
    span = {"start": 0, "end": 3, "label": "P", "token_start": 1, "token_end": 1}
    record = {"text": "Ada sings", "tokens": tokens, "spans": [span]}
    (bad,) = read(tmp_path, "jsonl", json.dumps(record))
    assert "its tokens are at 4 to 9" in bad.message


def test_tokens_of_a_part_of_the_text_are_made_anew_with_a_note(tmp_path):
    record = {"text": "Ada met Bo", "tokens": ["Ada"], "spans": [], "label": [[8, 10, "P"]]}
    (sentence,) = read(tmp_path, "jsonl", json.dumps(record))
    assert entities(sentence) == [("Bo", "P")]
    assert sentence.note.startswith("tokens cover a part of the text alone")


def test_tokens_and_tags_are_read_by_name_and_by_number(tmp_path):
    named = {"tokens": ["Ada", "Ek", "ran"], "ner_tags": ["B-PER", "I-PER", "O"], "id": "7"}
    (sentence,) = read(tmp_path, "auto", json.dumps(named), name="a.json")
    assert tags(sentence.doc) == ["B-PER", "I-PER", "O"]
    assert sentence.doc.has_unknown_spaces
    numbered = json.dumps({**named, "ner_tags": [1, 2, 0]})
    (bad,) = read(tmp_path, "auto", numbered)
    assert "'ner_tags' has the numbers of tags. Name them" in bad.message
    (sentence,) = read(tmp_path, "auto", numbered, tag_names=("O", "B-PER", "I-PER"))
    assert tags(sentence.doc) == ["B-PER", "I-PER", "O"]


@pytest.mark.parametrize(
    ("given", "message"),
    [([0, 1], "3 tokens, but 2 tags"), (["O", "O", "PER"], "'PER' under 'ner_tags' is not a tag")],
)
def test_tags_that_do_not_fit_are_reported(tmp_path, given, message):
    record = {"tokens": ["Ada", "Ek", "ran"], "ner_tags": given}
    (bad,) = read(tmp_path, "auto", json.dumps(record))
    assert message in bad.message


def test_tokens_that_say_their_spaces_make_a_text(tmp_path):
    tokens = [{"text": "Ref", "ws": False}, {"text": "27", "ws": True}, {"text": "x", "ws": False}]
    (sentence,) = read(tmp_path, "auto", json.dumps({"tokens": tokens, "spans": [[3, 5, "N"]]}))
    assert (sentence.doc.text, entities(sentence)) == ("Ref27 x", [("27", "N")])
    (bad,) = read(tmp_path, "auto", json.dumps({"tokens": ["Ref"], "spans": [[0, 1, "N"]]}))
    assert bad.message.startswith(
        "spans, but no text that they are in. Name its key with --text-key"
    )


def test_a_span_behind_an_emoji_that_does_not_fit_offers_utf16(tmp_path):
    record = {"text": "🙂 Ada met Bo", "spans": [[3, 6, "P"]]}
    (bad,) = read(tmp_path, "jsonl", json.dumps(record))
    assert "--offsets utf16" in bad.message
    (sentence,) = read(tmp_path, "jsonl", json.dumps(record), offsets="utf16")
    assert entities(sentence) == [("Ada", "P")]


def test_discarded_records_of_argilla_are_not_labelled(tmp_path):
    record = {"text": "Ada ran", "annotation": [{"label": "P", "start": 0, "end": 3}]}
    content = "\n".join(json.dumps({**record, "status": s}) for s in ("Validated", "Discarded"))
    first, second = read(tmp_path, "auto", content, name="a.jsonl")
    assert (tags(first.doc), tags(second.doc)) == (["B-P", "O"], ["", ""])


def test_an_object_over_several_lines_is_one_problem(tmp_path):
    content = json.dumps({"data": [{"text": "Ada ran"}]}, indent=1)
    (bad,) = read(tmp_path, "auto", content, name="a.json")
    assert bad.message.startswith("one JSON object over several lines")


def test_tags_in_one_string_are_reported(tmp_path):
    record = {"text": "Ada met Bo", "tags": "B-PER O B-PER"}
    (bad,) = read(tmp_path, "auto", json.dumps(record))
    assert "tags under 'tags' in one string. Write them as a list" in bad.message
    (sentence,) = read(tmp_path, "auto", json.dumps({**record, "tags": "O"}))
    assert not sentence.doc.has_annotation("ENT_IOB")


def test_a_list_of_spans_in_a_string_is_read(tmp_path):
    cell = json.dumps([{"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}])
    good, bad = read(
        tmp_path,
        "auto",
        json.dumps([{"text": "Ada met Bo", "label": each} for each in (cell, "[{")]),
        name="a.json",
    )
    assert entities(good) == [("Ada", "PER")]
    assert "is not [start, end, label]" in bad.message


def test_lists_that_are_not_read_are_named(tmp_path):
    record = {"text": "Ada met Bo", "spans": [], "nes": [{"s": 0, "e": 3}], "refs": [], "n": 3}
    assert how(tmp_path, json.dumps(record)) == ("jsonl", "keys text, spans; not read: nes")


def test_a_record_without_a_token_has_no_word(tmp_path):
    (sentence,) = read(tmp_path, "auto", json.dumps({"tokens": [], "ner_tags": []}))
    assert len(sentence.doc) == 0


def test_records_by_name_are_asked_for_as_a_list(tmp_path):
    (bad,) = read(tmp_path, "auto", json.dumps({"a": {"text": "x"}, "b": {"text": "y"}}))
    assert "a record under each key, such as 'a'. Write a list" in bad.message
