import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_deepal.corpus.cutting import at_ends_of_sentences
from spacy_deepal.corpus.docs import finished, set_spans, tagged_doc
from spacy_deepal.corpus.reading import BadLine, ReadOptions, Sentence

from .build import EN, tags

TEXT = "Newborn Ada-Bo  ran."  # the tokens are Newborn, Ada, -, Bo, a space, ran and a full stop


def labelled(*spans, **options):
    doc = EN.make_doc(TEXT)
    set_spans(doc, spans, 1, **options)
    return [(ent.text, ent.label_) for ent in doc.ents]


@pytest.mark.parametrize(
    ("span", "trimmed", "snapped"),
    [
        ((8, 11), "Ada", "Ada"),
        ((8, 13), "Ada-", "Ada-Bo"),
        ((5, 11), "Ada", "Newborn Ada"),
        ((7, 15), "Ada-Bo", "Ada-Bo"),
        ((0, 3), None, "Newborn"),
    ],
)
def test_spans_are_trimmed_or_snapped_to_tokens(span, trimmed, snapped):
    assert labelled((*span, "X"), border="snap") == [(snapped, "X")]
    if trimmed:
        assert labelled((*span, "X"), border="trim") == [(trimmed, "X")]
    else:
        with pytest.raises(BadLine, match="--border trim leaves nothing of it, --border drop"):
            labelled((*span, "X"), border="trim")


def test_a_span_that_is_not_whole_tokens_is_dropped_and_told():
    doc = EN.make_doc(TEXT)
    spans = [(8, 11, "X"), (9, 13, "Y")]
    assert set_spans(doc, spans, 1, border="drop") == ("'da-B' (Y, 9 to 13)",)
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Ada", "X")]
    assert doc.has_annotation("ENT_IOB", require_complete=True)


@pytest.mark.parametrize("border", ["trim", "snap"])
def test_a_span_of_white_space_is_no_entity(border):
    with pytest.raises(BadLine, match="is not whole"):
        labelled((14, 16, "X"), border=border)


def test_a_span_that_is_given_twice_counts_once():
    assert labelled((8, 11, "X"), (8, 11, "X")) == [("Ada", "X")]
    assert labelled((8, 10, "X"), (9, 11, "X"), border="snap") == [("Ada", "X")]


def test_of_entities_that_overlap_the_longest_is_kept_if_that_is_asked_for():
    spans = [(8, 14, "X"), (8, 11, "Y"), (12, 14, "Y"), (0, 11, "Z")]
    doc = EN.make_doc(TEXT)
    dropped = set_spans(doc, spans, 1, overlap="longest")
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Ada-Bo", "X")]
    assert dropped == (
        "'Newborn Ada' (Z, 0 to 11)",
        "'Ada' (Y, 8 to 11)",
        "'Bo' (Y, 12 to 14)",
    )
    with pytest.raises(BadLine, match=r"Keep one of them, or the longest with --overlap longest$"):
        labelled(*spans, overlap="refuse")
    with pytest.raises(BadLine, match=r"Keep one of them$"):
        labelled(*spans)


@pytest.mark.parametrize("overlap", ["refuse", "longest"])
def test_of_entities_that_overlap_and_are_equally_long_none_is_chosen(overlap):
    for spans in ([(8, 11, "X"), (8, 11, "Y")], [(0, 11, "X"), (8, 12, "X")]):
        with pytest.raises(BadLine, match=r"entity '.*overlaps '.*\. Keep one of them$"):
            labelled(*spans, overlap=overlap)


def test_words_outside_of_partial_labels_are_missing():
    doc = EN.make_doc("Ada ran")
    set_spans(doc, [(0, 3, "X")], 1, partial=True)
    assert tags(doc) == ["B-X", ""]


