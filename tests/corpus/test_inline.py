# ruff: noqa: RUF001 (Chinese punctuation)
import pytest

from spacy_deepal.errors import DeepALError

from .build import ZH, entities, how, problem, read, tags


def test_inline_gives_entities_documents_and_genre(tmp_path):
    content = "[Ada](PERSON) is in [New York](GPE).\nRain.\n\n\nWhy?\n"
    first, second, third = read(tmp_path, "inline", content, name="nw.txt")
    assert first.doc.text == "Ada is in New York."
    assert entities(first) == [("Ada", "PERSON"), ("New York", "GPE")]
    assert tags(second.doc) == ["O", "O"]
    assert [item.doc_id for item in (first, second, third)] == ["nw-001", "nw-001", "nw-002"]
    assert [(item.line, item.genre) for item in (first, second, third)] == [
        (1, "nw"),
        (2, "nw"),
        (5, "nw"),
    ]


def test_inline_files_that_name_a_split_have_no_genre(tmp_path):
    (sentence,) = read(tmp_path, "inline", "[Ada](PERSON) sings.\n", name="Train.txt")
    assert (sentence.genre, sentence.doc_id) == (None, "Train-001")


def test_inline_chinese_and_emoji(tmp_path):
    content = "房子在[天河](GPE)，🏳️‍🌈[安居猫](ORG)。\n"
    (sentence,) = read(tmp_path, "inline", content, nlp=ZH)
    assert sentence.doc.text == "房子在天河，🏳️‍🌈安居猫。"
    assert entities(sentence) == [("天河", "GPE"), ("安居猫", "ORG")]


@pytest.mark.parametrize(
    "line",
    [
        "[Ada(PERSON)",
        "Ada](PERSON)",
        "[Ada]",
        "[](PERSON)",
        "[a [b](X)](Y)",
        "[a](b c)",
        "[a](b.md)",
    ],
)
def test_other_square_brackets_are_reported(tmp_path, line):
    bad, _ = read(tmp_path, "inline", f"{line}\n[Ada](PERSON)\n")
    assert problem(bad) == (1, "square brackets other than [surface](LABEL)")


def test_an_entity_that_parts_a_token_is_reported_with_both(tmp_path):
    (bad,) = read(tmp_path, "inline", "The [New](GPE)born [Ada](PERSON)\n")
    assert bad.message.startswith("entity 'New' (GPE, 4 to 7) is not whole 'en' tokens: 'Newborn'")


def test_an_entity_with_white_space_at_its_end_is_reported(tmp_path):
    (bad,) = read(tmp_path, "inline", "[Ada  ](PERSON)sings\n")
    assert bad.message.startswith("entity 'Ada  ' (PERSON, 0 to 5) is not whole 'en' tokens")


@pytest.mark.parametrize(("border", "text"), [("trim", []), ("snap", [("Newborn", "GPE")])])
def test_an_entity_that_parts_a_token_is_moved_on_demand(tmp_path, border, text):
    content = "[ Ada ](PERSON) ran\nThe [New](GPE)born\n"
    items = read(tmp_path, "inline", content, border=border)
    assert entities(items[0]) == [("Ada", "PERSON")]
    assert (entities(items[1]) if text else [problem(items[1])[0]]) == (text or [2])


LINK = "See [the setup page](install.md) or [x](http://a.org/b).\n"


@pytest.mark.parametrize(
    "content",
    [LINK + "Mia left.\n", "Rain. See [1] and [2].\n", "[a](b c)\n"],
)
def test_links_are_no_markup(tmp_path, content):
    assert how(tmp_path, content) == ("text", "raw text, not labelled")
    assert read(tmp_path, "auto", content)[0].doc.text in content


@pytest.mark.parametrize(
    "content",
    [
        "No mark here.\n" * 1100 + "[Ada](PER) sings.\n",
        "[the licence](LICENSE) and [more](README)\n",
        "[see](install)\nMia left.\n",
        "[API](API)\n[FAQ](FAQ)\n",
    ],
)
def test_where_marks_may_be_links_the_user_chooses(tmp_path, content):
    with pytest.raises(DeepALError, match="can be read in 2 ways") as caught:
        how(tmp_path, content)
    assert "--format text " in str(caught.value)
    assert "--format inline " in str(caught.value)
    assert how(tmp_path, content, format="text")[0] == "text"
    assert how(tmp_path, content, format="inline")[0] == "inline"


def test_markup_after_a_thousand_lines_is_seen(tmp_path):
    content = "No mark here.\n" * 1100 + "[Ada](PER) sings.\n" * 200
    assert how(tmp_path, content) == ("inline", "entities as [surface](LABEL): PER")
