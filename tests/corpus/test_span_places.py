"""Entities that tools write deep inside a record, or under keys of their own, are never lost."""

import json

import pytest

from spacy_deepal.corpus.reading import BadLine

from .build import entities, how, read

TEXT = "Mia Ota left Porto."
SPAN = {"label": "PER", "start": 0, "end": 7}
MIA = ("Mia Ota", "PER")
PARTS = [
    {"text": "Mia Ota", "start": 0, "end": 7, "entityLabel": "PER"},
    {"text": "Porto", "start": 13, "end": 18, "entityLabel": "LOC"},
]
TOKENS = [{"text": "Mia", "ner": "B-PER"}, {"text": "left", "ner": "O"}]
RESPONSES = {"fields": {"text": TEXT}, "suggestions": {"ents": {"value": [SPAN]}}}

# The record, and the options that its errors name one after the other until it is read.
DEEP = {
    "Ground Truth": (
        {
            "source": TEXT,
            "ner": {
                "annotations": {"entities": [{"label": "PER", "startOffset": 0, "endOffset": 7}]}
            },
        },
        ["--text-key source", "--spans-key ner.annotations.entities"],
    ),
    "Argilla 2": (
        {"id": "a", **RESPONSES, "responses": {"ents": [{"value": [SPAN], "status": "submitted"}]}},
        ["--text-key fields.text", "--spans-key responses.ents.value"],
    ),
    "Argilla 2, flat": (
        {"text": TEXT, "ents.responses": [[SPAN]], "ents.suggestion": [SPAN]},
        ["--spans-key ents.responses"],
    ),
    "Argilla in datasets": (
        {"text": TEXT, "ents": [{"user_id": "u", "value": [SPAN]}]},
        ["--spans-key ents.value"],
    ),
    "deep under a known key": (
        {"text": TEXT, "annotation": {"ents": {"list": [SPAN]}}},
        ["--spans-key annotation.ents.list"],
    ),
    "groups of spaCy": ({"text": TEXT, "spans": {"sc": [SPAN]}}, ["--spans-key spans.sc"]),
    "Vertex AI": (
        {
            "textContent": TEXT,
            "textSegmentAnnotations": [{"startOffset": 0, "endOffset": 7, "displayName": "PER"}],
        },
        ["--text-key textContent", "--spans-key textSegmentAnnotations"],
    ),
    "Comprehend": (
        {
            "line": TEXT,
            "Entities": [{"BeginOffset": 0, "EndOffset": 7, "Type": "PER", "Text": "Mia Ota"}],
        },
        ["--text-key line", "--spans-key Entities"],
    ),
    "one entity": ({"text": TEXT, "entity": SPAN}, ["--spans-key entity"]),
    "lists in an object": (
        {"text": TEXT, "gold": {"start": [0], "end": [7], "label": ["PER"]}},
        ["--spans-key gold"],
    ),
    "lists in an object, known": (
        {"text": TEXT, "spans": {"start": [0], "end": [7], "label": ["PER"]}},
        [],
    ),
    "UBIAI": (
        {"documentName": "a.txt", "document": TEXT, "tokens": PARTS[:1]},
        ["--text-key document", "--spans-key tokens"],
    ),
    "a row of the dataset viewer": (
        {"row_idx": 0, "row": {"text": TEXT, "spans": [SPAN]}},
        ["--text-key row.text", "--spans-key row.spans"],
    ),
    "numbers of labels": (
        {"text": TEXT, "spans": [{**SPAN, "label": 1}]},
        ["--tag-names PER,LOC"],
    ),
}


@pytest.mark.parametrize("kind", DEEP)
def test_the_errors_lead_to_the_options_that_read_a_record(kind, tmp_path):
    record, remedies = DEEP[kind]
    options = {}
    for remedy in remedies:
        (bad,) = read(tmp_path, "auto", json.dumps(record), name="a.jsonl", **options)
        assert isinstance(bad, BadLine)
        assert remedy in bad.message
        name, value = remedy.removeprefix("--").split(" ")
        names = ("ORG", "PER") if name == "tag-names" else value
        options[name.replace("-", "_")] = names
    (sentence,) = read(tmp_path, "auto", json.dumps(record), name="a.jsonl", **options)
    assert sentence.doc.text == TEXT
    assert entities(sentence) == [MIA]


TAGGED = {
    "tags in the tokens": ({"tokens": TOKENS}, "--spans-key tokens.ner"),
    "tags in the tokens of a text": (
        {"text": "Mia left", "tokens": TOKENS},
        "--spans-key tokens.ner",
    ),
    "types in the tokens": (
        {"tokens": [{"text": "Mia", "ner": "PER"}, {"text": "left", "ner": "O"}]},
        "--spans-key tokens.ner --scheme io",
    ),
    "tags under a key that is not known": (
        {"tokens": ["Mia", "left"], "bio": ["B-PER", "O"]},
        "--spans-key bio",
    ),
    "tags in an object": (
        {"tokens": ["Mia", "left"], "gold": {"tags": ["B-PER", "O"]}},
        "--spans-key gold.tags",
    ),
    "numbers under a key that is not known": (
        {"tokens": ["Mia", "left"], "ner_ids": [1, 0]},
        "--spans-key ner_ids",
    ),
}


@pytest.mark.parametrize("kind", TAGGED)
def test_tags_under_other_keys_are_read_on_demand(kind, tmp_path):
    record, remedy = TAGGED[kind]
    (bad,) = read(tmp_path, "auto", json.dumps(record), name="a.jsonl")
    assert isinstance(bad, BadLine)
    assert remedy in bad.message
    options = dict(zip(remedy.split()[::2], remedy.split()[1::2], strict=True))
    (sentence,) = read(
        tmp_path,
        "auto",
        json.dumps(record),
        name="a.jsonl",
        spans_key=options["--spans-key"],
        scheme=options.get("--scheme"),
        tag_names=("O", "B-PER"),
    )
    assert entities(sentence) == [("Mia", "PER")]


