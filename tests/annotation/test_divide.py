"""The text of a labelled run: a pool, and random sentences kept apart for dev and test."""

import pytest
import spacy

from spacy_deepal.annotation.divide import divide_text, draw_reserves
from spacy_deepal.annotation.labelling_folder import LabellingFolder, LabellingJob
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import count_words, sentence_id

from ..pools import make_docs, write_pools


def sentences(path):
    return list(read_shards(path, spacy.blank("xx").vocab))


def ids(path):
    return [sentence_id(doc) for doc in sentences(path)]


def divide(tmp_path, docs=None, **values):
    given = write_pools(tmp_path / "given", all=docs or make_docs(200, 7))
    job = LabellingJob(
        **{"inputs": [str(given["all"])], "lang": "xx", "dev_words": 30, "test_words": 20} | values
    )
    folder = LabellingFolder(tmp_path / "run")
    divide_text(folder, job, seed=0)
    return folder


def test_no_sentence_is_in_two_places_and_none_is_lost(tmp_path):
    folder = divide(tmp_path)
    parts = [folder.pool, folder.reserve("dev"), folder.reserve("test")]
    found = [name for part in parts for name in ids(part)]
    assert sorted(found) == sorted(ids(tmp_path / "given" / "all"))
    assert not any(doc.ents for part in parts for doc in sentences(part))


def test_a_reserve_has_three_times_the_words_that_are_asked_for(tmp_path):
    folder = divide(tmp_path)
    for part, words in (("dev", 30), ("test", 20)):
        reserved = sum(map(count_words, sentences(folder.reserve(part))))
        assert 3 * words <= reserved < 3 * words + 12


def test_reserves_take_no_more_than_a_fifth_of_the_text(tmp_path):
    folder = divide(tmp_path, dev_words=3000, test_words=1000)
    total = sum(map(count_words, sentences(tmp_path / "given" / "all")))
    dev, test = (sum(map(count_words, sentences(folder.reserve(p)))) for p in ("dev", "test"))
    assert dev + test < 0.2 * total + 24
    assert dev == pytest.approx(3 * test, rel=0.2)


def test_what_is_given_needs_no_reserve(tmp_path):
    gold = write_pools(tmp_path / "gold")
    folder = divide(tmp_path, dev=str(gold["dev"]), test_words=0)
    assert not folder.reserve("dev").exists()
    assert ids(folder.path / "dev") == ids(gold["dev"])
    assert any(doc.ents for doc in sentences(folder.path / "dev"))
    assert ids(folder.pool) == ids(tmp_path / "given" / "all")


def test_neither_the_order_of_the_text_nor_other_sentences_change_what_is_drawn():
    docs = list(make_docs(50, 7))
    drawn = draw_reserves(docs, {"dev": 30}, seed=0)["dev"]
    assert draw_reserves(reversed(docs), {"dev": 30}, seed=0)["dev"] == drawn
    assert draw_reserves(docs, {"dev": 30}, seed=1)["dev"] != drawn
    larger = draw_reserves(docs, {"dev": 60}, seed=0)["dev"]
    assert larger[: len(drawn)] == drawn
