"""first_words.py cuts the training data to its first documents."""

import pytest
import spacy
import typer

from spacy_deepal.corpus.docbin import read_docs
from spacy_deepal.sentences import sentence_info

TAGS = "B-PER O O O B-LOC".split()


@pytest.fixture
def data(tmp_path):
    """Five documents of two sentences with five words each, in each of three splits."""
    folder = tmp_path / "data"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        blocks = []
        for number in range(10):
            words = ("Ada", f"saw{number}", split, "in", "Rome")
            rows = [f"{word}\t{tag}\n" for word, tag in zip(words, TAGS, strict=True)]
            blocks.append(f"# doc_id = {split}{number // 2}\n{''.join(rows)}")
        (folder / f"{split}.iob2").write_text("\n".join(blocks), encoding="utf8")
    return folder


def read(path):
    return list(read_docs(path, spacy.blank("en").vocab))


def test_the_first_documents_are_taken_whole_with_dev_and_test(script, data, tmp_path):
    script("first_words").main(data, tmp_path / "less", share=0.25)  # 12.5 of 50 words
    train = read(tmp_path / "less" / "train.spacy")
    assert [doc[1].text for doc in train] == ["saw0", "saw1", "saw2", "saw3"]
    assert [sentence_info(doc)["doc_id"] for doc in train] == [
        "train0",
        "train0",
        "train1",
        "train1",
    ]
    assert [ent.label_ for ent in train[0].ents] == ["PER", "LOC"]
    for split in ("dev", "test"):
        docs = read(tmp_path / "less" / f"{split}.spacy")
        assert [doc[1].text for doc in docs] == [f"saw{number}" for number in range(10)]


def test_a_document_is_taken_whole_where_another_stands_between(script, data, tmp_path):
    first = (data / "train.iob2").read_text(encoding="utf8").split("\n\n")
    mixed = "\n\n".join(first[0:1] + first[2:4] + first[1:2])
    (data / "train.iob2").write_text(mixed, encoding="utf8")
    script("first_words").main(data, tmp_path / "less", share=0.25)
    train = read(tmp_path / "less" / "train.spacy")
    assert [doc[1].text for doc in train] == ["saw0", "saw1"]


def test_what_is_written_can_be_prepared_again(script, data, tmp_path):
    script("first_words").main(data, tmp_path / "less", share=0.6)
    script("first_words").main(tmp_path / "less", tmp_path / "again", share=1.0)
    assert len(read(tmp_path / "again" / "train.spacy")) == 6


def test_the_data_are_not_overwritten(script, data):
    with pytest.raises(typer.Exit):
        script("first_words").main(data, data / "less")
