"""The confidence of entities: what it is, when it is set, and how it is calibrated."""

import numpy as np
import pytest
import spacy
from spacy.tokens import DocBin, Span

from spacy_deepal.sentences import KEY
from spacy_deepal.tagger.confidence import (
    Claim,
    confidences,
    find_claims,
    fit_temperature,
    judge,
)

from .build import SENTENCES, entities_of, initialized, make_doc

TEXTS = [words for words, _ in SENTENCES]


@pytest.fixture(autouse=True)
def no_extension():
    """The extension is as it was before each test."""
    yield
    if Span.has_extension("confidence"):
        Span.remove_extension("confidence")


def make_claim(*words):
    """words: The tag of each, and the probabilities of all tags."""
    tags = np.asarray([tag for tag, _ in words])
    return Claim(0, len(words), "LOC", tags, np.log(np.asarray([row for _, row in words])))


def claims_and_docs(nlp):
    docs = [make_doc(nlp.vocab, words) for words in TEXTS]
    return find_claims(nlp.get_pipe("deepal_ner"), docs), docs


def test_an_entity_is_as_probable_as_its_tags_are():
    one, two = make_claim((1, [0.2, 0.8])), make_claim((0, [0.5, 0.5]), (1, [0.1, 0.9]))
    assert confidences([one, two], 1.0) == pytest.approx([0.8, 0.45])
    # 0.8 / 0.2 = 4, and the logits by 2 make it sqrt(4) / (sqrt(4) + 1).
    assert confidences([one], 2.0) == pytest.approx([2 / 3])
    assert confidences([], 1.0).shape == (0,)


def test_claims_are_the_entities_that_the_component_sets():
    nlp = initialized()
    claims, docs = claims_and_docs(nlp)
    assert any(claims)
    assert not any(doc.ents for doc in docs)
    for doc, own in zip(nlp.pipe(docs), claims, strict=True):
        assert entities_of(doc) == [(each.start, each.end, each.label) for each in own]


def test_without_a_beam_the_probabilities_are_those_of_the_greedy_path():
    nlp = initialized(beam_width=1)
    claims, docs = claims_and_docs(nlp)
    paths = nlp.get_pipe("deepal_ner").predict(docs)
    for own, tags, rows in zip(claims, paths.tags, paths.log_probs, strict=True):
        for each in own:
            assert (each.tags == tags[each.start : each.end]).all()
            assert (each.log_probs == rows[each.start : each.end]).all()


def test_the_path_of_a_beam_is_followed_for_its_own_probabilities():
    """Decoded greedily with every tag forced, word by word, it has the same ones."""
    nlp = initialized()
    pipe, docs = nlp.get_pipe("deepal_ner"), [make_doc(nlp.vocab, words) for words in TEXTS]
    paths = pipe.predict(docs)
    changed = [i for i in range(len(docs)) if (paths.tags[i] != paths.best[i]).any()]
    assert changed
    claims = find_claims(pipe, docs, paths)
    for i in changed:
        tags = paths.best[i]
        # Up to the first word where the paths part, they have the same probabilities.
        part = int(np.flatnonzero(tags != paths.tags[i])[0])
        for claim in claims[i]:
            end = min(claim.end, part + 1) - claim.start
            if end > 0:
                rows = paths.log_probs[i][claim.start : claim.start + end]
                assert claim.log_probs[:end] == pytest.approx(rows, abs=1e-5)
            assert np.exp(claim.log_probs).sum(1) == pytest.approx(1, abs=1e-5)


def test_nothing_is_set_unless_it_is_asked_for():
    nlp = initialized()
    docs = list(nlp.pipe(TEXTS))
    assert any(doc.ents for doc in docs)
    assert not any(doc.user_data for doc in docs)
    assert not Span.has_extension("confidence")


def test_every_entity_has_its_confidence():
    nlp = initialized(confidence=True)
    pipe = nlp.get_pipe("deepal_ner")
    pipe.cfg["temperature"] = 2.0
    docs = list(nlp.pipe([*TEXTS, ""]))
    claims = find_claims(pipe, docs)
    for doc, own in zip(docs, claims, strict=True):
        expected = confidences(own, 2.0)
        assert [ent._.confidence for ent in doc.ents] == pytest.approx(expected)
    assert docs[0][0:1]._.confidence is None or docs[0].ents[0].start == 0


