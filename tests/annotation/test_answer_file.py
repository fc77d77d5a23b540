"""What several sources say about a batch, beside each other in one file."""

import json

from spacy_deepal.annotation.answer_file import add_replies
from spacy_deepal.annotation.replies import Reply

TEXTS = {"a": "Ada saw Rome.", "b": "Bob slept."}


def add(file, source, *replies):
    said = [Reply(name, "accept", spans) for name, *spans in replies]
    return add_replies(file, said, source, set(TEXTS), TEXTS)


def test_what_a_source_has_not_changed_keeps_its_place(tmp_path):
    file = tmp_path / "labelled.jsonl"
    assert add(file, "ada", ("a",), ("b",)) == 2
    assert add(file, "bob", ("a", (0, 3, "PER")), ("b", (0, 3, "PER"))) == 2
    assert add(file, "ada", ("a", (8, 12, "LOC")), ("b",)) == 1
    lines = [json.loads(line) for line in file.read_text("utf8").splitlines()]
    assert [(line["id"], line["source"]) for line in lines] == [
        ("b", "ada"),
        ("a", "bob"),
        ("b", "bob"),  # so of b this is still the last answer
        ("a", "ada"),
    ]
    before = file.read_bytes()
    assert add(file, "ada", ("a", (8, 12, "LOC")), ("b",)) == 0
    assert file.read_bytes() == before
