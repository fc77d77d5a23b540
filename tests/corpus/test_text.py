# ruff: noqa: RUF001 (Chinese punctuation)
import pytest

from spacy_deepal.errors import DeepALError

from .build import ZH, how, read, tags


def test_text_is_cut_into_unlabelled_sentences(tmp_path):
    items = read(tmp_path, "text", "Hi Mr. Bob.  Why?\n\n  Rain.  \n", name="book.txt")
    assert [item.doc.text for item in items] == ["Hi Mr. Bob.", "Why?", "Rain."]
    assert [(item.line, item.doc_id, item.genre) for item in items] == [
        (1, "book", None),
        (1, "book", None),
        (3, "book", None),
    ]
    assert not any(item.doc.has_annotation("ENT_IOB") for item in items)


def test_chinese_text_is_cut_at_chinese_punctuation(tmp_path):
    items = read(tmp_path, "text", "你好。房子在天河！怎么办？好的", nlp=ZH)
    assert [item.doc.text for item in items] == ["你好。", "房子在天河！", "怎么办？", "好的"]


@pytest.mark.parametrize(
    "rows",
    [
        "Mia PER-B\nOta PER-I\nran O\n",
        "Mia;PER_B\nran;O\n",
        "Mia b-per\nran o\n",
        "Mia_NNP_PER ran_VBD_O\n",
    ],
)
def test_tags_of_an_unknown_form_are_no_text(tmp_path, rows):
    with pytest.raises(DeepALError, match="--scheme io"):
        how(tmp_path, rows)
    assert how(tmp_path, rows, format="text")[0] == "text"


def test_types_alone_are_read_on_demand(tmp_path):
    rows = "Mia PER\nOta PER\nran O\nBo LOC\nwas O\nfar O\noff O\n"
    (bad,) = read(tmp_path, "auto", rows)
    assert bad.message.endswith("read with --columns word,ner --scheme io")
    (sentence,) = read(tmp_path, "auto", rows, columns=("word", "ner"), scheme="io")
    assert tags(sentence.doc) == ["B-PER", "I-PER", "O", "B-LOC", "O", "O", "O"]
