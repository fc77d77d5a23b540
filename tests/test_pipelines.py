import pytest

from spacy_deepal.errors import DeepALError
from spacy_deepal.pipelines import blank_pipeline, load_pipeline


def test_a_pipeline_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DeepALError, match=r"Cannot load the pipeline .*nope"):
        load_pipeline(str(tmp_path / "nope"))


def test_a_language_that_spacy_does_not_know_is_named():
    with pytest.raises(DeepALError, match="No tokenizer for the language 'zz'"):
        blank_pipeline("zz")


def test_a_text_may_have_any_length():
    assert len(blank_pipeline("en").make_doc("word " * 300_000)) == 300_000
