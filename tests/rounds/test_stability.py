import pytest
import spacy

from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import write_shards
from spacy_deepal.rounds import stability
from spacy_deepal.rounds.rows import FoundEntities
from spacy_deepal.rounds.run_folder import RoundFolder
from spacy_deepal.rounds.stability import agreement, draw_stop_set, find_entities, stopping_point
from spacy_deepal.sentences import sentence_id

from ..pools import make_doc, make_docs, make_pipeline

PER, LOC, LONG = (0, 1, "PER"), (3, 4, "LOC"), (3, 5, "LOC")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": {PER, LOC}}, {"a": {PER, LOC}}, 1),
        ({"a": {PER}}, {"a": {LOC}}, 0),
        ({"a": {PER, LOC}, "b": {PER}}, {"a": {PER, LONG}, "b": set()}, 0.4),  # 2 * 1 / (3 + 2)
        ({"a": {PER}, "b": set()}, {"a": set(), "b": {PER}}, 0),
        ({"a": set()}, {"a": set()}, 0),
        ({"a": {PER}, "old": {PER}}, {"a": {PER}, "new": {LOC}}, 1),  # the pool has grown
    ],
)
def test_agreement_is_the_f1_of_one_models_entities_against_the_others(old, new, expected):
    old, new = (
        [FoundEntities(id=name, entities=list(entities)) for name, entities in found.items()]
        for found in (old, new)
    )
    assert agreement(old, new) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("numbers", "threshold", "expected"),
    [
        ([None, 0.5, 0.8, 0.9, 0.95, 1.0], 0.95, 5),  # (0.9 + 0.95 + 1) / 3
        ([None, 0.5, 0.8, 0.9, 0.95, 1.0], 0.9, 5),  # (0.8 + 0.9 + 0.95) / 3 is below
        ([None, 0.5, 0.8, 0.9, 0.95, 1.0], 0.88, 4),
        ([None, 0.97, 0.97, 0.97], 0.97, 3),
        ([None, 1.0, 1.0], 0.5, None),
        ([None, 1.0, None, 1.0, 1.0], 0.5, None),
        ([None, 1.0, 1.0, 1.0, 0.2], 0.9, 3),
        ([], 0.0, None),
    ],
)
def test_a_run_stops_when_the_mean_of_three_rounds_has_reached_the_threshold(
    numbers, threshold, expected
):
    assert stopping_point(numbers, threshold) == expected


def test_another_number_of_rounds_can_decide():
    assert stopping_point([None, 0.9, 0.7, 0.9], 0.9, 1) == 1
    assert stopping_point([None, 0.9, 0.7, 1.0], 0.85, 2) == 3


def draw(docs, folder, seed=0, nlp=None):
    write_shards(docs, folder, sentences_per_shard=20)
    return draw_stop_set(Pool(folder), (nlp or spacy.blank("xx")).vocab, seed)


def test_the_stop_set_depends_on_the_seed_and_not_on_the_order(monkeypatch, tmp_path):
    monkeypatch.setattr(stability, "STOP_SET", 10)
    docs = [*make_docs(45, 1), make_doc("blank", ["\n"])]
    drawn = [sentence_id(doc) for doc in draw(docs, tmp_path / "a")]
    assert len(set(drawn)) == 10
    assert [sentence_id(doc) for doc in draw(reversed(docs), tmp_path / "b")] == drawn
    assert {sentence_id(doc) for doc in draw(docs, tmp_path / "c", 1)} != set(drawn)


def test_a_small_pool_is_the_stop_set_without_its_labels_and_what_has_no_words(tmp_path):
    docs = [*make_docs(5, 1), make_doc("blank", ["\n"])]
    drawn = draw(docs, tmp_path / "pool")
    assert {sentence_id(doc) for doc in drawn} == {sentence_id(doc) for doc in docs[:5]}
    assert not any(doc.ents for doc in drawn)


def test_entities_are_those_of_the_pipeline_and_come_back_from_disk(tmp_path):
    docs = list(make_docs(20, 1))
    nlp = make_pipeline(docs)
    drawn = draw(docs, tmp_path / "pool", nlp=nlp)
    found = find_entities(nlp, drawn)
    assert {row.id for row in found} == {sentence_id(doc) for doc in docs}
    for doc, row in zip(drawn, found, strict=True):
        assert {(ent.start, ent.end, ent.label_) for ent in doc.ents} == set(row.entities)
    here = RoundFolder(tmp_path, 0)
    assert here.entities.read() == []
    here.entities.write(found)
    assert here.entities.read() == found
