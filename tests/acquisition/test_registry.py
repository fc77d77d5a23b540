import pytest
from spacy.util import registry

from spacy_deepal.acquisition.functions import BALD, LC, MNLP
from spacy_deepal.acquisition.registry import (
    acquisition_block,
    acquisition_label,
    make_acquisition,
)
from spacy_deepal.errors import DeepALError


@pytest.mark.parametrize("text", ["MNLP", "BALD:samples=20"])
def test_a_label_is_read_as_the_block_that_it_names(text):
    block = acquisition_block(text)
    assert acquisition_label(block) == text
    assert block["@acquisition"] == f"spacy_deepal.{text.split(':')[0]}.v1"


def test_arguments_are_values_and_not_text():
    assert acquisition_block("spacy_deepal.BALD.v1:samples=20") == {
        "@acquisition": "spacy_deepal.BALD.v1",
        "samples": 20,
    }


def test_a_label_sorts_arguments():
    block = {"@acquisition": "spacy_deepal.MNLP.v1", "b": None, "a": 0.5}
    assert acquisition_label(block) == "MNLP:a=0.5,b=null"


@pytest.mark.parametrize(
    "value",
    [5, "5", 0.1, "word", "a=b", "a,b=2", "", '"', "null", None, [1, 2], {"x": [1, "y,z"]}, "NaN"],
)
def test_any_argument_is_the_same_after_it_was_shown(value, own_registry):
    @registry.acquisition("test_registry.v1")
    def make(value, other):
        return MNLP()

    block = {"@acquisition": "test_registry.v1", "other": 1, "value": value}
    assert acquisition_block(acquisition_label(block)) == block


@pytest.mark.parametrize("name", ["other.MNLP.v1", "spacy_deepal.MNLP.v2", "mine", "mine.v1"])
def test_only_the_functions_that_have_short_names_are_called_by_them(name):
    assert acquisition_label({"@acquisition": name}) == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mnpl", "no acquisition function 'mnpl'"),
        ("BALD:samples", "BALD:samples: 'samples' is not an argument with a value"),
        ("BALD:samples=many", "BALD:samples=many: "),
        ("BALD:passes=2", "unexpected argument: 'passes'"),
        ("BALD:samples=1", "needs 2 or more"),
    ],
)
def test_what_is_no_function_with_its_arguments_is_refused(text, message):
    with pytest.raises(DeepALError) as error:
        acquisition_block(text)
    assert message in " ".join(str(error.value).split())


def test_short_and_full_names_of_functions():
    assert acquisition_block("MNLP") == acquisition_block("spacy_deepal.MNLP.v1")
    assert make_acquisition("LC") == LC()
    assert make_acquisition("BALD:samples=7") == BALD(7)


def test_an_unknown_function_is_refused_with_those_there_are():
    with pytest.raises(DeepALError, match=r"function 'mnpl'\. .*BALD.*LC.*MNLP.*RAND"):
        make_acquisition("mnpl")


def test_samples_are_refused_where_they_mean_nothing():
    with pytest.raises(DeepALError, match=r"(?s)spacy_deepal\.MNLP\.v1.*samples"):
        make_acquisition("MNLP:samples=10")
    with pytest.raises(DeepALError, match="2 or more"):
        make_acquisition("BALD:samples=1")
