"""Drafts: nothing is left of a process that is dead, and what lives is left alone."""

import errno
import os
import subprocess
import sys

import pytest

from spacy_deepal.drafts import EARLIER, MACHINE, PART, draft_of, writing
from spacy_deepal.errors import DeepALError
from spacy_deepal.files import draft_beside, replace_folder, write_json


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def dead():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def living():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process.pid
    process.communicate()


def draft_name(process, machine=MACHINE):
    return f".pool.{machine}-{process}{PART}"


def test_the_next_draft_removes_those_of_dead_processes_and_no_others(tmp_path, dead, living):
    folder = tmp_path / draft_name(dead)
    folder.mkdir()
    (folder / "shard").write_text("half")
    others = [draft_name(living), draft_name(dead, "elsewhere"), ".pool2.part", ".pool.txt", "pool"]
    for name in others:
        (tmp_path / name).write_text("")
    with draft_of(tmp_path / "pool"):
        assert names(tmp_path) == sorted(others)
    assert names(tmp_path) == sorted(others)


def test_a_file_of_a_dead_process_with_our_own_number_is_removed(tmp_path):
    """In containers every process may have the same number."""
    (tmp_path / draft_name(os.getpid())).write_text("half")
    write_json(tmp_path / "pool", 1)
    assert names(tmp_path) == ["pool"]


def test_a_folder_that_a_dead_process_moved_away_is_put_back(tmp_path, dead):
    earlier = tmp_path / (draft_name(dead) + EARLIER)
    earlier.mkdir()
    (earlier / "shard").write_text("all")
    with draft_beside(tmp_path / "pool"):
        assert (tmp_path / "pool" / "shard").read_text() == "all"
    assert names(tmp_path) == ["pool"]


def test_what_a_dead_process_had_replaced_already_is_removed(tmp_path, dead):
    (tmp_path / (draft_name(dead) + EARLIER)).mkdir()
    (tmp_path / "pool").mkdir()
    with draft_beside(tmp_path / "pool") as draft:
        (draft / "new").write_text("")
        replace_folder(draft, tmp_path / "pool")
    assert (names(tmp_path), names(tmp_path / "pool")) == (["pool"], ["new"])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EFBIG])
def test_a_full_disk_names_what_could_not_be_written(tmp_path, number):
    text = os.strerror(number)
    expected = f"a cannot be written: {text}. Make room there, or name another path"
    with pytest.raises(DeepALError, match=expected), writing(tmp_path / "a"):
        raise OSError(number, text)


def test_an_error_of_reading_is_not_taken_for_one_of_writing(tmp_path):
    with pytest.raises(PermissionError), writing(tmp_path / "a"):
        raise PermissionError(errno.EACCES, "denied", "other")


def test_a_full_disk_names_no_hidden_draft(tmp_path):
    out = tmp_path / "out"
    with (
        pytest.raises(DeepALError, match=rf"^{out}/train/a cannot be written"),
        draft_beside(out) as draft,
        draft_beside(draft / "train") as inner,
        writing(inner / "a"),
    ):
        raise OSError(errno.ENOSPC, "full")
