import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_deepal import files
from spacy_deepal.errors import DeepALError
from spacy_deepal.files import read_json, read_jsonl, write_atomically, write_json, write_jsonl

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
).filter(lambda value: "\\ud" not in ascii(value))  # no half of a surrogate pair


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_its_place_when_all_is_written(tmp_path):
    file = tmp_path / "new" / "a.txt"
    with write_atomically(file) as stream:
        stream.write("one")
        assert not file.exists()
    assert (file.read_text(), names(file.parent)) == ("one", ["a.txt"])


def test_an_error_leaves_what_was_there_and_no_draft(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("old")

    def write_half():
        with write_atomically(file) as stream:
            stream.write("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert (file.read_text(), names(tmp_path)) == ("old", ["a.txt"])


def test_a_crash_at_the_last_moment_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "a.json"
    write_json(file, "old")

    def crash(_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(OSError, match="disk full"):
        write_json(file, "new")
    assert (read_json(file), names(tmp_path)) == ("old", ["a.json"])


def test_bytes_are_written_as_they_are(tmp_path):
    with write_atomically(tmp_path / "a", "wb") as stream:
        stream.write(b"\r\n\x00\xff")
    assert (tmp_path / "a").read_bytes() == b"\r\n\x00\xff"


def test_an_interrupted_stream_of_lines_writes_nothing(tmp_path):
    def lines():
        yield {"a": 1}
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_jsonl(tmp_path / "a.jsonl", lines())
    assert names(tmp_path) == []


@given(lines=st.lists(JSON, max_size=4))
def test_json_comes_back_to_the_last_bit(lines, tmp_path_factory):
    file = tmp_path_factory.mktemp("json") / "a.jsonl"
    assert write_jsonl(file, lines) == len(lines)
    assert repr(read_jsonl(file)) == repr(lines)
    files.write_json(file, lines)
    assert repr(read_json(file)) == repr(lines)


def test_any_character_that_ends_a_line_elsewhere_is_kept(tmp_path):
    line = {"id": "a\u2028b\x85c\x0bd\re\nf"}
    write_jsonl(tmp_path / "a.jsonl", [line, line])
    assert read_jsonl(tmp_path / "a.jsonl") == [line, line]


def test_a_folder_is_not_replaced_by_a_file(tmp_path):
    with pytest.raises(DeepALError, match=r"is a folder. Name a file to write to."):
        write_json(tmp_path, {})


def test_a_file_that_cannot_be_written_is_named_before_anything_is_made(tmp_path):
    (tmp_path / "file").write_text("")
    lines = iter([1, 2])
    with pytest.raises(DeepALError, match=r"file/out.jsonl cannot be written: "):
        write_jsonl(tmp_path / "file" / "out.jsonl", lines)
    assert next(lines) == 1
