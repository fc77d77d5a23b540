import errno
import os

import pytest

from spacy_deepal.corpus.folders import find_files, split_named
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


def test_folders_that_are_not_looked_into_have_a_reason(tmp_path, monkeypatch):
    data = tmp_path / "data"
    for name in ("open", "closed", "other"):
        (data / name).mkdir(parents=True)
        (data / name / "a.txt").write_text("x")
    (data / "link").symlink_to(data / "open")
    listed = type(data).iterdir

    def iterdir(folder):
        if folder.name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(type(data), "iterdir", iterdir)
    found = find_files([data])
    assert [str(path.relative_to(data)) for path in found.files] == ["open/a.txt", "other/a.txt"]
    assert {path.name: reason for path, reason in found.unread.items()} == {
        "closed": "the folder cannot be read: Permission denied",
        "link": "a link to a folder. Name the folder itself to read it",
    }


def test_the_files_of_conll_2003_are_read_under_their_published_names(tmp_path):
    for name in ("eng.train", "eng.testa", "eng.testb", "eng.raw"):
        (tmp_path / name).write_text("Mia NNP I-NP I-PER\nran VBD I-VP O\n\n")
    found = find_files([tmp_path])
    assert [path.name for path in found.files] == ["eng.testa", "eng.testb", "eng.train"]
    assert [split_named(path.name) for path in found.files] == ["dev", "test", "train"]
    assert [*map(split_named, ["test", "valid.jsonl", "train.a.gz", "a.train.gz", "a.txt"])] == [
        *("test", "dev", "train", "train", None)
    ]
