import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_deepal import files
from spacy_deepal.errors import DeepALError
from spacy_deepal.files import (
    check_output,
    check_replaceable,
    draft_beside,
    hash_files,
    placed_jsonl,
    read_json,
    replace_folder,
    write_atomically,
    write_json,
    write_jsonl,
)

from .pools import read_jsonl

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
    with pytest.raises(DeepALError, match=r"a.json cannot be written: disk full. Make room"):
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


def test_a_file_that_is_not_there_is_named(tmp_path):
    for read in (read_json, read_jsonl):
        with pytest.raises(DeepALError, match=r"There is no file .*nope\."):
            read(tmp_path / "nope")
        with pytest.raises(DeepALError, match="is a folder, and a file must be there"):
            read(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"a": 1', "is not JSON: Expecting"),
        (b'"\xe9"', "is not JSON: 'utf-8' codec"),
        (b"[" * 100_000, "is nested too deeply."),
    ],
)
def test_what_is_not_json_is_named_with_its_line(tmp_path, text, message):
    file = tmp_path / "a.json"
    file.write_bytes(text)
    with pytest.raises(DeepALError, match=f"a.json {message}"):
        read_json(file)
    file.write_bytes(b"{}\n\n" + text + b"\n")
    with pytest.raises(DeepALError, match=f"a.json, line 3 {message}"):
        read_jsonl(file)


def test_values_come_with_their_places_and_blank_lines_are_skipped(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n \n2')
    assert list(placed_jsonl(file)) == [(f"{file}, line 1", {"a": 1}), (f"{file}, line 3", 2)]


def make_folder(folder, *files):
    folder.mkdir()
    for name in files:
        (folder / name).write_text(name)
    return folder


def test_a_replaced_folder_keeps_nothing_of_what_was_there(tmp_path):
    draft, folder = make_folder(tmp_path / "draft", "new"), make_folder(tmp_path / "folder", "old")
    replace_folder(draft, folder)
    assert (names(tmp_path), names(folder)) == (["folder"], ["new"])


def test_a_folder_that_cannot_be_replaced_stays(tmp_path):
    folder = make_folder(tmp_path / "folder", "old")
    with pytest.raises(FileNotFoundError):
        replace_folder(tmp_path / "nope", folder)
    assert (names(tmp_path), names(folder)) == (["folder"], ["old"])


def test_an_unfinished_draft_is_removed(tmp_path):
    def fail():
        with draft_beside(tmp_path / "new" / "folder") as draft:
            (draft / "file").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert names(tmp_path / "new") == []


def test_a_folder_is_replaceable_when_all_in_it_is_ours(tmp_path):
    folder = make_folder(tmp_path / "folder", "a.ours", ".hidden", "b")

    def check(*ours):
        check_replaceable(folder, lambda path: path.name in ours, "a pool")

    check("a.ours", ".hidden", "b")
    check_replaceable(tmp_path / "new", lambda path: False, "a pool")
    with pytest.raises(DeepALError, match=r"other things than a pool \('.hidden', 2 in all\)"):
        check("a.ours")
    with pytest.raises(DeepALError, match=r"b is a file. Name a folder to write a pool to."):
        check_replaceable(folder / "b", lambda path: True, "a pool")


class Killed(BaseException):
    """Stands for the end of the process."""


def test_a_folder_that_a_killed_process_has_taken_away_is_put_back(tmp_path, monkeypatch):
    folder = tmp_path / "pool[1]"
    folder.mkdir()
    (folder / "old").write_text("")
    (tmp_path / ".pool1.x.earlier").mkdir()  # another folder's
    replace = os.replace

    def replace_or_die(old, new):
        if old != folder:
            raise Killed
        replace(old, new)

    with draft_beside(folder) as draft, monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace_or_die)
        with pytest.raises(Killed):
            replace_folder(draft, folder)
    assert not folder.exists()
    check_replaceable(folder, lambda path: True, "a pool")
    assert names(folder) == ["old"]
    assert names(tmp_path) == [".pool1.x.earlier", "pool[1]"]


def test_a_device_or_a_pipe_is_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with (
        pytest.raises(DeepALError, match="pipe is a device or a pipe, which a file would replace"),
        write_atomically(pipe),
    ):
        pass
    assert pipe.is_fifo()


def test_the_hash_of_files_is_of_contents_and_if_wanted_of_names(tmp_path):
    for folder, texts in {"a": ("x", "yz"), "b": ("x", "yz"), "c": ("xy", "z")}.items():
        (tmp_path / folder).mkdir()
        for name, text in zip(("one", "two"), texts, strict=True):
            (tmp_path / folder / name).write_text(text)
    paths = {name: sorted((tmp_path / name).iterdir()) for name in "abc"}
    assert hash_files(paths["a"]) == hash_files(paths["b"])
    assert len({hash_files(paths["a"]), hash_files(paths["a"][::-1]), hash_files(paths["c"])}) == 3
    assert hash_files(paths["a"], tmp_path / "a") == hash_files(paths["b"], tmp_path / "b")
    named = hash_files(paths["a"], tmp_path / "a")
    paths["a"][0].rename(tmp_path / "a" / "also")
    assert hash_files([tmp_path / "a" / "also", paths["a"][1]], tmp_path / "a") != named


def test_an_output_is_no_input_by_whatever_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pool").mkdir()
    (tmp_path / "pool" / "a.txt").write_text("a")
    (tmp_path / "link").symlink_to("pool")
    os.link("pool/a.txt", "hard.txt")
    for output, read in (
        ("pool", "pool"),
        ("pool/../pool", "pool"),
        (tmp_path / "pool", "pool"),
        ("link", "pool"),
        ("pool", "link"),
        ("hard.txt", "pool/a.txt"),
        ("link/a.txt", "hard.txt"),
    ):
        with pytest.raises(DeepALError, match="is read here, so it cannot be written"):
            check_output(output, None, "nowhere", read, inside=True, around=True)


def test_an_output_may_lie_in_an_input_or_around_it_where_this_does_no_harm(tmp_path):
    (tmp_path / "data" / "pool").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "data")
    out, data = tmp_path / "link" / "out", tmp_path / "data"
    with pytest.raises(DeepALError, match=r"is in .*data, which is read here"):
        check_output(out, data)
    with pytest.raises(DeepALError, match=r"data/pool, which is read here, is in .*link"):
        check_output(tmp_path / "link", data / "pool", inside=True)
    check_output(out, data, inside=True)
    check_output(tmp_path / "link", data / "pool", around=True)