def test_sentences_end_at_line_ends_and_final_punctuation_outside_of_entities():
    doc = EN.make_doc("Ada met Dr. No.  Bo left\n\n New\nYork. ")
    set_spans(doc, [(8, 14, "PER"), (27, 35, "LOC")], 1)
    parts = list(at_ends_of_sentences(doc))
    assert [part.text for part in parts] == ["Ada met Dr. No.", "Bo left", "New\nYork."]
    assert [tags(part) for part in parts] == [
        ["O", "O", "B-PER", "I-PER", "O"],
        ["O", "O"],
        ["B-LOC", "I-LOC", "I-LOC", "O"],
    ]


@pytest.mark.parametrize(
    ("lang", "sentences"),
    [
        ("en", ["She left (by train).", '"Ada is here," he said.', "“Bob agrees.”", "(See Oslo.)"]),
        ("en", ['He said "No."', "'Why?'", '("Ada" came.)', "[1] Oslo."]),
        ("es", ["Vino.", "¿Quién?", "¡Ada!", "Fin."]),
        ("de", ["„Er kam.“", "Sie ging.", "»Ja.«", "„Nein.“"]),
        ("fr", ["Il dit.", "« Oui. »", "Elle part."]),
    ],
)
def test_marks_that_open_belong_to_the_sentence_that_they_open(lang, sentences):
    doc = spacy.blank(lang).make_doc(" ".join(sentences))
    assert [part.text for part in at_ends_of_sentences(doc)] == sentences


def test_marks_that_open_need_no_space_before_them_and_others_do():
    zh = spacy.blank("zh").make_doc("他说。“你好。”我走了。「完」")
    parts = [part.text for part in at_ends_of_sentences(zh)]
    assert parts == ["他说。", "“你好。”", "我走了。", "「完」"]
    words = ["Ada", "ran", ".", '"', "Bo", "left", "."]
    en = Doc(EN.vocab, words=words, spaces=[True, False, False, False, True, False, False])
    assert [part.text for part in at_ends_of_sentences(en)] == ['Ada ran."', "Bo left."]


def test_a_doc_of_unknown_spaces_is_cut_too():
    doc = Doc(EN.vocab, words=["Ada", "ran", ".", "Bo", "left"])
    doc.set_ents([Span(doc, 3, 4, "PER")])
    first, second = at_ends_of_sentences(doc)
    assert (first.has_unknown_spaces, len(first), tags(second)) == (True, 3, ["B-PER", "O"])
    assert list(at_ends_of_sentences(EN.make_doc(" \n "))) == []


def test_a_text_that_is_not_of_the_words_is_reported():
    with pytest.raises(BadLine, match="the text does not continue with the token 'b'"):
        tagged_doc(EN, ["a", "b"], ["O", "O"], "a c", 1)
    with pytest.raises(BadLine, match="the text continues after the last token"):
        tagged_doc(EN, ["a"], ["O"], "a c", 1)


def test_what_is_to_be_known_of_a_record_is_told_once_when_it_is_cut():
    sentence = Sentence(EN.make_doc("Ada ran. Bo left."), 1, note="so it is")
    parts = list(finished(EN, sentence, ReadOptions(split=True)))
    assert [(part.doc.text, part.note) for part in parts] == [
        ("Ada ran.", "so it is"),
        ("Bo left.", None),
    ]


class CountingDoc(Doc):
    """A Doc that counts what takes as long as it has tokens."""

    calls = 0

    @property
    def text(self):
        self.calls += 1
        return super().text

    def to_array(self, attrs):
        self.calls += 1
        return super().to_array(attrs)


def test_a_book_on_one_line_is_labelled_and_cut_without_a_walk_through_it_for_each_sentence():
    doc = CountingDoc(EN.vocab, words=["Ada", "ran", "."] * 50)
    set_spans(doc, [(start, start + 3, "PER") for start in range(0, 50 * 10, 10)], 1)
    parts = list(at_ends_of_sentences(doc))
    assert [tags(part) for part in parts] == [["B-PER", "O", "O"]] * 50
    assert doc.calls < 5
