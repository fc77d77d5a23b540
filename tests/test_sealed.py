"""Seals: whatever is cut, changed or lost is noticed."""

import pytest

from spacy_deepal.errors import DeepALError
from spacy_deepal.rounds.rows import Selected
from spacy_deepal.sealed import (
    find_damage,
    hash_folder,
    read_sealed,
    read_sealed_json,
    seal_folder,
    write_sealed,
    write_sealed_json,
)

ROWS = [
    Selected(id=name, words=words, score=score)
    for name, words, score in (("a", 3, 0.25), ("b\u2028", 1, 1 / 3), ("c", 2, -1e-300))
]


@pytest.fixture
def file(tmp_path):
    assert write_sealed(tmp_path / "a.jsonl", ROWS) == 3
    return tmp_path / "a.jsonl"


def read(file):
    return [value for _, value in read_sealed(file, "Write it again.")]


def test_rows_come_back_without_the_seal(file):
    assert read(file) == [row.model_dump() for row in ROWS]


def test_no_rows_are_sealed_too(tmp_path):
    assert write_sealed(tmp_path / "none.jsonl", []) == 0
    assert read(tmp_path / "none.jsonl") == []


def test_line_ends_of_another_system_are_no_damage(file):
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert len(read(file)) == 3


def test_a_file_cut_at_any_byte_is_refused_with_the_remedy(file):
    content = file.read_bytes()
    for size in range(len(content) - 1):  # without the last line end it is whole
        file.write_bytes(content[:size])
        with pytest.raises(DeepALError, match=r"a\.jsonl.* Write it again\."):
            read(file)


def test_any_lost_doubled_or_exchanged_line_is_noticed(file):
    lines = file.read_bytes().splitlines(keepends=True)
    one, two, three, seal = lines
    for wrong in (
        *([*lines[:n], *lines[n + 1 :]] for n in range(4)),
        *([*lines[: n + 1], *lines[n:]] for n in range(3)),
        [two, one, three, seal],
        [*lines, one],
    ):
        file.write_bytes(b"".join(wrong))
        with pytest.raises(DeepALError, match=r"a\.jsonl.* Write it again\."):
            read(file)


def test_any_changed_digit_is_noticed(file):
    content = file.read_bytes()
    for place, byte in enumerate(content):
        if chr(byte).isdigit():
            other = b"7" if byte != ord("7") else b"8"
            file.write_bytes(content[:place] + other + content[place + 1 :])
            with pytest.raises(DeepALError, match=r"a\.jsonl.* Write it again\."):
                read(file)


def test_a_row_that_is_sealed_comes_back_and_any_flipped_bit_is_noticed(tmp_path):
    file = tmp_path / "a.json"
    write_sealed_json(file, ROWS[1])
    assert read_sealed_json(file, "") == ROWS[1].model_dump()
    content = file.read_bytes()
    for bit in range(8 * len(content)):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        file.write_bytes(changed)
        if not chr(content[bit // 8]).isspace():  # between keys and values
            with pytest.raises(DeepALError, match=r"a\.json .* Write it again\.$"):
                read_sealed_json(file, "Write it again.")


@pytest.mark.parametrize("text", ["{}", "[]", '{"id": "a"}', '{"digest": null}', ""])
def test_a_row_without_its_seal_is_refused(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DeepALError, match=r"a\.json .* Write it again\."):
        read_sealed_json(tmp_path / "a.json", "Write it again.")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model" / "ner").mkdir(parents=True)
    (tmp_path / "model" / "ner" / "model").write_bytes(bytes(100))
    (tmp_path / "model" / "meta.json").write_text("{}")
    seal_folder(tmp_path / "model")
    return tmp_path / "model"


def test_a_sealed_folder_is_whole_and_more_files_do_no_harm(folder):
    (folder / "README.md").write_text("mine")
    assert find_damage(folder) == ""


@pytest.mark.parametrize("bit", [0, 333, 799])
def test_a_flipped_bit_is_noticed(folder, bit):
    content = bytearray(100)
    content[bit // 8] ^= 1 << bit % 8
    (folder / "ner" / "model").write_bytes(content)
    assert find_damage(folder) == "ner/model was changed or cut"


def test_what_is_missing_is_named(folder):
    (folder / "meta.json").unlink()
    assert find_damage(folder) == "meta.json is missing"
    (folder / "seal.json").write_text("[")
    assert find_damage(folder) == "seal.json is damaged"
    (folder / "seal.json").unlink()
    assert find_damage(folder) == "seal.json is missing"


def test_the_hash_of_a_folder_depends_on_names_and_contents(folder):
    before = hash_folder(folder)
    (folder / "meta.json").rename(folder / "meta2.json")
    assert hash_folder(folder) != before
    (folder / "meta2.json").rename(folder / "meta.json")
    assert hash_folder(folder) == before
