import pytest

from spacy_deepal.errors import DeepALError
from spacy_deepal.report.sentences import draw, label_colors, read_batch

from .build import make_batch, make_doc, make_run


def test_text_and_labels_are_escaped():
    doc = make_doc('<script> " Anna & Co', ("Anna", '<b id="x">'))
    markup = draw(doc, "en", label_colors())
    assert "&lt;script&gt; &quot; <mark" in markup
    assert "&amp; Co" in markup
    assert "<bdi>&lt;b id=&quot;x&quot;&gt;</bdi>" in markup
    assert "<script" not in markup
    assert "<b " not in markup


def test_braces_in_text_and_labels_are_text():
    markup = draw(make_doc("{bg} Anna {}", ("Anna", "{text}")), "en", label_colors())
    assert "{bg} <mark" in markup
    assert "<bdi>{text}</bdi>" in markup


def test_a_sentence_without_entities_is_plain_text_and_warns_of_nothing():
    markup = draw(make_doc("No one here."), "en", label_colors())
    assert "No one here." in markup
    assert "<mark" not in markup


@pytest.mark.parametrize(
    ("lang", "direction"), [("en", "ltr"), ("ar", "rtl"), ("zh", "ltr"), ("qqq", "ltr")]
)
def test_writing_goes_in_the_direction_of_the_language(lang, direction):
    assert f"direction: {direction}" in draw(make_doc("x"), lang, label_colors())


def test_labels_have_colours_of_their_own_that_last():
    colors = label_colors()
    first = colors["PER"]
    assert len({colors[label] for label in (*map(str, range(30)), "PER")}) == 31
    assert colors["PER"] == first


def test_a_batch_shows_the_highest_scores_and_tells_the_total(tmp_path):
    docs = [make_doc(text) for text in ("one", "two two", "three three three")]
    folder = make_batch(make_run(tmp_path / "a"), 1, docs, [0.5, 0.25, 2.0])
    batch = read_batch(1, folder, "en", label_colors(), most=2)
    assert (batch.picked, batch.words, batch.labelled) == (3, 6, 3)
    assert [sentence.pick.score for sentence in batch.shown] == [2.0, 0.5]
    assert "three" in batch.shown[0].markup
    assert batch.shown[0].genre == "nw"


def test_a_batch_that_is_not_labelled_yet_shows_no_sentence(tmp_path):
    folder = make_batch(make_run(tmp_path / "a"), 0, [make_doc("one")], [None])
    (folder / "batch.spacy").unlink()
    batch = read_batch(0, folder, "en", label_colors(), most=2)
    assert (batch.picked, batch.labelled, batch.shown) == (1, None, [])


def test_a_sentence_picked_but_not_labelled_is_counted(tmp_path):
    folder = make_batch(make_run(tmp_path / "a"), 0, [make_doc("one"), make_doc("two")], [2, 1])
    make_batch(make_run(tmp_path / "b"), 0, [make_doc("one")], [2])
    (tmp_path / "b/round_00/batch.spacy").replace(folder / "batch.spacy")
    batch = read_batch(0, folder, "en", label_colors(), most=9)
    assert (batch.picked, batch.labelled, len(batch.shown)) == (2, 1, 1)


def test_a_damaged_batch_is_named(tmp_path):
    folder = make_batch(make_run(tmp_path / "a"), 0, [make_doc("one")], [None])
    (folder / "batch.spacy").write_bytes(b"no DocBin")
    with pytest.raises(DeepALError, match=r"round_00/batch\.spacy"):
        read_batch(0, folder, "en", label_colors(), most=2)
