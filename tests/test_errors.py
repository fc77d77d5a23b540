from spacy_deepal.errors import PROBLEMS_SHOWN, list_problems


def test_a_list_of_problems_says_how_many_more_there_are():
    assert list_problems(["a", "b"]) == "\n- a\n- b"
    lines = list_problems([str(n) for n in range(PROBLEMS_SHOWN + 3)]).splitlines()
    assert lines[1] == "- 0"
    assert lines[-2:] == [f"- {PROBLEMS_SHOWN - 1}", "… and 3 more"]
