import pytest

from spacy_deepal.errors import DeepALError

from .build import entities, how, problem, read, tags, words

ROW = "{}\t{}\t_\tX\t_\t_\t_\t_\t_\t{}\n"


def rows(*cells):
    return "".join(ROW.format(*each) for each in cells)


def test_words_spaces_and_entities_are_read(tmp_path):
    content = "# newdoc id = web-1\n# sent_id = 1\n" + rows(
        ("1", "Mia", "NER=B-PER"),
        ("2", "ran", "NER=O|SpaceAfter=No"),
        ("3", ".", "_"),
    )
    (sentence,) = read(tmp_path, "auto", content, name="a.conllu")
    assert sentence.doc.text == "Mia ran."
    assert tags(sentence.doc) == ["B-PER", "O", "O"]
    assert (sentence.doc_id, sentence.genre, sentence.names_document) == ("web-1", "web", True)
    assert how(tmp_path, content) == ("conllu", "columns FORM and NER= in MISC")


def test_tokens_of_several_words_are_read_as_their_words(tmp_path):
    cells = [("1-2", "vámonos", "SpaceAfter=No"), ("1", "vamos", "_"), ("2", "nos", "_")]
    content = rows(*cells, ("3", "!", "_"), ("3.1", "x", "_"))
    for comment in ("", "# text = vámonos!\n"):
        (sentence,) = read(tmp_path, "auto", comment + content)
        assert words(sentence) == ["vamos", "nos", "!"]
        # A text "vamosnos!" would be of nobody's, and raw text would be scored on it.
        assert sentence.doc.has_unknown_spaces
        assert sentence.note.startswith("sentences have words that their text does not have")


def test_a_token_whose_words_are_its_parts_has_its_text(tmp_path):
    cells = [("1-2", "don't", "_"), ("1", "do", "_"), ("2", "n't", "_"), ("3", "go", "_")]
    (sentence,) = read(tmp_path, "auto", rows(*cells))
    assert (sentence.doc.text, sentence.note) == ("don't go", None)
    assert words(sentence) == ["do", "n't", "go"]


def test_a_treebank_without_entities_is_not_labelled(tmp_path):
    content = rows(("1", "Mia", "_"), ("2", "ran", "_"))
    (sentence,) = read(tmp_path, "auto", content)
    assert tags(sentence.doc) == ["", ""]


def test_of_two_keys_with_tags_the_user_chooses(tmp_path):
    content = rows(("1", "Mia", "NER=B-PER|Outer=B-X"), ("2", "ran", "_"))
    with pytest.raises(DeepALError, match="--spans-key Outer"):
        how(tmp_path, content)
    (sentence,) = read(tmp_path, "auto", content, spans_key="Outer")
    assert entities(sentence) == [("Mia", "X")]


@pytest.mark.parametrize("bad", ["x\ty\n", ROW.format("0", "x", "_"), ROW.format("a", "x", "_")])
def test_a_malformed_row_is_reported(tmp_path, bad):
    content = rows(("1", "Mia", "_"), ("2", "ran", "_")) + bad
    (item,) = read(tmp_path, "auto", content)
    assert problem(item) == (3, "not the ten columns of CoNLL-U")


def test_a_row_without_a_word_is_reported(tmp_path):
    content = rows(("1", "Mia", "_"), ("2", "", "_"))
    (item,) = read(tmp_path, "conllu", content)
    assert problem(item) == (2, "a row without a word")
