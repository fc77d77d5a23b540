"""Whether a pipeline is told that it is trained on tokens that it will not make."""

import warnings

import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Corpus, Example

from spacy_deepal.tagger.raw_tokens import check_tokens, warn_of_tokens

ZH = spacy.blank("zh")


def sentence(words, known=True):
    """A sentence whose first word is an entity; its text is known or not."""
    doc = Doc(ZH.vocab, words=words, spaces=[False] * len(words))
    doc.has_unknown_spaces = not known
    doc.set_ents([Span(doc, 0, 1, "LOC")])
    return doc


def example(doc, gold_preproc):
    """As `spacy.Corpus.v1` makes it."""
    words = [token.text for token in doc]
    own = ZH.make_doc(doc.text)
    predicted = Doc(ZH.vocab, words=words, spaces=[False] * len(words)) if gold_preproc else own
    return Example(predicted, doc)


@pytest.fixture
def silent():
    """The warnings of the test, all of them recorded."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


@pytest.mark.parametrize(("words", "share"), [(["天河", "好"], "50%"), (["天河", "广州"], "0%")])
def test_data_with_tokens_that_the_pipeline_does_not_make_are_told(words, share):
    with pytest.warns(UserWarning, match=rf"\(lang = zh\) makes only {share} of the tokens that x"):
        warn_of_tokens(ZH, [sentence(words)], "x has")


def test_data_with_the_pipelines_tokens_or_without_a_text_are_not(silent):
    warn_of_tokens(ZH, [sentence(["天", "河"]), sentence(["天河"], known=False)], "x has")
    warn_of_tokens(ZH, [], "x has")
    assert silent == []


def test_training_that_keeps_the_tokens_of_the_data_is_told():
    nlp = spacy.blank("zh")
    nlp.add_pipe("deepal_ner")
    with pytest.warns(UserWarning, match="the training data have"):
        nlp.initialize(lambda: [example(sentence(["天河", "好"]), gold_preproc=True)])


def test_training_with_the_pipelines_tokens_is_not(silent):
    check_tokens(ZH, lambda: [example(sentence(["天河", "好"]), gold_preproc=False)])
    check_tokens(ZH, lambda: [example(sentence(["天河"], known=False), gold_preproc=True)])
    check_tokens(None, lambda: [])
    assert silent == []


def cut(spaces):
    """Two sentences of one Doc, as `spacy.Corpus.v1` cuts it with `gold_preproc`."""
    doc = Doc(ZH.vocab, ["天河", "好", "广州", "好"], spaces, sent_starts=[True, False] * 2)
    return list(Corpus("", gold_preproc=True).make_examples_gold_preproc(ZH, [doc]))


def test_sentences_that_were_cut_from_a_doc_without_a_text_are_not_told(silent):
    check_tokens(ZH, lambda: cut(spaces=None))
    assert silent == []
    check_tokens(ZH, lambda: cut(spaces=[False, True, False, False]))
    (warning,) = silent
    assert "makes only 50% of the tokens" in str(warning.message)
