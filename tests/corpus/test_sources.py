import gzip
import zipfile
from dataclasses import replace

import pytest

from spacy_deepal.corpus import archives, sources
from spacy_deepal.corpus.archives import open_sources
from spacy_deepal.corpus.folders import open_all
from spacy_deepal.corpus.sources import check_encoding
from spacy_deepal.errors import DeepALError

from .build import read, write


def lines(folder, content, encoding="utf-8"):
    file = folder / "file.txt"
    file.write_bytes(content)
    (source,) = open_sources(file, encoding)
    return [text for _, text in source.lines()]


def test_all_line_ends_end_lines(tmp_path):
    assert lines(tmp_path, b"a\nb\r\nc\rd\r\re\r\r\nf") == ["a", "b", "c", "d", "", "e", "f"]


def test_byte_order_marks_are_left_out_and_end_a_file(tmp_path):
    mark = "\ufeff".encode()
    assert lines(tmp_path, mark + b"a\n" + mark + b"b\n") == ["a", "", "b"]
    assert lines(tmp_path, b"a" + mark) == ["a\ufeff"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1", "gb18030", "cp1252"])
def test_other_encodings_are_read(tmp_path, encoding):
    assert lines(tmp_path, "Zoé\nB".encode(encoding), encoding) == ["Zoé", "B"]


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        ("a\nZoë\n".encode("latin-1"), "utf-8", r"file\.txt:2: not UTF-8: byte 4 .* is 0xeb"),
        (b"x" * 70000 + b"\n\xff", "utf-8", r"file\.txt:2: .* byte 70001 of the file is 0xff"),
        ("Zoe".encode("utf-16"), "utf-8", r"byte 0 .* is 0xff.*--encoding utf-16"),
        (b"\xd6", "gb18030", r"file\.txt:1: not GB18030: byte 0 of the file is 0xd6"),
        (b"a", "utf-16-le", r"file\.txt:1: not UTF-16-LE"),
        ("Zoe".encode("utf-16-le"), "utf-8", r"file\.txt:1: a NUL character.*utf-16-le"),
    ],
)
def test_a_byte_that_does_not_fit_is_reported_with_its_place(tmp_path, content, encoding, message):
    with pytest.raises(DeepALError, match=message):
        lines(tmp_path, content, encoding)


@pytest.mark.parametrize("name", ["utf-99", "base64", ""])
def test_an_unknown_encoding_is_reported(name):
    with pytest.raises(DeepALError, match="There is no encoding"):
        check_encoding(name)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("one\ntwo\nthr", "one\ntwo\n"),
        ("a B\nb O\n\na B\nb O\n\na", "a B\nb O\n\na B\nb O\n"),
    ],
)
def test_the_beginning_ends_with_a_line_or_a_block(tmp_path, monkeypatch, text, wanted):
    source = write(tmp_path, text)
    assert source.beginning() is source
    monkeypatch.setattr(sources, "FIRST_BYTES", len(text) - 1)
    assert source.beginning().read_text() == wanted
    wide = replace(source, encoding="utf-16")
    assert wide.beginning() is wide  # a line end is two bytes there


def test_what_is_packed_is_read_as_it_is(tmp_path):
    content = b"Mia\tB-X\nran\tO\n"
    (plain,) = read(tmp_path, "auto", content)
    (packed,) = read(tmp_path, "auto", gzip.compress(content), name="a.iob2.gz")
    assert [t.text for t in packed.doc] == [t.text for t in plain.doc]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("b/x.iob2", "d.txt", "d.ann", "README.md", "__MACOSX/x.iob2", "c.pdf"):
            archive.writestr(name, content)
    found, unread = open_all(tmp_path / "a.zip")
    assert [str(source.path.relative_to(tmp_path)) for source in found] == [
        "a.zip/b/x.iob2",
        "a.zip/d.ann",
    ]
    assert found[1].text.read_text() == content.decode()
    assert found[0].read_bytes() == content
    assert sorted(path.name for path in unread) == ["README.md", "c.pdf", "x.iob2"]


@pytest.mark.parametrize("name", ["a.gz", "a.zip"])
@pytest.mark.parametrize("content", [b"no archive", gzip.compress(b"a" * 99, mtime=0)[:-12]])
def test_a_damaged_archive_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DeepALError, match=rf"{name} is damaged"):
        [list(source.lines()) for source in open_sources(tmp_path / name)]


def test_a_decompression_bomb_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_UNPACKED", 1 << 20)
    source = write(tmp_path, gzip.compress(b"a\n" * (1 << 21)), "a.txt.gz")
    with pytest.raises(DeepALError, match="more than 200 times its size"):
        list(source.lines())


def test_an_archive_of_windows_has_folders(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("data\\a.txt", "data\\README.txt"):
            archive.writestr(zipfile.ZipInfo(name), "x")
    found, unread = open_all(tmp_path / "a.zip")
    assert [source.path for source in found] == [tmp_path / "a.zip" / "data" / "a.txt"]
    assert list(unread) == [tmp_path / "a.zip" / "data" / "README.txt"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_no_file_of_an_archive_hides_another(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "x")
        archive.writestr("a.txt", "y")
    with pytest.raises(DeepALError, match=r"a\.zip has two files of the name a\.txt"):
        open_all(tmp_path / "a.zip")
