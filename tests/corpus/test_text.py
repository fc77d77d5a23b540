# ruff: noqa: RUF001 (Chinese punctuation)
from .build import ZH, read


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
