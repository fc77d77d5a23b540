import pytest

from spacy_deepal.errors import DeepALError

from .build import entities, how, problem, read, tags, words

HEAD = r"""#FORMAT=WebAnno TSV 3.3
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value
#T_RL=webanno.custom.Relation|label|BT_de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity


"""
ROWS = [
    "1-1\t0-3\tMia\tNNP\t*[1]\tPER[1]\t_\t_",
    "1-2\t4-7\tOta\tNNP\t*[1]\tPER[1]\t_\t_",
    "1-3\t8-10\tBo\tNNP\t*[2]\tPER[2]\tknows\t1-1[1_2]",
    "1-4\t11-13\tEk\tNNP\t*[2]\tPER[2]\t_\t_",
    "1-5\t14-18\tleft\tVBD\t_\t_\t_\t_",
    "1-5.1\t14-16\tle\t_\t_\t_\t_\t_",
    "1-6\t19-24\tPorto\tNNP\t*\tLOC\\_X\t_\t_",
    "1-7\t24-26\t\\[]\tSYM\t_\t_\t_\t_",
]


def file_of(text, *rows):
    return f"{HEAD}#Text={text}\n" + "".join(f"{row}\t\n" for row in rows) + "\n"


def test_named_entities_are_read_with_the_text_of_the_sentence(tmp_path):
    content = (
        file_of(r"Mia Ota Bo Ek left Porto\[]", *ROWS) + "#Text=It\n2-1\t28-30\tIt" + "\t_" * 5
    )
    assert how(tmp_path, content, name="a.tsv") == ("webanno", "the feature NamedEntity.value")
    first, second = read(tmp_path, "auto", content, name="a.tsv")
    assert first.doc.text == "Mia Ota Bo Ek left Porto[]"
    assert entities(first) == [("Mia Ota", "PER"), ("Bo Ek", "PER"), ("Porto", "LOC_X")]
    assert (words(second), tags(second.doc), second.doc_id) == (["It"], ["O"], "a")


def test_of_the_features_of_other_layers_the_user_chooses(tmp_path):
    content = "#FORMAT=WebAnno TSV 3.2\n#T_SP=custom.Part|kind|sure\n\n#Text=Mia\n#Text=ran\n"
    content += "1-1\t0-3\tMia\tX\tY\t\n1-2\t4-7\tran\t_\t_\t\n"
    with pytest.raises(DeepALError, match=r"--spans-key Part\.sure "):
        how(tmp_path, content)
    (sentence,) = read(tmp_path, "auto", content, spans_key="Part.kind")
    assert (sentence.doc.text, entities(sentence)) == ("Mia\nran", [("Mia", "X")])
    (unlabelled,) = read(tmp_path, "auto", content, spans_key="none")
    assert tags(unlabelled.doc) == ["", "", ""]
    with pytest.raises(DeepALError, match=r"There are: Part\.kind, Part\.sure"):
        how(tmp_path, content, spans_key="kind")


def test_of_entities_that_overlap_the_longest_is_kept_if_that_is_asked_for(tmp_path):
    rows = [
        "1-1\t0-4\tBank\t_\t_\tORG[1]\t_\t_",
        "1-2\t5-7\tof\t_\t_\tORG[1]\t_\t_",
        "1-3\t8-11\tNew\t_\t_\tORG[1]|LOC[2]\t_\t_",
        "1-4\t12-16\tYork\t_\t_\tLOC[2]|ORG[1]\t_\t_",
        "1-5\t17-20\tMia\t_\t_\tPER\t_\t_",
        "1-6\t21-23\tBo\t_\t_\tPER\t_\t_",
    ]
    content = file_of("Bank of New York Mia Bo", *rows)
    (bad,) = read(tmp_path, "auto", content)
    assert "entity 'New York' (LOC) overlaps 'Bank of New York' (ORG)" in problem(bad)[1]
    (sentence,) = read(tmp_path, "auto", content, overlap="longest")
    assert entities(sentence) == [("Bank of New York", "ORG"), ("Mia", "PER"), ("Bo", "PER")]
    assert sentence.dropped == ("'New York' (LOC)",)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1-1\t0-3\tMia\t_\t_\t_\t_", "not the 8 columns of the first lines"),
        (
            "1-1\t0-3\tMia\t_\t_\tPER|LOC\t_\t_",
            "entity 'Mia' (LOC) overlaps 'Mia' (PER). Keep one of them",
        ),
        ("1-1\t0-3\tMia\t_\t_\t*\t_\t_", "an entity has no label"),
        ("1-1.1\t0-1\tM\t_\t_\tPER\t_\t_", "an entity is a part of a token"),
    ],
)
def test_what_no_tags_can_mark_is_reported(tmp_path, row, message):
    (bad,) = read(tmp_path, "auto", file_of("Mia", row))
    line, text = problem(bad)
    assert line == 8
    assert text.startswith(message)
