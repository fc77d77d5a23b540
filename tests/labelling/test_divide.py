"""The text of a labelled run: a pool, and random sentences kept apart for dev and test."""

import pytest
import spacy

from spacy_deepal.errors import DeepALError
from spacy_deepal.labelling.divide import (
    MOST_RESERVED,
    _FirstTexts,
    divide_text,
    draw_reserves,
)
from spacy_deepal.labelling.journal import NewLabel, now
from spacy_deepal.labelling.labelling_folder import LabellingFolder, LabellingJob
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.seeds import derive_uniform
from spacy_deepal.sentences import count_words, sentence_id

from ..pools import make_doc, make_docs, write_pools


def sentences(path):
    return list(read_shards(path, spacy.blank("xx").vocab))


def ids(path):
    return [sentence_id(doc) for doc in sentences(path)]


def texts(path):
    return [doc.text for doc in sentences(path)]


def divide(tmp_path, docs=None, labels=("PER", "LOC", "ORG"), **values):
    given = write_pools(tmp_path / "given", all=docs or make_docs(200, 7, distinct=True))
    job = LabellingJob(
        **{"inputs": [str(given["all"])], "lang": "xx", "dev_words": 30, "test_words": 20} | values
    )
    folder = LabellingFolder(tmp_path / "run")
    folder.path.mkdir(parents=True)
    for label in labels:
        folder.journal.append(NewLabel(at=now(), by="me", label=label))
    divide_text(folder, job, seed=0)
    return folder


def test_a_set_that_is_given_has_no_other_types_than_the_run(tmp_path):
    dev = write_pools(tmp_path / "gold", dev=make_docs(9, 1))["dev"]
    with pytest.raises(DeepALError, match=r"gold/dev has entities of LOC.* run are PER\. Add"):
        divide(tmp_path, labels=["PER"], dev=str(dev))


def test_no_sentence_is_in_two_places_and_none_is_lost(tmp_path):
    folder = divide(tmp_path)
    parts = [folder.pool, folder.reserve("dev"), folder.reserve("test")]
    found = [name for part in parts for name in ids(part)]
    assert sorted(found) == sorted(ids(tmp_path / "given" / "all"))
    assert not any(doc.ents for part in parts for doc in sentences(part))


def test_a_text_that_is_repeated_is_at_most_once_in_dev_and_test_and_then_not_in_the_pool(tmp_path):
    folder = divide(tmp_path, make_docs(200, 7), dev_words=3000, test_words=1000)
    apart = [*texts(folder.reserve("dev")), *texts(folder.reserve("test"))]
    assert len(apart) == len(set(apart)) > 4
    everything = texts(tmp_path / "given" / "all")
    assert len(everything) - len(texts(folder.pool)) > len(apart)  # some are repeated
    assert texts(folder.pool) == [text for text in everything if text not in apart]


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


def begin_labelled(tmp_path, labels=("PER", "LOC"), dev=None, **values):
    """The first 40 sentences of the text are labelled, the others are not."""
    docs = [*make_docs(40, 7, distinct=True), *make_docs(160, 8, gold=False, distinct=True)]
    first = {"seed_words": "labelled"}
    return divide(tmp_path, docs, labels, first=first, dev=dev, **values)


def test_what_is_labelled_in_the_text_becomes_answers_and_is_in_no_reserve(tmp_path):
    folder = begin_labelled(tmp_path)
    gold = {sentence_id(doc): doc for doc in make_docs(40, 7, distinct=True)}
    answers = {answer.id: answer for answer in folder.labelled.read()}
    assert answers.keys() == gold.keys()
    for name, doc in gold.items():
        assert answers[name].entities == [(e.start, e.end, e.label_) for e in doc.ents]
        assert (answers[name].by, answers[name].labels) == ("the text", ["LOC", "PER"])
    pool = sentences(folder.pool)
    assert gold.keys() <= {sentence_id(doc) for doc in pool}
    assert not any(doc.has_annotation("ENT_IOB") for doc in pool)
    reserved = {*ids(folder.reserve("dev")), *ids(folder.reserve("test"))}
    assert reserved
    assert reserved.isdisjoint(gold)


def test_of_a_type_that_nobody_has_labelled_the_text_says_nothing(tmp_path):
    answers = begin_labelled(tmp_path, labels=("PER", "LOC", "ORG")).labelled.read()
    assert {tuple(answer.labels) for answer in answers} == {("LOC", "PER")}


def test_what_is_in_a_given_dev_set_is_no_answer(tmp_path):
    dev = write_pools(tmp_path / "gold", dev=make_docs(30, 7, distinct=True))["dev"]
    folder = begin_labelled(tmp_path, dev=str(dev), test_words=0)
    answers, given = {answer.id for answer in folder.labelled.read()}, {*ids(dev)}
    assert answers == {sentence_id(doc) for doc in make_docs(40, 7)} - given
    assert {*ids(folder.pool)}.isdisjoint(given)


