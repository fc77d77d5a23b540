import os

import pytest

from spacy_deepal.corpus.folders import find_files
from spacy_deepal.errors import DeepALError


def test_every_file_that_is_not_read_has_a_reason(tmp_path):
    for name in ("a.txt", "d.txt", "d.ann", "e.ann", "b.pdf", "LICENSE", "README.txt", ".x.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "gone.txt").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.txt")
    found = find_files([tmp_path])
    assert [path.name for path in found.files] == ["a.txt", "d.ann"]
    assert [path.name for path in found.beside] == ["d.txt"]
    assert {path.name: reason for path, reason in found.unread.items()} == {
        ".x.txt": "hidden",
        "LICENSE": "its name says that it is about the data",
        "README.txt": "its name says that it is about the data",
        "b.pdf": "its suffix is none of data",
        "e.ann": "its text e.txt is missing",
        "gone.txt": "a link to nothing",
        "pipe.txt": "not a regular file",
    }


def test_what_is_no_file_is_reported(tmp_path):
    with pytest.raises(DeepALError, match="neither a file nor a folder nor a pipe"):
        find_files(["/dev/null"])
    with pytest.raises(DeepALError, match="There is no file or folder"):
        find_files([tmp_path / "x"])


def test_a_folder_without_data_says_what_it_has(tmp_path):
    (tmp_path / "LICENSE").write_text("x")
    with pytest.raises(DeepALError, match="LICENSE: its name says"):
        find_files([tmp_path])
