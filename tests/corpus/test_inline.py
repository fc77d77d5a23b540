# ruff: noqa: RUF001 (Chinese punctuation)
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .build import ZH, entities, problem, read, tags


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
    "line", ["[Ada(PERSON)", "Ada](PERSON)", "[Ada]", "[](PERSON)", "[a [b](X)](Y)", "[a](b c)"]
)
def test_other_square_brackets_are_reported(tmp_path, line):
    (bad,) = read(tmp_path, "inline", line)
    assert problem(bad) == (1, "square brackets other than [surface](LABEL)")


def test_an_entity_that_parts_a_token_is_reported_with_both(tmp_path):
    (bad,) = read(tmp_path, "inline", "The [New](GPE)born [Ada](PERSON)\n")
    assert problem(bad) == (1, "entity 'New' (GPE) is not whole 'en' tokens: 'Newborn'")


def test_an_entity_with_white_space_at_its_end_is_reported(tmp_path):
    (bad,) = read(tmp_path, "inline", "[Ada  ](PERSON)sings\n")
    assert bad.message.startswith("entity 'Ada  ' (PERSON) is not whole 'en' tokens")


letters = st.text(st.sampled_from("abcXYZ你好é🙂"), min_size=1, max_size=5)


@settings(max_examples=60)
@given(
    pieces=st.lists(
        st.tuples(letters, st.sampled_from([None, "PERSON", "work-of.art"])), min_size=1, max_size=8
    )
)
def test_inline_round_trip(tmp_path_factory, pieces):
    line = " ".join(f"[{text}]({label})" if label else text for text, label in pieces)
    (sentence,) = read(tmp_path_factory.mktemp("inline"), "inline", line)
    assert sentence.doc.text == " ".join(text for text, _ in pieces)
    assert entities(sentence) == [(text, label) for text, label in pieces if label]
