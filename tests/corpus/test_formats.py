import pytest

from spacy_deepal.corpus.formats import detect_format
from spacy_deepal.errors import DeepALError


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("a.spacy", "", "spacy"),
        ("a.JSONL", "", "jsonl"),
        ("a.iob2", "# text = x\nx\tO\n", "iob2"),
        ("a.txt", "x\tO\ny\tB-creative-work\nbad\n", "iob2"),
        ("a.conll", "-DOCSTART- -X- -X- O\n\nx Y Z O\n", "conll2003"),
        ("a", "x\tY\tZ\tO\n", "conll2003"),
        ("a.txt", "Rain.\n\n[Ada](PERSON) sings.\n", "inline"),
        ("a.txt", "Rain. See [1] and [here](http://x.org/a).\nMy type is O\n", "text"),
        ("a.txt", "", "text"),
    ],
)
def test_the_format_is_told_by_the_suffix_or_the_lines(tmp_path, name, content, format):
    (tmp_path / name).write_text(content)
    assert detect_format(tmp_path / name) == format


def test_a_file_of_columns_of_no_known_shape_is_reported(tmp_path):
    (tmp_path / "a.conll").write_text("a b c\n")
    with pytest.raises(DeepALError, match=r"a\.conll: neither the name .*--format: iob2, conll"):
        detect_format(tmp_path / "a.conll")


@pytest.mark.parametrize("row", ["EU B-ORG", "EU NNP B-ORG", "EU\t1\tx\tNNP\tB-ORG"])
def test_columns_in_a_txt_file_are_not_taken_for_text(tmp_path, row):
    (tmp_path / "train.txt").write_text(f"{row}\nrejects O\ncalls O\n")
    with pytest.raises(DeepALError, match=r"train\.txt: neither .* In iob2 there is a tab"):
        detect_format(tmp_path / "train.txt")
