import gzip

import numpy
import pytest
import spacy
from spacy.vectors import Vectors
from thinc.api import Config

from spacy_deepal.errors import DeepALError
from spacy_deepal.vectors.word_file import find_vectors, read_word_file

LINES = "Ada 1 2\nada 3 4.5\nlondon -5 6e-1\nRome 7 8\nParis 9 9\n"


@pytest.fixture
def write(tmp_path):
    def write(text, name="words.txt"):
        data = text if isinstance(text, bytes) else text.encode("utf8")
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return tmp_path / name

    return write


@pytest.mark.parametrize("header", ["", "5 2\n"])
@pytest.mark.parametrize("name", ["glove.txt", "wiki.vec", "glove.txt.gz"])
def test_words_are_found_as_they_are_or_in_another_case(write, header, name):
    file = write(header + LINES, name)
    words = ["Ada", "ada", "ADA", "LONDON", "rome", "ROME", "Bonn"]
    expected = [[1, 2], [3, 4.5], [3, 4.5], [-5, 0.6], [7, 8], [7, 8], [0, 0]]
    assert find_vectors(file, words) == pytest.approx(numpy.asarray(expected))


@pytest.mark.parametrize("header", ["", "5 2\n"])
def test_a_byte_order_mark_is_no_part_of_the_first_line(write, header):
    file = write("\ufeff" + header + LINES)
    assert find_vectors(file, ["Ada", "Paris"]).tolist() == [[1, 2], [9, 9]]


def test_only_wanted_words_are_kept_and_the_first_of_equal_ones(write):
    found = read_word_file(write(LINES + "Ada 0 0\n"), {"Ada", "Bonn"})
    assert {word: vector.tolist() for word, vector in found.items()} == {"Ada": [1, 2]}


def test_odd_lines_of_published_files_are_read(write):
    """Words with spaces or line ends of Unicode in them or no UTF-8, spaces and CR at the end."""
    text = "Ada 1 2\r\n. . . 3 4 \nx\u2028y 5 6\n\u00a0 7 8\n".encode() + b"\xff\xfe 1 1\n"
    found = read_word_file(write(text), {"Ada", ". . .", "x\u2028y", "\u00a0"})
    assert {word: vector.tolist() for word, vector in found.items()} == {
        **{"Ada": [1, 2], ". . .": [3, 4], "x\u2028y": [5, 6], "\u00a0": [7, 8]}
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a 1 2\nb 1\n", "line 2 has 1 numbers, not 2"),
        ("2 3\na 1 2 3\nb 1 2\n", "line 3 has 2 numbers, not 3"),
        ("a 1 2\n\nb 1 2\n", "line 2 has 0 numbers, not 2"),
        ("a 1 2\nada 1 x\n", "line 2 does not hold a vector: b'1 x'"),
        ("ada 1 nan\n", "line 1 does not hold a vector"),
        ("ada\t1\t2\n", "line 1 has 0 numbers"),
        ("1 0\nada 1\n", "line 2 has 1 numbers, not 0"),
    ],
)
def test_malformed_line_is_named_with_what_it_should_be(write, text, message):
    file = write(text)
    with pytest.raises(DeepALError) as error:
        find_vectors(file, ["ada"])
    assert str(error.value).startswith(f"{file}, {message}")
    assert "A line must be a word and the numbers of its vector" in str(error.value)


def test_damaged_archive_is_named(write):
    file = write(LINES * 100, "cut.txt.gz")
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DeepALError, match=r"cut.txt.gz cannot be read: .* Download it again"):
        find_vectors(file, ["ada"])
    file.write_bytes(b"no archive")
    with pytest.raises(DeepALError, match=r"cut.txt.gz cannot be read"):
        find_vectors(file, ["ada"])


def test_empty_file_has_no_word(write):
    assert not find_vectors(write(""), ["ada"]).any()


def test_words_are_found_in_a_pipeline(tmp_path):
    nlp = spacy.blank("en")
    data = numpy.asarray([[1, 2], [3, 4]], "float32")
    nlp.vocab.vectors = Vectors(data=data, keys=["ada", "Rome"])
    nlp.to_disk(tmp_path / "pipeline")
    found = find_vectors(tmp_path / "pipeline", ["Ada", "rome", "Rome", "Bonn"])
    assert found.tolist() == [[1, 2], [3, 4], [3, 4], [0, 0]]


def test_a_pipeline_that_cannot_be_built_is_refused(tmp_path):
    nlp = spacy.blank("en")
    nlp.vocab.set_vector("ada", numpy.ones(2))
    nlp.to_disk(tmp_path / "pipeline")
    config = Config().from_disk(tmp_path / "pipeline" / "config.cfg")
    config["nlp"]["pipeline"], config["components"]["mine"] = ["mine"], {"factory": "of_nobody"}
    config.to_disk(tmp_path / "pipeline" / "config.cfg")
    with pytest.raises(DeepALError, match=r"(?s)Cannot load the pipeline .*of_nobody"):
        find_vectors(tmp_path / "pipeline", ["ada"])


def test_neither_file_nor_pipeline_is_refused():
    with pytest.raises(DeepALError, match="nonesuch"):
        find_vectors("nonesuch", ["ada"])
