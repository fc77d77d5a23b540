import pytest

from .build import problem, read, tags, words


def test_conll2003_reads_iob1_and_iob2_alike(tmp_path):
    iob1 = "EU NNP I-NP I-ORG\nGerman JJ I-NP I-MISC\nBonn NNP I-NP B-MISC\nis VBZ I-VP O\n"
    iob2 = "EU NNP B-NP B-ORG\nGerman JJ I-NP B-MISC\nBonn NNP I-NP B-MISC\nis VBZ B-VP O\n"
    for content in (iob1, iob2):
        (sentence,) = read(tmp_path, "conll2003", content)
        assert tags(sentence.doc) == ["B-ORG", "B-MISC", "B-MISC", "O"]
    (joined,) = read(tmp_path, "conll2003", "New N N I-LOC\nYork N N I-LOC\n")
    assert tags(joined.doc) == ["B-LOC", "I-LOC"]


def test_docstart_lines_bound_the_documents_of_conll2003(tmp_path):
    content = (
        "-DOCSTART- -X- -X- O\n\na A A O\n\nb B B O\n\n-DOCSTART- -X- O O\nc C C O\n\n"
        "-DOCSTART- -X- -X- O\n"
    )
    items = read(tmp_path, "conll2003", content, name="eng.testa")
    assert [(words(item), item.doc_id) for item in items] == [
        (["a"], "eng-0001"),
        (["b"], "eng-0001"),
        (["c"], "eng-0002"),
    ]


@pytest.mark.parametrize("row", ["a B O", "a B C D O", "a B C X-PER", "a"])
def test_a_malformed_conll2003_line_is_reported_with_its_line(tmp_path, row):
    (bad,) = read(tmp_path, "conll2003", f"fine A A O\n{row}\n")
    assert problem(bad) == (2, "not four columns, the last an IOB tag")
