import pytest

from spacy_deepal.corpus.column_layout import find_layouts
from spacy_deepal.corpus.reading import ReadOptions
from spacy_deepal.errors import DeepALError

from .build import entities, how, read, words, write

GERMEVAL = (
    "1\tAnna\tB-PER\tO\n2\tleft\tO\tO\n\n1\tThe\tO\tO\n2\tLyon\tB-ORG\tB-LOC\n3\tOpera\tI-ORG\tO\n"
)


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        ("Anna B-PER\nleft O\n", "word,ner"),
        ("1 Anna NNP B-PER\n2 moved VBD O\n3 . . O\n", "_,word,_,ner"),
        ("d7 s1 Anna B-PER\nd7 s1 left O\nd7 s1 . O\n", "_,_,word,ner"),
        ("1-1\t0-4\tAnna\tB-PER\n1-2\t5-9\tleft\tO\n", "_,_,word,ner"),
        ("B-PER\tAnna\nO\tleft\n", "ner,word"),
        ("Anna B-PER NNP\nleft O VBD\n", "word,ner,_"),
        ("NNP Anna B-PER\nVBD left O\n", "_,word,ner"),
        ("a0f\tAnna\tB-PER\na10\tran\tO\n", "_,word,ner"),
        ("a.txt\t0\t4\tAnna\tB-PER\na.txt\t5\t8\tran\tO\n", "_,_,_,word,ner"),
        ("Covid19 B-X\n", "word,ner"),
        ("anna _ _ B-PER\nleft _ _ O\n", "word,_,_,ner"),
        ("7\tAnna\tO\t-\tx\n8\tleft\tB-X\t-\tx\n9\tus\tO\t-\tx\n", "_,word,ner,_,_"),
        ("U.N. NNP I-NP I-ORG\nof IN I-PP O\n", "word,_,_,ner"),
    ],
)
def test_the_columns_of_words_and_tags_are_found(tmp_path, row, columns):
    (layout,) = find_layouts(write(tmp_path, row), ReadOptions())
    assert layout.described == columns


def test_a_file_of_numbers_alone_is_no_pool(tmp_path):
    assert find_layouts(write(tmp_path, "1\tO\n2\tB-X\n3\tO\n"), ReadOptions()) == []
    (sentence,) = read(tmp_path, "auto", "1\tO\n2\tB-X\n3\tO\n", columns=("word", "ner"))
    assert words(sentence) == ["1", "2", "3"]


def test_of_two_columns_of_tags_the_user_chooses(tmp_path):
    with pytest.raises(DeepALError, match="can be read in 2 ways") as caught:
        how(tmp_path, GERMEVAL)
    message = str(caught.value)
    assert "--columns _,word,ner,_ " in message
    assert "--columns _,word,_,ner " in message
    assert "The Lyon Opera: Lyon Opera (ORG)" in message
    assert "The Lyon Opera: Lyon (LOC)" in message
    nested = read(tmp_path, "auto", GERMEVAL, columns=("_", "word", "_", "ner"))
    assert [entities(sentence) for sentence in nested] == [[], [("Lyon", "LOC")]]


def test_a_second_column_of_tags_late_in_the_file_is_seen(tmp_path):
    rows = "1\tAnna\tB-PER\tO\n2\tleft\tO\tO\n\n" * 700
    (layout,) = find_layouts(write(tmp_path, rows), ReadOptions())
    assert layout.described == "_,word,ner,_"
    assert len(find_layouts(write(tmp_path, rows + GERMEVAL), ReadOptions())) == 2


def test_wrong_columns_are_reported(tmp_path):
    with pytest.raises(DeepALError, match="name one column word, one ner"):
        how(tmp_path, GERMEVAL, columns=("word", "tag"))
    with pytest.raises(DeepALError, match="names 2 columns, but most lines have 4"):
        how(tmp_path, GERMEVAL, columns=("word", "ner"), name="a.tsv")
