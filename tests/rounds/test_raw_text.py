"""Whether what is scored is what users get."""

import warnings

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_deepal.corpus.docbin import write_docs
from spacy_deepal.rounds.raw_text import check_tokens, raw_text_f

ZH = spacy.blank("zh")
RULED = spacy.blank("zh")
RULED.add_pipe("entity_ruler").add_patterns(
    [{"label": "LOC", "pattern": [{"TEXT": word}]} for word in ("天河", "大")]
)


def gold(words, spaces=True, label="LOC"):
    """A sentence whose first word is an entity."""
    doc = Doc(RULED.vocab, words=words, spaces=[False] * len(words) if spaces else None)
    doc.set_ents([Span(doc, 0, 1, label)])
    return doc


def test_a_pipeline_that_knows_words_finds_nothing_in_characters():
    docs = [gold(["天河", "好"])]
    assert [ent.text for ent in RULED(docs[0].copy()).ents] == ["天河"]
    with pytest.warns(UserWarning, match="F1 on raw text is much lower .* --tokens pipeline"):
        assert raw_text_f(RULED, docs, 1.0) == 0.0


def test_entities_are_compared_by_their_characters():
    docs = [gold(["大", "天河"]), gold(["天河", "大"], label="ORG")]
    assert raw_text_f(RULED, docs, 0.5) == 0.5  # found: both 大, one of them is right


def test_with_the_tokens_of_the_pipeline_both_scores_are_equal():
    assert raw_text_f(RULED, [gold(["大", "好"])], 0.75) == 0.75


def test_without_a_text_there_is_no_score():
    doc = gold(["天河", "好"], spaces=False)
    doc.has_unknown_spaces = True
    assert raw_text_f(RULED, [doc], 1.0) is None


@pytest.mark.parametrize(("words", "share"), [(["天河", "好"], "50%"), (["天河", "广州"], "0%")])
def test_data_with_tokens_that_the_pipeline_does_not_make_is_told(tmp_path, words, share):
    write_docs([gold(words)], tmp_path / "dev.spacy")
    with pytest.warns(UserWarning, match=rf"\(lang = zh\) makes only {share} of the tokens"):
        check_tokens(ZH, tmp_path / "dev.spacy")


def test_data_with_the_pipelines_tokens_or_without_a_text_is_not(tmp_path):
    unknown = gold(["天河", "好"], spaces=False)
    unknown.has_unknown_spaces = True
    write_docs([gold(["天", "河", "好"]), unknown], tmp_path / "dev.spacy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_tokens(ZH, tmp_path / "dev.spacy")
