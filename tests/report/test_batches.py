import pytest

from spacy_deepal.errors import DeepALError
from spacy_deepal.report.batches import LabelColors, entity_markup, show_batch
from spacy_deepal.report.compare import read_comparison
from spacy_deepal.report.page import write_report
from spacy_deepal.rounds.run_folder import RoundFolder

from .build import make_batch, make_doc, make_run


def test_text_and_labels_are_escaped():
    doc = make_doc('<script> " Anna & Co', ("Anna", '<b id="x">'))
    markup = entity_markup(doc, "en", LabelColors())
    assert "&lt;script&gt; &quot; <mark" in markup
    assert "&amp; Co" in markup
    assert "<bdi>&lt;b id=&quot;x&quot;&gt;</bdi>" in markup
    assert "<script" not in markup
    assert "<b " not in markup


def test_braces_in_text_and_labels_are_text():
    markup = entity_markup(make_doc("{bg} Anna {}", ("Anna", "{text}")), "en", LabelColors())
    assert "{bg} <mark" in markup
    assert "<bdi>{text}</bdi>" in markup


def test_a_sentence_without_entities_is_plain_text_and_warns_of_nothing():
    markup = entity_markup(make_doc("No one here."), "en", LabelColors())
    assert "No one here." in markup
    assert "<mark" not in markup


@pytest.mark.parametrize(
    ("lang", "direction"), [("en", "ltr"), ("ar", "rtl"), ("zh", "ltr"), ("qqq", "ltr")]
)
def test_writing_goes_in_the_direction_of_the_language(lang, direction):
    assert f"direction: {direction}" in entity_markup(make_doc("x"), lang, LabelColors())


def test_labels_have_colours_of_their_own_that_last():
    colors = LabelColors()
    first = colors["PER"]
    assert len({colors[label] for label in (*map(str, range(30)), "PER")}) == 31
    assert colors["PER"] == first


def test_a_batch_shows_the_highest_scores_and_tells_the_total(tmp_path):
    docs = [make_doc(text) for text in ("one", "two two", "three three three")]
    folder = make_batch(make_run(tmp_path / "a"), 1, docs, [0.5, 0.25, 2.0])
    batch = show_batch(RoundFolder(folder, 1), "en", LabelColors(), most=2)
    assert (batch.sentences, batch.words, batch.labelled) == (3, 6, 3)
    assert [sentence.selected.score for sentence in batch.shown] == [2.0, 0.5]
    assert "three" in batch.shown[0].markup
    assert batch.shown[0].genre == "nw"


def test_a_batch_says_which_pipeline_labelled_it(tmp_path):
    run = make_run(tmp_path / "a")
    folder = make_batch(run, 0, [make_doc("one")], [None], labelled_by="en_small")
    assert show_batch(RoundFolder(folder, 0), "en", LabelColors(), 2).labelled_by == ["en_small"]
    page = write_report(read_comparison([run]), tmp_path / "report.html").read_text("utf8")
    assert "labelled by en_small" in page
    folder = make_batch(run, 1, [make_doc("one")], [None])
    assert show_batch(RoundFolder(folder, 1), "en", LabelColors(), 2).labelled_by == []


def test_a_batch_that_is_not_labelled_yet_shows_no_sentence(tmp_path):
    folder = make_batch(make_run(tmp_path / "a"), 0, [make_doc("one")], [None])
    (folder / "batch.spacy").unlink()
    batch = show_batch(RoundFolder(folder, 0), "en", LabelColors(), most=2)
    assert (batch.sentences, batch.labelled, batch.shown) == (1, None, [])


def test_a_sentence_selected_but_not_labelled_is_counted(tmp_path):
    folder = make_batch(make_run(tmp_path / "a"), 0, [make_doc("one"), make_doc("two")], [2, 1])
    make_batch(make_run(tmp_path / "b"), 0, [make_doc("one")], [2])
    (tmp_path / "b/round_00/batch.spacy").replace(folder / "batch.spacy")
    batch = show_batch(RoundFolder(folder, 0), "en", LabelColors(), most=9)
    assert (batch.sentences, batch.labelled, len(batch.shown)) == (2, 1, 1)


def test_a_damaged_batch_is_named(tmp_path):
    folder = make_batch(make_run(tmp_path / "a"), 0, [make_doc("one")], [None])
    (folder / "batch.spacy").write_bytes(b"no DocBin")
    with pytest.raises(DeepALError, match=r"round_00/batch\.spacy"):
        show_batch(RoundFolder(folder, 0), "en", LabelColors(), most=2)


def test_sentences_that_have_no_score_come_in_their_order(tmp_path):
    docs = [make_doc(text) for text in ("one", "two", "three")]
    folder = make_batch(make_run(tmp_path / "a"), 0, docs, [None] * 3)
    shown = show_batch(RoundFolder(folder, 0), "en", LabelColors(), most=9).shown
    assert [sentence.selected.id for sentence in shown] == ["r0s0", "r0s1", "r0s2"]
