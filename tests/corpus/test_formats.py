import pytest

from spacy_deepal.corpus.formats import ALL_FORMATS, check_format
from spacy_deepal.errors import DeepALError

from .build import how, read


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("a.spacy", "", "spacy"),
        ("a.JSONL", "", "jsonl"),
        ("a.txt", '{"text": "x"}\n', "jsonl"),
        ("a.iob2", "# text = x\nx\tO\n", "columns"),
        ("a.txt", "x\tO\ny\tB-creative-work\nbad\n", "columns"),
        ("a.conll", "-DOCSTART- -X- -X- O\n\nx Y Z O\n", "columns"),
        ("a", "x\tY\tZ\tO\n", "columns"),
        ("train.txt", "EU B-ORG\nrejects O\ncalls O\n", "columns"),
        ("a.conll", "#begin document (x); part 000\n", "conll2012"),
        ("a.txt", "Rain.\n\n[Ada](PERSON) sings.\n", "inline"),
        ("a.txt", "Rain. See [1] and [here](http://x.org/a).\nMy type is O\n", "text"),
        ("a.txt", "", "text"),
    ],
)
def test_the_format_is_told_by_the_suffix_or_the_lines(tmp_path, name, content, format):
    assert how(tmp_path, content, name=name)[0] == format


@pytest.mark.parametrize("name", ["a.conll", "a.tsv"])
def test_a_file_of_no_known_shape_is_reported(tmp_path, name):
    with pytest.raises(DeepALError, match=rf"{name}: neither the name .*--format: spacy, brat"):
        how(tmp_path, "a b c\n", name=name)


@pytest.mark.parametrize("name", ["LICENSE", "README.md", "license.txt"])
def test_a_licence_is_no_pool(tmp_path, name):
    with pytest.raises(DeepALError, match=r"about the data\. If it is text, .*--format text"):
        how(tmp_path, "You may copy this.\n", name=name)
    assert len(read(tmp_path, "text", "You may copy this.\n", name=name)) == 1


@pytest.mark.parametrize("format", sorted(set(ALL_FORMATS) - {"text", "inline"}))
def test_raw_text_is_of_no_other_format(tmp_path, format):
    with pytest.raises(DeepALError, match=f"is not of the format {format}"):
        how(tmp_path, "It rained.\nMia left.\n", format=format)


def test_an_unknown_format_is_reported():
    with pytest.raises(DeepALError, match=r"Unknown format 'conll'\. Known: auto, spacy"):
        check_format("conll")


def test_yaml_with_marks_is_no_list_of_sentences(tmp_path):
    content = "nlu:\n- examples: |\n    - [Ada](PER) met\n"
    with pytest.raises(DeepALError, match=r"a\.yml: neither the name nor the lines"):
        how(tmp_path, content, name="a.yml")
    assert how(tmp_path, content, name="a.yml", format="inline")[0] == "inline"


def test_the_line_that_excel_reads_is_to_be_deleted(tmp_path):
    with pytest.raises(DeepALError, match=r"the first line, 'sep=;', .* Delete it"):
        how(tmp_path, "sep=;\nword;tag\nMia;B-PER\n", name="a.csv")