def test_if_all_that_is_labelled_is_in_dev_there_is_nothing_to_begin_with(tmp_path):
    dev = write_pools(tmp_path / "gold", dev=make_docs(40, 7, distinct=True))["dev"]
    with pytest.raises(DeepALError, match=r"Every sentence of .* that is labelled is in dev or te"):
        begin_labelled(tmp_path, dev=str(dev), test_words=0)


def test_of_a_sentence_that_is_labelled_in_part_the_entities_are_answers(tmp_path):
    docs = [*make_docs(40, 7, distinct=True), *make_docs(160, 8, gold=False, distinct=True)]
    docs[0].set_ents(list(docs[0].ents), default="missing")
    docs[1].set_ents([], outside=[docs[1][:1]], default="missing")  # no entity is known of it
    folder = divide(tmp_path, docs, ["PER", "LOC"], first={"seed_words": "labelled"})
    answers = {answer.id: answer for answer in folder.labelled.read()}
    assert len(answers["7-000"].entities) == 2
    assert answers["7-000"].labels == []
    assert "7-001" not in answers
    assert len(answers) == 39


@pytest.mark.parametrize(
    ("labels", "docs", "message"),
    [
        (
            ["PER"],
            make_docs(20, 7),
            r"The text \(.*all\) has entities of LOC.* Add those with --lab",
        ),
        (["PER"], make_docs(20, 7, gold=False), r"No sentence of .*all has an entity that is"),
        (["PER"], [make_doc("o", ["Nobody", "knew"])], r"No sentence of .*all has an entity that"),
    ],
    ids=["other types", "nothing", "no entity"],
)
def test_a_text_whose_labels_do_not_suit_is_told(tmp_path, labels, docs, message):
    with pytest.raises(DeepALError, match=message):
        divide(tmp_path, docs, labels, first={"seed_words": "labelled"})


def test_what_is_given_needs_no_reserve(tmp_path):
    gold = write_pools(tmp_path / "gold")
    folder = divide(tmp_path, dev=str(gold["dev"]), test_words=0)
    assert not folder.reserve("dev").exists()
    assert ids(folder.path / "dev") == ids(gold["dev"])
    assert any(doc.ents for doc in sentences(folder.path / "dev"))
    assert ids(folder.pool) == ids(tmp_path / "given" / "all")


@pytest.mark.parametrize("part", ["dev", "test"])
def test_sentences_that_are_given_are_in_nothing_else_in_whatever_tokens(tmp_path, part):
    file, text = tmp_path / "gold.iob2", tmp_path / "articles.txt"
    file.write_text("Ada\tB-PER\nleft\tO\n.\tO\n")
    text.write_text("".join(f"Ada left.\nAda saw town {n}.\n" for n in range(50)))
    sizes = {f"{part}_words": 0, part: str(file), "inputs": [str(text)]}
    folder = divide(tmp_path, lang="en", **sizes)
    assert texts(folder.path / part) == ["Ada left . "]
    drawn = texts(folder.reserve("test" if part == "dev" else "dev"))
    assert len(drawn) > 3
    assert sorted([*texts(folder.pool), *drawn]) == sorted(f"Ada saw town {n}." for n in range(50))


def test_a_text_that_is_all_in_dev_is_told(tmp_path):
    text = tmp_path / "articles.txt"
    text.write_text("Ada left.\n")
    with pytest.raises(DeepALError, match=r"articles\.txt is in dev or test.*with --pool"):
        divide(tmp_path, inputs=[str(text)], dev=str(text), test_words=0)


def test_neither_the_order_of_the_text_nor_other_sentences_change_what_is_drawn():
    docs = list(make_docs(50, 7, distinct=True))
    drawn = draw_reserves(docs, {"dev": 30}, seed=0)["dev"]
    assert draw_reserves(reversed(docs), {"dev": 30}, seed=0)["dev"] == drawn
    assert draw_reserves(docs, {"dev": 30}, seed=1)["dev"] != drawn
    copies = [make_doc(f"{sentence_id(doc)}-2", [token.text for token in doc]) for doc in docs]
    assert draw_reserves([*copies, *docs], {"dev": 30}, seed=0)["dev"] == drawn
    larger = draw_reserves(docs, {"dev": 60}, seed=0)["dev"]
    assert larger[: len(drawn)] == drawn


def test_memory_for_drawing_grows_with_what_is_asked_for_and_not_with_the_text():
    kept = _FirstTexts(most=60)
    for number in range(10_000):
        kept.add(derive_uniform(0, str(number)), f"s{number}", words=5)
    assert len(kept.in_order()) == 60 / MOST_RESERVED / 5
    places = sorted((derive_uniform(0, str(number)), f"s{number}") for number in range(10_000))
    assert [name for name, _ in kept.in_order()] == [name for _, name in places[:60]]


def test_a_very_long_sentence_leaves_others_for_the_next_reserve():
    docs = [make_doc(f"s{n}", [f"w{n}"] * 900) for n in range(9)]
    drawn = draw_reserves(docs, {"dev": 1, "test": 1}, seed=0)
    assert [len(names) for names in drawn.values()] == [1, 1]
