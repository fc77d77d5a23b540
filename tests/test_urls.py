"""Files at URLs: whole or refused with one clear error; a URL is never taken for a local path."""

import sys
from pathlib import Path

import pytest
from upath import UPath

from spacy_deepal.errors import DeepALError
from spacy_deepal.files import check_output, placed_jsonl, write_atomically, write_jsonl
from spacy_deepal.urls import (
    as_path,
    is_file,
    is_folder,
    is_local,
    is_url,
    list_files,
    local_path,
    open_to_read,
    read_bytes,
    read_each,
    remove,
)

from .pools import upload


@pytest.mark.parametrize(
    "path",
    [
        *("s3://bucket", "s3://bucket/pool", "memory://pool", "file:///pool", "az://a/b"),
        *("simplecache::s3://bucket/pool", Path("s3://bucket/pool"), Path("zip://a::s3://b/c")),
    ],
)
def test_a_url_is_told_also_when_pathlib_has_read_it(path):
    assert is_url(path)
    with pytest.raises(DeepALError, match=r"://.* is a URL, and a local path is needed here"):
        local_path(path)


@pytest.mark.parametrize(
    "path", ["pool", "/a/pool", "../s3", "a:b/c", "C:/pool", "C:\\pool", "x::y"]
)
def test_a_local_path_is_none_and_stays_a_path_of_pathlib(path):
    assert not is_url(path)
    assert local_path(path) == as_path(path) == Path(path)
    assert type(as_path(path)) is type(Path(path))
    assert as_path(Path(path)) == Path(path)


@pytest.mark.parametrize("path", [Path("s3://bucket/pool"), "s3:/bucket/pool"])
def test_a_url_that_has_lost_a_slash_is_refused(path):
    with pytest.raises(DeepALError, match=r"s3:/bucket/pool is a URL that has lost a slash"):
        as_path(path)


def test_a_path_with_options_of_its_own_stays_as_it_is(memory):
    path = UPath(memory, skip_instance_cache=True)
    assert as_path(path) is path
    assert not is_local(path)


def test_a_protocol_that_nobody_knows_is_said():
    with pytest.raises(DeepALError, match=r"foo://x cannot be reached. ValueError: .*'foo'"):
        as_path("foo://x")


def test_a_missing_package_is_named(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "upath", None)
        with pytest.raises(
            DeepALError, match=r'pip install "spacy_deepal\[cloud\]".* s3fs for s3://'
        ):
            as_path("s3://bucket/pool")
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(DeepALError, match=r"s3://bucket/pool cannot be reached. .*Install s3fs"):
        as_path("s3://bucket/pool")


def test_a_fault_of_ours_is_not_one_of_the_store(memory):
    write_jsonl(f"{memory}/file", [1])
    with pytest.raises(KeyError), open_to_read(as_path(f"{memory}/file")):
        raise KeyError


def test_what_is_written_is_read(memory):
    assert write_jsonl(f"{memory}/a/b.jsonl", [1, "é"]) == 2
    assert [value for _, value in placed_jsonl(f"{memory}/a/b.jsonl")] == [1, "é"]
    assert read_bytes(as_path(f"{memory}/a/b.jsonl")) == b'1\n"\xc3\xa9"\n'
    assert is_file(as_path(f"{memory}/a/b.jsonl"))
    assert is_folder(as_path(f"{memory}/a"))
    assert not is_file(as_path(f"{memory}/a"))
    assert not is_folder(as_path(f"{memory}/c"))


def test_after_an_error_nothing_is_written_and_what_was_there_stays(memory):
    def broken():
        yield 2
        raise KeyError

    write_jsonl(f"{memory}/file", [1])
    for name in ("file", "other"):
        with pytest.raises(KeyError):
            write_jsonl(f"{memory}/{name}", broken())
    assert list_files(as_path(memory), "") == {"file": 2}
    assert read_bytes(as_path(f"{memory}/file")) == b"1\n"


def test_a_file_url_is_written_like_a_local_file(tmp_path):
    with write_atomically(f"{tmp_path.as_uri()}/new/file", "wb") as stream:
        stream.write(b"x")
        assert not (tmp_path / "new" / "file").exists()
    assert (tmp_path / "new" / "file").read_bytes() == b"x"


@pytest.mark.parametrize("where", ["memory", "tmp_path"])
def test_files_are_listed_by_name(where, request, tmp_path):
    names = {"a.x", "b/c.x", ".d/e.x", "f.y"}
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"12")
    folder = upload(tmp_path, request.getfixturevalue(where))
    size = None if is_local(folder) else 2
    assert list_files(folder, ".x") == {"a.x": size, "b/c.x": size, ".d/e.x": size}
    assert list_files(folder / "a.x", ".x") == {"": size}
    assert list_files(folder / "none", ".x") == {}


@pytest.mark.parametrize("where", ["memory", "tmp_path"])
def test_many_files_are_read_in_their_order_and_missing_ones_are_none(
    where, request, tmp_path, monkeypatch
):
    monkeypatch.setattr("spacy_deepal.urls.TOGETHER", 2)
    for number in range(5):
        (tmp_path / str(number)).write_bytes(bytes([number]))
    (tmp_path / "3").unlink()
    folder = upload(tmp_path, request.getfixturevalue(where))
    files = [folder / str(number) for number in range(6)]
    assert list(read_each(files)) == [b"\0", b"\1", b"\2", None, b"\4", None]
    assert list(read_each([None, files[2], None, None, files[4]])) == [
        *(None, b"\2", None, None, b"\4")
    ]


@pytest.mark.parametrize("where", ["memory", "tmp_path"])
def test_what_is_not_there_can_be_removed(where, request, tmp_path):
    (tmp_path / "x").touch()
    file = upload(tmp_path, request.getfixturevalue(where)) / "x"
    for _ in range(2):
        remove(file)
        assert not is_file(file)
    with pytest.raises(FileNotFoundError):
        read_bytes(file)


def test_what_is_read_at_a_url_is_not_written_over(memory, tmp_path):
    (tmp_path / "x").touch()
    check_output(f"{memory}/scores", f"{memory}/pool", tmp_path, None)
    check_output(tmp_path / "scores", f"{memory}/pool", None)
    for output, given in (("pool", "pool"), ("pool/a", "pool"), ("a", "a/pool")):
        with pytest.raises(DeepALError, match="is read here"):
            check_output(f"{memory}/{output}", f"{memory}/{given}")
