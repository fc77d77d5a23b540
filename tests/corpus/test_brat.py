import pytest

from spacy_deepal.corpus.brat import read_brat
from spacy_deepal.corpus.folders import annotation_beside, find_files, open_all
from spacy_deepal.corpus.reading import ReadOptions

from .build import EN, entities, problem


def read(folder, text, annotation, **options):
    (folder / "d1.txt").write_bytes(text.encode())
    (folder / "d1.ann").write_text(annotation)
    (source,), _ = open_all(folder / "d1.ann")
    return list(read_brat(ReadOptions(**options), source, EN))


def test_a_text_and_its_entities_are_cut_into_sentences(tmp_path):
    text = "Mia Ota\nmet Dr. No. It rained.\r\nBo Ek stayed.\n"
    lines = ["T1\tPER 0 7\tMia Ota", "T3\tPER 12 18\tDr. No", "T2\tPER 32 37\tBo Ek"]
    first, *others = read(tmp_path, text, "\n".join(lines))
    assert [sentence.doc.text for sentence in (first, *others)] == [
        "Mia Ota",
        "met Dr. No.",
        "It rained.",
        "Bo Ek stayed.",
    ]
    assert entities(first) == [("Mia Ota", "PER")]
    assert entities(others[-1]) == [("Bo Ek", "PER")]
    assert {sentence.doc_id for sentence in others} == {"d1"}


def test_an_entity_over_two_lines_stays_whole(tmp_path):
    (sentence,) = read(tmp_path, "to New\nYork", "T1\tLOC 3 11\tNew York\n")
    assert entities(sentence) == [("New\nYork", "LOC")]


def test_what_is_no_entity_is_passed_over_with_a_note(tmp_path):
    others = "R1\tLives Arg1:T1 Arg2:T1\t\n*\tEquiv T1 T2\n#1\tNote T1\tx\n"
    (sentence,) = read(tmp_path, "Mia ran", "T1\tPER 0 3\tMia\n" + others)
    assert sentence.note == "annotations other than entities are passed over (1 R, 1 *, 1 #)"


def test_a_byte_order_mark_counts_as_a_character(tmp_path):
    (sentence,) = read(tmp_path, "\ufeffMia ran", "T1\tPER 1 4\tMia\n")
    assert (sentence.doc.text, entities(sentence)) == ("Mia ran", [("Mia", "PER")])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("T1\tPER 0 3;5 7\tMia ra", "an entity in several parts"),
        ("T1\tPER 0 4\tMia", "the text has 'Mia ' there, not 'Mia'"),
        ("T1\tPER 0 99\tMia", "is not [start, end, label] in the text"),
        ("T1\tPER 0 3\tMia\nT2\tLOC 0 3\tMia", "entity 'Mia' (PER, 0 to 3) overlaps 'Mia' (LOC"),
        ("T1\tPER 0 2\tMi", "entity 'Mi' (PER, 0 to 2) is not whole 'en' tokens"),
        ("Mia", "not an entity such as"),
    ],
)
def test_a_malformed_annotation_is_reported(tmp_path, line, message):
    (bad,) = read(tmp_path, "Mia ran", line)
    assert message in problem(bad)[1]


def test_an_entity_of_white_space_is_reported_and_costs_no_sentence(tmp_path):
    text = "Mia ran.\n\nBo left.\n"
    first, second, bad = read(tmp_path, text, "T1\tPER 9 10\t \nT2\tPER 0 3\tMia")
    assert (entities(first), second.doc.text) == ([("Mia", "PER")], "Bo left.")
    assert "(PER, 9 to 10) is not whole 'en' tokens" in problem(bad)[1]


def test_names_may_be_in_capitals(tmp_path):
    (tmp_path / "D1.TXT").write_text("Mia ran.\n")
    (tmp_path / "D1.ANN").write_text("T1\tPER 0 3\tMia\n")
    assert find_files([tmp_path]).files == [tmp_path / "D1.ANN"]
    (source,), _ = open_all(tmp_path / "D1.ANN")
    (sentence,) = read_brat(ReadOptions(), source, EN)
    assert entities(sentence) == [("Mia", "PER")]
    assert annotation_beside(tmp_path / "D1.TXT") == tmp_path / "D1.ANN"
