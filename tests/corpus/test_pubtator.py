import pytest

from .build import entities, how, problem, read

DOCUMENTS = """8701013|t|Famotidine-associated delirium. Six cases.
8701013|a|Famotidine is used in critical care.
8701013\t22\t30\tdelirium\tDisease\tD003693
8701013\t43\t53\tFamotidine\tChemical\tD015738
8701013\tCID\tD015738\tD003693

99|t|Nothing here.
99|a|

"""


@pytest.mark.parametrize("name", ["a.PubTator.txt", "a.pubtator", "a.txt"])
def test_titles_and_abstracts_are_read_with_their_entities(name, tmp_path):
    assert how(tmp_path, DOCUMENTS, name=name)[0] == "pubtator"
    first, second, third, last = read(tmp_path, "auto", DOCUMENTS, name=name)
    assert entities(first) == [("delirium", "Disease")]
    assert [part.doc.text for part in (second, last)] == ["Six cases.", "Nothing here."]
    assert entities(third) == [("Famotidine", "Chemical")]
    assert [part.doc_id for part in (first, last)] == ["8701013", "99"]
    assert last.doc.has_annotation("ENT_IOB")
    assert (first.note, second.note) == ("documents with relations, which are passed over", None)


def test_an_entity_that_overlaps_costs_its_sentence_and_not_the_document(tmp_path):
    nested = "8701013\t0\t30\tFamotidine-associated delirium\tDisease\n"
    part = "8701013\t43\t47\tFamo\tChemical\n"
    content = DOCUMENTS.replace("8701013\tCID", nested + part + "8701013\tCID")
    first, second, third, last = read(tmp_path, "pubtator", content)
    assert problem(first) == (
        1,
        "entity 'delirium' (Disease, 22 to 30) overlaps 'Famotidine-associated delirium' (Disease,"
        " 0 to 30). Keep one of them, or the longest with --overlap longest",
    )
    assert first.text == "Famotidine-associated delirium."
    assert "entity 'Famo' (Chemical, 43 to 47) is not whole" in problem(third)[1]
    assert (second.doc.text, last.doc.text) == ("Six cases.", "Nothing here.")
    assert second.note == "documents with relations, which are passed over"
    options = {"overlap": "longest", "border": "drop"}
    first, _, third, _ = read(tmp_path, "pubtator", content, **options)
    assert entities(first) == [("Famotidine-associated delirium", "Disease")]
    assert entities(third) == [("Famotidine", "Chemical")]
    assert first.dropped == ("'delirium' (Disease, 22 to 30)",)
    assert third.dropped == ("'Famo' (Chemical, 43 to 47)",)


def test_what_is_dropped_of_a_sentence_that_is_left_out_is_not_told(tmp_path):
    part = "8701013\t43\t47\tFamo\tChemical\n"
    nested = "8701013\t54\t56\tis\tX\n8701013\t54\t61\tis used\tX\n"
    content = DOCUMENTS.replace("8701013\tCID", part + nested + "8701013\tCID")
    first, _, third, _ = read(tmp_path, "pubtator", content, border="drop")
    assert "overlaps" in problem(third)[1]
    assert first.dropped == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1|t|Mia ran.\n1\t0\t3\tBo\tPER\tX\n", "'Bo'"),
        ("1|t|Mia ran.\n1\t0\t3\n", "not an entity"),
        ("1|t|Mia ran.\n\n1|a|Bo\n", "begins with its title"),
    ],
)
def test_what_is_no_annotation_is_a_bad_line(content, message, tmp_path):
    bad = read(tmp_path, "pubtator", content)[-1]
    assert message in problem(bad)[1]
