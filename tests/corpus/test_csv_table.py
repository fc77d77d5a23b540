import pytest

from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.convert import convert

from .build import entities, how, problem, read, words


def test_a_table_with_a_column_of_sentences_is_read(tmp_path):
    content = 'Sentence #,Word,POS,Tag\nSentence: 1,Mia,NNP,B-per\n,"said ""no"", twice",VB,O\n'
    content += "Sentence: 2,Bo,NNP,B-per\n"
    first, second = read(tmp_path, "auto", content, name="a.csv")
    assert words(first) == ["Mia", 'said "no", twice']
    assert (entities(first), entities(second)) == ([("Mia", "per")], [("Bo", "per")])
    assert how(tmp_path, content, name="a.csv") == (
        "csv",
        "columns Word and Tag, sentences by Sentence #",
    )


def test_rows_without_a_word_end_sentences_and_quotes_in_tsv_are_words(tmp_path):
    content = 'token\tner\n"\tO\nMia\tB-PER\n\t\nBo\tO\n'
    first, second = read(tmp_path, "auto", content, name="a.tsv")
    assert (words(first), words(second)) == (['"', "Mia"], ["Bo"])


def test_two_columns_of_tags_are_chosen_by_name_or_by_the_user(tmp_path):
    chunks = "word,chunk,ner\nMia,B-NP,B-PER\nran,O,O\n"
    assert how(tmp_path, chunks, name="a.csv")[1] == "columns word and ner"
    two = "word,outer,inner\nMia,B-PER,O\nran,O,B-X\n"
    with pytest.raises(DeepALError, match="--columns word,ner,_ "):
        how(tmp_path, two, name="a.csv")
    (sentence,) = read(tmp_path, "auto", two, name="a.csv", columns=("word", "_", "ner"))
    assert entities(sentence) == [("ran", "X")]


@pytest.mark.parametrize("row", ["ran,B_X", "ran", ",O"])
def test_a_malformed_row_is_reported(tmp_path, row):
    items = read(tmp_path, "auto", f"word,ner\nMia,B-X\nBo,O\n{row}\n", name="a.csv")
    assert problem(items[-1])[0] == 4


def test_a_row_that_ends_before_its_sentence_is_reported(tmp_path):
    items = read(tmp_path, "auto", "word,ner,id\nMia,B-X,1\nran,O\nBo,O,2\n", name="a.csv")
    assert problem(items[0])[0] == 3


def test_a_column_without_a_name_is_reported(tmp_path):
    with pytest.raises(DeepALError, match="--columns _,word: name one column word, one ner"):
        how(tmp_path, "word,ner\nMia,B-X\n", name="a.csv", columns=("_", "word"))


def test_a_line_that_is_too_long_for_a_table_is_text(tmp_path):
    assert how(tmp_path, "word " * 40_000)[0] == "text"


EXCEL = 'Mia\tB-PER\r\n","\tO\r\n""""\tO\r\n\t\r\n"1,000"\tO\r\n'
PANDAS = 'Mia\tB-PER\n,\tO\n""""\tO\n\t\n"1""2"\tO\n'


@pytest.mark.parametrize("names", ["Word\tTag\r\n", ""])
@pytest.mark.parametrize(("rows", "number"), [(EXCEL, "1,000"), (PANDAS, '1"2')])
def test_cells_between_tabs_are_taken_out_of_the_quotes_of_spreadsheets(
    tmp_path, names, rows, number
):
    read_as = how(tmp_path, names + rows, name="a.tsv")
    assert read_as[1].endswith(", cells in quotes as Excel writes them")
    found = read(tmp_path, "auto", names + rows, name="a.tsv")
    assert [words(sentence) for sentence in found] == [["Mia", ",", '"'], [number]]


@pytest.mark.parametrize("rows", ['"\tO\n"Mia"\tO\n', ',\tO\n","\tO\n', '"Mia"\tO\n', '"a\tO\n'])
def test_quotes_that_no_spreadsheet_writes_are_words(tmp_path, rows):
    (sentence,) = read(tmp_path, "auto", f"Bo\tB-PER\n{rows}", name="a.tsv")
    assert [word for word in words(sentence) if '"' in word]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.txt"])
def test_json_in_which_a_type_looks_like_a_tag_is_no_table(name, tmp_path):
    (tmp_path / name).write_text('{"text": "Mia left", "spans": [[0, 3, "B-CELL"]]}\n' * 2)
    assert convert(tmp_path / name, tmp_path / "pool").entities == {"B-CELL": 1}


def test_broken_json_in_which_a_type_looks_like_a_tag_is_no_table(tmp_path):
    (tmp_path / "a.txt").write_text('{"text": "Mia left", "spans": [[0,3,"B-PER"]]\n')
    with pytest.raises(DeepALError, match="lines begin as JSON"):
        convert(tmp_path / "a.txt", tmp_path / "pool")


def test_comments_in_a_table_are_passed_over(tmp_path):
    content = "TOKEN\tNE-COARSE\tMISC\n# language = de\nMia\tB-pers\t_\n# date = 1898\nran\tO\t_\n"
    (sentence,) = read(tmp_path, "csv", content, name="a.tsv")
    assert (entities(sentence), len(sentence.doc)) == ([("Mia", "pers")], 2)
