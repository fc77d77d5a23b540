"""What several sources say about a batch, beside each other in one file."""

import json
from concurrent.futures import ThreadPoolExecutor

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


def test_an_answer_that_moved_within_its_source_is_not_a_new_one(tmp_path):
    file = tmp_path / "labelled.jsonl"

    def place(line, source):
        said = [Reply("a", "accept", where=f"{source}.jsonl, line {line}")]
        return add_replies(file, said, source, {"a"}, TEXTS)

    assert place(1, "ada") == place(1, "bob") == 1
    assert place(2, "ada") == 0
    lines = [json.loads(line) for line in file.read_text("utf8").splitlines()]
    assert [line["where"] for line in lines] == ["ada.jsonl, line 2", "bob.jsonl, line 1"]


def test_answers_that_are_taken_in_at_the_same_time_are_all_kept(tmp_path):
    file, sources = tmp_path / "labelled.jsonl", [f"source {number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(lambda source: add(file, source, ("a",)), sources)] == [1] * 40
    lines = [json.loads(line) for line in file.read_text("utf8").splitlines()]
    assert sorted(line["source"] for line in lines) == sorted(sources)
