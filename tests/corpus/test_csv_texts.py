"""Tables with a text on each row."""

import pytest

from spacy_deepal.corpus.formats import find_reading
from spacy_deepal.corpus.reading import ReadOptions
from spacy_deepal.corpus.sources import Source
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.convert import convert

from ..pools import call
from .build import EN, problem

TEXTS = "id,source,text\n7,web,Ada knew Rome.\n8,book,It rained.\n"


def write(tmp_path, text, name="a.csv", encoding="utf8"):
    (tmp_path / name).write_text(text, encoding=encoding)
    return tmp_path / name


def read_file(path):
    source = Source.of_file(path)
    return find_reading(source, ReadOptions()).read(source, EN)


@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [
        ("a.csv", TEXTS, "utf-8"),
        ("a.csv", TEXTS.replace(",", ";"), "utf-8-sig"),
        ("a.tsv", TEXTS.replace(",", "\t"), "utf-8"),
        ("a.csv", TEXTS.replace("\n", "\n\n").replace("text", "Text"), "utf-8"),
    ],
)
def test_texts_are_read_from_spreadsheets(tmp_path, name, text, encoding):
    found = list(read_file(write(tmp_path, text, name, encoding)))
    assert [(item.id, item.doc.text) for item in found] == [
        ("7", "Ada knew Rome."),
        ("8", "It rained."),
    ]
    assert not any(item.doc.has_annotation("ENT_IOB") for item in found)


def test_what_is_read_and_what_is_not_is_said(tmp_path):
    _, output = call("convert", write(tmp_path, TEXTS), tmp_path / "pool")
    said = "a text on each row, in the column text; also id; not read: source"
    assert said in " ".join(output.split())


def test_another_column_can_be_named(tmp_path):
    file = write(tmp_path, "title,body\nRome,Ada knew it.\n")
    summary = convert(file, tmp_path / "pool", options=ReadOptions(text_key="body"))
    assert (summary.sentences, summary.words) == (1, 4)


def test_a_text_may_have_line_ends_quotes_and_the_delimiter(tmp_path):
    text = 'text,id\n"Ada, ""A."",\nleft.",1\nBo left.,2\n'
    first, second = read_file(write(tmp_path, text))
    assert (first.doc.text, first.line) == ('Ada, "A.",\nleft.', 2)
    assert (second.doc.text, second.line) == ("Bo left.", 4)


def test_a_text_alone_and_texts_without_white_space(tmp_path):
    (only,) = read_file(write(tmp_path, "text\nAda left.\n"))
    assert only.doc.text == "Ada left."
    zh = "李雷昨天从北京来到上海又去了广州和深圳最后回家。"
    assert [item.doc.text for item in read_file(write(tmp_path, f"text\n{zh}\n"))] == [zh]


def test_entities_are_read_as_json(tmp_path):
    spans = '[{""start"": 0, ""end"": 3, ""label"": ""PER""}]'
    text = f'text,entities\nAda left.,"{spans}"\nIt rained.,[]\nBo left.,\n'
    first, second, third = read_file(write(tmp_path, text))
    assert [(ent.text, ent.label_) for ent in first.doc.ents] == [("Ada", "PER")]
    assert second.doc.has_annotation("ENT_IOB")
    assert not third.doc.has_annotation("ENT_IOB")


def test_a_class_of_the_text_is_not_taken_for_entities_and_can_be_left_out(tmp_path):
    file = write(tmp_path, "text,label\nAda left.,sports\n")
    (bad,) = read_file(file)
    assert problem(bad)[0] == 2
    assert "under 'label' is no JSON list of entities" in problem(bad)[1]
    assert "--spans-key none" in problem(bad)[1]
    summary = convert(file, tmp_path / "pool", options=ReadOptions(spans_key="none"))
    assert (summary.sentences, summary.labelled) == (1, 0)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1,Ada left.,x", "3 cells, and the first row has 2"),
        ("1,", "no text under 'text'"),
        ("1", "1 cells, and the first row has 2"),
    ],
)
def test_a_bad_row_is_named_with_its_line(tmp_path, rows, message):
    _, bad, _ = read_file(write(tmp_path, f"id,text\n0,Bo left.\n{rows}\n2,Ada left.\n"))
    assert problem(bad) == (3, message)


def test_a_cell_that_does_not_end_is_named_with_its_line(tmp_path):
    rows = "".join(f"{i},Bo left.\n" for i in range(200))
    file = write(tmp_path, f'id,text\n{rows}7,"Ada left.\n')
    with pytest.raises(DeepALError, match=r"a\.csv:202: the row cannot be read as CSV"):
        convert(file, tmp_path / "pool")


def test_a_word_on_each_row_is_not_a_text(tmp_path):
    with pytest.raises(DeepALError, match="which column has words"):
        list(read_file(write(tmp_path, "sentence,tag\nAda,PER\nleft,none\n")))
