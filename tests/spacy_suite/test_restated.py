"""What spaCy's tests in deviations.py say about any entity recognizer, without transitions."""

import pickle

import pytest
from spacy.lang.en import English
from spacy.lang.it import Italian
from spacy.tokens import Doc
from spacy.training import Example


@pytest.fixture
def animals():
    """An English pipeline, initialised without examples and with a label that has a hyphen."""
    nlp = English()
    nlp.add_pipe("deepal_ner").add_label("LARGE-ANIMAL")
    with pytest.warns(UserWarning, match="without data"):
        nlp.initialize()
    return nlp


def test_issue1967():
    """A label may have a hyphen."""
    nlp = English()
    ner = nlp.add_pipe("deepal_ner")
    example = Example.from_dict(Doc(nlp.vocab, words=["word"]), {"entities": ["U-JOB-NAME"]})
    nlp.initialize(lambda: [example])
    assert ner.labels == ("JOB-NAME",)


def test_issue2179():
    """A pipeline that is read from bytes has the labels of these bytes, and no others."""
    nlp = Italian()
    nlp.add_pipe("deepal_ner").add_label("CITIZENSHIP")
    with pytest.warns(UserWarning, match="without data"):
        nlp.initialize()
    read = Italian()
    ner = read.add_pipe("deepal_ner")
    assert ner.labels == ()
    read.from_bytes(nlp.to_bytes())
    assert ner.labels == ("CITIZENSHIP",)


def test_issue3209(animals):
    """Labels that were added by hand name the same tags after reading."""
    read = English()
    ner = read.add_pipe("deepal_ner")
    read.from_bytes(animals.to_bytes())
    assert ner.labels == animals.get_pipe("deepal_ner").labels
    assert ner.model.get_dim("nO") == animals.get_pipe("deepal_ner").model.get_dim("nO")


def test_labels_from_biluo(animals):
    ner = animals.get_pipe("deepal_ner")
    assert ner.labels == ("LARGE-ANIMAL",)
    assert ner.model.get_dim("nO") == 5  # O, and B, I, E and S of the label


def test_accept_blocked_token(animals):
    """No entity covers a blocked token."""
    doc = animals.make_doc("I live in New York")
    doc.set_ents([], blocked=[doc[3:5]], default="unmodified")
    doc = animals.get_pipe("deepal_ner")(doc)
    assert [token.ent_iob_ for token in doc] == ["O", "O", "O", "B", "B"]
    assert [token.ent_type_ for token in doc] == [""] * 5


@pytest.mark.filterwarnings("ignore:.* initialised without data")
def test_overwrite_token():
    """A component that knows no label finds nothing, and says that it knows none."""
    nlp = English()
    nlp.add_pipe("deepal_ner")
    with pytest.warns(UserWarning, match="has no labels"):
        nlp.initialize()
    doc = nlp("I live in New York")
    assert [token.ent_iob_ for token in doc] == ["O"] * 5
    assert [token.ent_type_ for token in doc] == [""] * 5


def test_issue4725_1():
    """A component keeps its settings when it is pickled."""
    nlp = English()
    ner = nlp.create_pipe("deepal_ner")
    ner.add_label("ANIMAL")
    assert pickle.loads(pickle.dumps(ner)).cfg == ner.cfg