def test_entities_of_other_components_have_none():
    nlp = initialized(confidence=True)
    ruler = nlp.add_pipe("entity_ruler", before="deepal_ner")
    ruler.add_patterns([{"label": "BIRD", "pattern": "London"}])
    doc = nlp("I like London and Berlin .")
    assert "BIRD" in [ent.label_ for ent in doc.ents]
    for ent in doc.ents:
        assert (ent._.confidence is None) == (ent.label_ == "BIRD")


def test_confidence_goes_through_files_and_processes():
    nlp = initialized(confidence=True)
    docs = list(nlp.pipe(TEXTS))
    known = [[ent._.confidence for ent in doc.ents] for doc in docs]
    stored = DocBin(store_user_data=True, docs=docs).to_bytes()
    read = DocBin().from_bytes(stored).get_docs(nlp.vocab)
    assert [[ent._.confidence for ent in doc.ents] for doc in read] == known
    piped = nlp.pipe(TEXTS, n_process=2, batch_size=2)
    assert [[ent._.confidence for ent in d.ents] for d in piped] == [
        pytest.approx(each, rel=1e-5) for each in known
    ]


def test_the_temperature_is_kept_with_the_model(tmp_path):
    nlp = initialized()
    nlp.get_pipe("deepal_ner").cfg["temperature"] = 1.5
    nlp.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model", config={"components.deepal_ner.confidence": True})
    assert loaded.get_pipe("deepal_ner").temperature == 1.5
    assert loaded.get_pipe("deepal_ner").confidence
    copy = initialized(seed=1).from_bytes(nlp.to_bytes())
    assert copy.get_pipe("deepal_ner").temperature == 1.5


def test_new_weights_have_no_temperature():
    nlp = initialized()
    pipe = nlp.get_pipe("deepal_ner")
    pipe.cfg["temperature"] = 1.5
    nlp.initialize(lambda: [spacy.training.Example(make_doc(nlp.vocab, "Ada"), nlp("Ada"))])
    assert pipe.temperature == 1.0


def draw_claims(count, true_temperature, seed=0):
    """Claims of one word whose logits are too far apart by a known factor."""
    draw = np.random.default_rng(seed)
    logits = draw.normal(0, 2, (count, 5))
    right = np.exp(logits)
    right /= right.sum(1, keepdims=True)
    tags = logits.argmax(1)
    happened = draw.random(count) < right[np.arange(count), tags]
    scaled = logits * true_temperature
    rows = scaled - np.log(np.exp(scaled).sum(1, keepdims=True))
    claims = [Claim(0, 1, "LOC", tags[i : i + 1], rows[i : i + 1]) for i in range(count)]
    return claims, happened


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_temperature_of_made_up_entities_is_found_again(factor):
    claims, right = draw_claims(5000, factor)
    assert fit_temperature(claims, right) == pytest.approx(factor, rel=0.1)


def test_a_few_right_entities_do_not_make_a_model_sure():
    claims = [make_claim((1, [0.1, 0.9]))] * 3
    after = confidences(claims, fit_temperature(claims, np.ones(3, bool)))
    assert after == pytest.approx([0.8] * 3, abs=0.01)  # (3 + 1) / (3 + 2)
    assert fit_temperature([], np.zeros(0, bool)) == 1.0


def test_an_entity_is_right_wrong_or_not_looked_at():
    nlp = spacy.blank("en")
    gold = make_doc(nlp.vocab, "Ada saw Rome today", [(2, 3, "LOC")])
    claim = make_claim((1, [0.1, 0.9]))
    assert judge(claim._replace(start=2, end=3), gold) is True
    assert judge(claim._replace(start=2, end=4), gold) is False
    assert judge(claim, gold) is False
    open_ = make_doc(nlp.vocab, "Ada saw Rome today")
    assert judge(claim, open_) is None
    open_.user_data[KEY] = {"labels": ["LOC"]}
    assert judge(claim, open_) is False
