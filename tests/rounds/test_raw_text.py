"""Whether what is scored is what users get."""

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span

from spacy_deepal.rounds.raw_text import gold_examples, raw_text_f

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
    assert raw_text_f(RULED, [gold(["天河", "好"], spaces=False)], 1.0) is None


def test_whether_a_text_is_known_is_kept_where_sentences_are_split(tmp_path):
    """A sentence of one word and those of a Doc with several were taken for known."""
    several = Doc(RULED.vocab, words=["大", "好", "大", "天"], sent_starts=[1, 0, 1, 0])
    several.set_ents([Span(several, 0, 1, "LOC")])
    DocBin(docs=[gold(["大"], spaces=False), several]).to_disk(tmp_path / "unknown.spacy")
    unknown = [example.reference for example in gold_examples(RULED, tmp_path / "unknown.spacy")]
    assert [len(doc) for doc in unknown] == [1, 2, 2]
    assert raw_text_f(RULED, unknown, 1.0) is None
    DocBin(docs=[gold(["大"]), gold(["大", "好"])]).to_disk(tmp_path / "known.spacy")
    known = [example.reference for example in gold_examples(RULED, tmp_path / "known.spacy")]
    assert raw_text_f(RULED, known, 0.75) == 0.75