# The record, its options, and what its error says.
REFUSED = {
    "annotators who do not agree": (
        {**RESPONSES, "responses": {"ents": [{"value": [SPAN]}, {"value": []}]}},
        {"text_key": "fields.text", "spans_key": "responses.ents.value"},
        "2 lists under 'responses.ents.value', which are not the same",
    ),
    "a part of a text": (
        {"document": TEXT, "tokens": PARTS},
        {},
        "the tokens are a part of the text under 'document'. Read it with --text-key document",
    ),
    "labels of tokens in lists": (
        {"tokens": [{"text": "Mia", "labels": [{"value": "PER"}]}]},
        {},
        "the tokens have labels under 'labels'. Write a tag for each token",
    ),
    "GLiNER": (
        {"tokenized_text": ["Mia", "left"], "ner": [[0, 0, "PER"]]},
        {},
        "If the words are under 'tokenized_text', rename it to 'tokens'. Write a tag for each",
    ),
    "GLiNER, renamed": (
        {"tokens": ["Mia", "left"], "ner": [[0, 0, "PER"]]},
        {},
        "Write a tag for each token, such as B-PER, under 'ner_tags', if the spans count tokens",
    ),
    "DyGIE": (
        {"doc_key": "a", "sentences": [["Mia", "left"]], "ner": [[[0, 0, "PER"]]]},
        {},
        "a record with 'tokens' and 'ner_tags' for each list under 'sentences'",
    ),
    "tagtog": (
        {"annotatable": {"parts": ["s1"]}, "entities": [{"classId": "e", "offsets": []}]},
        {},
        "but with 'entities'. Write each text and its entities as one record",
    ),
    "the dataset viewer": (
        {"features": [{"name": "text"}], "rows": [{"row": {"text": TEXT}}]},
        {},
        "one with many records: write what is under 'rows' as a list",
    ),
    "a row of the dataset viewer": (
        {"row_idx": 0, "row": {"tokens": ["Mia"], "ner_tags": [0]}},
        {},
        "Write what is under 'row' as the record",
    ),
    "Dialogflow": (
        {"data": [{"text": "book at "}, {"text": "Porto", "entity": "city"}]},
        {},
        "'data' has the pieces of a text. Write the whole text, with its entities",
    ),
    "Labelbox": (
        {"text": TEXT, "objects": [{"value": "PER", "location": {"start": 0, "end": 6}}]},
        {},
        "spans are under the key 'objects'",
    ),
    "Kili": (
        {"text": TEXT, "NER": {"annotations": [{"beginOffset": 0, "content": "Mia Ota"}]}},
        {},
        "'NER.annotations' seems to have entities, but does not say where they stand",
    ),
    "CLUENER": (
        {"text": TEXT, "label": {"name": {"Mia Ota": [[0, 6]]}}},
        {},
        'Write it as {"start": 0, "end": 3, "label": "PER"}, with the end after the last character',
    ),
    "NaN": ('{"text": "Mia", "score": NaN}', {}, "write null in its place"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_other_shapes_are_refused_with_a_remedy(kind, tmp_path):
    record, options, message = REFUSED[kind]
    content = record if isinstance(record, str) else json.dumps(record)
    (bad,) = read(tmp_path, "auto", content, name="a.jsonl", **options)
    assert isinstance(bad, BadLine)
    assert message in bad.message


def test_an_answer_that_was_not_submitted_is_no_label(tmp_path):
    answers = [{"value": [SPAN], "status": "submitted"}, {"value": [], "status": "discarded"}]
    records = [{**RESPONSES, "responses": {"ents": given}} for given in (answers, answers[1:])]
    content = "\n".join(map(json.dumps, records))
    options = {"text_key": "fields.text", "spans_key": "responses.ents.value"}
    first, second = read(tmp_path, "auto", content, name="a.jsonl", **options)
    assert entities(first) == [MIA]
    assert not second.doc.has_annotation("ENT_IOB")


@pytest.mark.parametrize(
    "more",
    [
        {"meta": {"log": [{"start_time": "2024-01-01", "end_time": "2024-01-02"}]}},
        {"user": {"groups": {"all": [{"name": "Ann", "type": "staff"}]}}},
        {"suggestions": {"ents": {"value": [SPAN]}}},
        {"versions": [{"spans": [SPAN]}]},
    ],
)
def test_what_is_no_annotation_is_passed_over(more, tmp_path):
    (sentence,) = read(tmp_path, "auto", json.dumps({"text": TEXT, **more}), name="a.jsonl")
    assert not sentence.doc.has_annotation("ENT_IOB")


@pytest.mark.parametrize(("spans_key", "labelled"), [(None, True), ("none", False)])
def test_tokens_with_an_empty_list_of_entities_are_labelled(spans_key, labelled, tmp_path):
    record = json.dumps({"tokens": ["Mia", "left"], "entities": []})
    (sentence,) = read(tmp_path, "jsonl", record, spans_key=spans_key)
    assert sentence.doc.has_annotation("ENT_IOB") is labelled


def test_keys_inside_objects_are_among_those_that_are_shown(tmp_path):
    content = json.dumps({"row": {"text": TEXT, "spans": [SPAN]}})
    options = {"text_key": "row.text", "spans_key": "row.spans"}
    assert how(tmp_path, content, name="a.jsonl", **options)[1] == "keys row.text, row.spans"
