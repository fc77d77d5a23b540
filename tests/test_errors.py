import pytest

from spacy_deepal.errors import PROBLEMS_SHOWN, count_waiting, list_problems, plural


def test_a_list_of_problems_says_how_many_more_there_are():
    assert list_problems(["a", "b"]) == "\n- a\n- b"
    assert list_problems(["a", "b", "c"], 2) == "\n- a\n- b\n… and 1 more"
    lines = list_problems([str(n) for n in range(PROBLEMS_SHOWN + 3)]).splitlines()
    assert lines[1] == "- 0"
    assert lines[-2:] == [f"- {PROBLEMS_SHOWN - 1}", "… and 3 more"]


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [(0, "sentence", "0 sentences"), (1, "word", "1 word"), (1200, "entity", "1,200 entities")],
)
def test_what_is_counted_is_singular_or_plural(count, noun, text):
    assert plural(count, noun) == text


@pytest.mark.parametrize(
    ("waiting", "total", "text"),
    [
        (1, 1, "1 sentence waits"),
        (3, 3, "3 sentences wait"),
        (1, 3, "1 of the 3 sentences waits"),
        (2, 3, "2 of the 3 sentences wait"),
    ],
)
def test_the_sentences_that_wait_are_counted(waiting, total, text):
    assert count_waiting(waiting, total) == f"{text} to be labelled"
