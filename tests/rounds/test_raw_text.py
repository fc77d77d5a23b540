"""Whether what is scored is what users get."""

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_deepal.rounds.raw_text import raw_text_f

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


def test_what_is_found_in_words_that_are_not_annotated_is_neither_right_nor_wrong():
    """As where people labelled a sentence before a type was added."""
    doc = Doc(RULED.vocab, words=["天河", "大"], spaces=[False, False])
    doc.set_ents([], outside=[doc[0:1]], default="missing")
    assert raw_text_f(RULED, [gold(["大", "天河"]), doc], 1.0) == 1.0


def test_with_the_tokens_of_the_pipeline_both_scores_are_equal():
    assert raw_text_f(RULED, [gold(["大", "好"])], 0.75) == 0.75


def test_without_a_text_there_is_no_score():
    assert raw_text_f(RULED, [gold(["天河", "好"], spaces=False)], 1.0) is None
