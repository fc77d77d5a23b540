from .build import entities, problem, read


def test_one_list_and_a_list_on_each_line_are_read(tmp_path):
    pairs = '["Mia met Bo", {"entities": [[0, 3, "PER"]]}]', '["Rain", {"entities": []}]'
    for content in (f"[{pairs[0]},\n{pairs[1]}]", "\n".join(pairs)):
        first, second = read(tmp_path, "auto", content, name="a.json")
        assert (entities(first), entities(second)) == ([("Mia", "PER")], [])


def test_another_value_in_the_list_is_reported(tmp_path):
    content = '["Mia", {"entities": []}]\n["Bo", {"cats": {}}]\n'
    _, bad = read(tmp_path, "auto", content, name="a.json")
    assert problem(bad) == (2, 'not [text, {"entities": [...]}]')
