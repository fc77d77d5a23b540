"""Entity types are left out and renamed while data are read."""

import json

import pytest

from spacy_deepal.corpus.entity_types import EntityTypes
from spacy_deepal.corpus.reading import ReadOptions
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.convert import convert
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import KEY, is_looked_at

from ..pools import annotation, call, make_doc

WORDS = "Ada left Acme in Rome".split()
SPANS = {0: "PER", 2: "ORG", 4: "LOC"}


def read(tmp_path, entity_types):
    """RETURNS the annotation of a sentence, and the notes of the conversion."""
    lines = [f"{word}\t{'B-' + SPANS[i] if i in SPANS else 'O'}" for i, word in enumerate(WORDS)]
    (tmp_path / "train.iob2").write_text("\n".join([*lines, "", "Yes\tO", ""]))
    options = ReadOptions(entity_types=entity_types)
    summary = convert(tmp_path / "train.iob2", tmp_path / "pool", options=options)
    doc, _ = read_shards(tmp_path / "pool", None)
    return annotation(doc), summary.notes


@pytest.mark.parametrize(
    ("entity_types", "expected"),
    [
        ("", ["PER", "ORG", "LOC"]),
        ("PER,LOC", ["PER", "O", "LOC"]),
        (["PER=PERSON", "LOC"], ["PERSON", "O", "LOC"]),
        ("PER=PERSON,*", ["PERSON", "ORG", "LOC"]),
        ("PER=NAME,ORG=NAME", ["NAME", "NAME", "O"]),
        ("*", ["PER", "ORG", "LOC"]),
    ],
)
def test_types_are_kept_renamed_and_left_out(tmp_path, entity_types, expected):
    found, notes = read(tmp_path, entity_types)
    assert [found[i][2] or found[i][1] for i in SPANS] == expected
    assert all(found[i][1:] == ("O", "") for i in range(len(WORDS)) if i not in SPANS)
    assert notes == {}


def test_a_type_that_is_nowhere_is_told(tmp_path):
    _, notes = read(tmp_path, "PERS=PERSON,*")
    assert notes == {"types of --entity-types that no entity has (PERS)": 1}


def test_what_nobody_has_labelled_stays_so(tmp_path):
    """A word that is not annotated, and a sentence that says for which types people have looked."""
    doc = make_doc("a", WORDS, gold=False)
    EntityTypes(["PER"]).apply(doc)
    assert not doc.has_annotation("ENT_IOB")
    doc = make_doc("a", WORDS, SPANS)
    doc.set_ents([doc.ents[0], doc.ents[1]], default="missing")
    doc.user_data[KEY]["labels"] = ["ORG", "PER"]
    types = EntityTypes(["PER=PERSON", "LOC=PLACE", "GPE=PLACE"])
    types.apply(doc)
    assert annotation(doc)[0] == ("Ada", "B", "PERSON")
    assert [token.ent_iob_ for token in doc] == ["B", "", "O", "", ""]
    assert doc.user_data[KEY]["labels"] == ["PERSON"]
    EntityTypes(["PERSON", "*"]).apply(doc)
    assert doc.user_data[KEY]["labels"] == ["PERSON"]
    EntityTypes(["PERSON=NAME", "NAME"]).apply(doc)
    assert "labels" not in doc.user_data[KEY]  # people have not looked for each NAME
    doc.user_data[KEY]["labels"] = ["LOC", "PERSON"]
    EntityTypes(["PERSON", "LOC=PLACE", "GPE=PLACE"]).apply(doc)
    assert doc.user_data[KEY]["labels"] == ["PERSON"]
    doc.user_data[KEY]["labels"] = ["PERSON"]
    EntityTypes(["PERSON=NAME", "*"]).apply(doc)
    assert "labels" not in doc.user_data[KEY]  # the data's own NAME


def test_a_sentence_in_which_nobody_has_looked_for_what_is_read_is_not_labelled():
    doc = make_doc("a", WORDS, {0: "PER"})
    doc.set_ents(list(doc.ents), default="missing")
    doc.user_data[KEY]["labels"] = ["PER"]
    EntityTypes(["ORG"]).apply(doc)
    assert not is_looked_at(doc)


@pytest.mark.parametrize("rules", [{}, {"overlap": "longest", "border": "drop"}])
def test_a_type_that_is_left_out_stands_in_nobody_s_way(tmp_path, rules):
    """A name in the name of an institution, and offsets that are no ends of tokens."""
    spans = [(8, 28, "ORG"), (22, 28, "GPE"), (1, 5, "MISC")]
    spans = [{"start": start, "end": end, "label": label} for start, end, label in spans]
    line = {"text": "We like University of Berlin.", "spans": spans}
    (tmp_path / "nested.jsonl").write_text(json.dumps(line))
    options = ReadOptions(entity_types="GPE", **rules)
    convert(tmp_path / "nested.jsonl", tmp_path / "pool", options=options)
    (doc,) = read_shards(tmp_path / "pool", None)
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Berlin", "GPE")]


@pytest.mark.parametrize(
    "entity_types", ["PER=", "=PERSON", "*=PERSON", "PER=*", "PER=A=B", "PER,", "PER,PER=PERSON"]
)
def test_a_list_that_cannot_be_is_told(entity_types):
    with pytest.raises(DeepALError, match=r"--entity-types.*[Nn]ame"):
        ReadOptions(entity_types=entity_types)
    code, out = call("convert", "no.txt", "pool", "--entity-types", entity_types)
    assert code != 0
    assert "--entity-types" in out or "comma" in out


def test_the_commands_take_them(tmp_path):
    span = {"start": 0, "end": 3, "label": "PER"}
    lines = [{"text": f"Ada {n} left.", "spans": [span]} for n in range(30)]
    (tmp_path / "all.jsonl").write_text("\n".join(map(json.dumps, lines)))
    options = ["--entity-types", "PER=PERSON"]
    code, out = call("convert", tmp_path / "all.jsonl", tmp_path / "pool", *options)
    assert code == 0
    assert "30 PERSON" in out
    (tmp_path / "data").mkdir()
    (tmp_path / "all.jsonl").rename(tmp_path / "data" / "all.jsonl")
    assert call("prepare", tmp_path / "data", tmp_path / "sets", *options)[0] == 0
    found = {ent.label_ for doc in read_shards(tmp_path / "sets" / "dev", None) for ent in doc.ents}
    assert found == {"PERSON"}
