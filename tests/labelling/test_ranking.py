"""Sentences that were labelled before a type was added are offered again: some first, some last."""

import pytest
import spacy

from spacy_deepal.acquisition.functions import RAND
from spacy_deepal.annotation.suggestions import suggest_by_terms
from spacy_deepal.labelling.divide import divide_text
from spacy_deepal.labelling.journal import NewLabel
from spacy_deepal.labelling.ranking import Ranking
from spacy_deepal.labelling.session import Session
from spacy_deepal.labelling.trainer import Trainer
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import sentence_id

from ..annotation.build import answer
from .build import WAITING, begin, make_given

BOTH, ALL = ["PER", "LOC"], ["PER", "LOC", "ORG"]
TEXT = ("Ada saw Rome .", "It rained .", "Bob joined Acme .", "Nobody knew Lima .", "Eve left .")


@pytest.fixture
def labelled(tmp_path):
    """A run without dev, of whose five sentences three were labelled before ORG was added. RETURNS
    the folder, and the ids by the first word."""
    text, dev = tmp_path / "text.txt", tmp_path / "dev.iob2"
    text.write_text("\n".join(TEXT), encoding="utf8")
    dev.write_text("Ada B-PER\nslept O\n\n", encoding="utf8")
    folder = begin(tmp_path / "run", inputs=[str(text)], dev=str(dev), dev_words=0, test_words=0)
    divide_text(folder, folder.read_job(), seed=0)
    docs = read_shards(folder.pool, spacy.blank("en").vocab)
    ids = {doc[0].text: sentence_id(doc) for doc in docs}
    assert len(ids) == len(TEXT)
    for word in ("Ada", "It", "Bob"):
        folder.journal.append(answer(ids[word], [], labels=BOTH))
    folder.journal.append(NewLabel(at="2026", by="ada", label="ORG"))
    return folder, ids


def make_ranking(folder, tmp_path, budget=100):
    terms = tmp_path / "terms.txt"
    terms.write_text("Acme\n", encoding="utf8")
    return Ranking(
        folder,
        folder.read_job(),
        folder.annotations,
        acquisition=RAND(),
        budget=budget,
        seed=0,
        terms=suggest_by_terms("en", {"ORG": str(terms)}, None, ALL),
    )


def test_older_sentences_without_a_suggestion_come_after_the_pool(labelled, tmp_path):
    folder, ids = labelled
    queue = make_ranking(folder, tmp_path).make_queue()
    assert [task.again for task in queue] == [True, False, False, True, True]
    assert queue[0].id == ids["Bob"]
    assert [s.label for s in queue[0].suggestions] == ["ORG"]
    assert {task.id for task in queue[-2:]} == {ids["Ada"], ids["It"]}
    assert all(task.entities == [] and not task.suggestions for task in queue[-2:])


def test_while_the_pool_has_more_they_are_not_in_the_queue(labelled, tmp_path):
    folder, ids = labelled
    ranking = make_ranking(folder, tmp_path, budget=1)
    queue = ranking.make_queue()
    assert not ranking.all_queued
    assert [task.id for task in queue if task.again] == [ids["Bob"]]


def test_what_somebody_has_looked_at_since_is_not_offered(labelled, tmp_path):
    folder, ids = labelled
    folder.journal.append(answer(ids["Ada"], [], labels=ALL, key="again"))
    folder.journal.append(answer(ids["It"], answer="ignore", labels=ALL, key="no"))
    queue = make_ranking(folder, tmp_path).make_queue()
    assert [task.id for task in queue if task.again] == [ids["Bob"]]


def test_all_is_labelled_when_all_older_sentences_were_looked_at(labelled, tmp_path):
    folder, _ = labelled
    folder.write_queue(make_ranking(folder, tmp_path).make_queue())
    folder.write_status(WAITING.model_copy(update={"all_queued": True, "dev_target": 0}))
    trainer, session = Trainer(folder.run), Session(folder.run)
    trainer.status = folder.read_status()
    seen = []
    while (view := session.view("me")).task is not None:
        assert not view.finished
        assert trainer.has_older  # so a round that selects nothing waits for them
        session.answer("me", make_given(view.task, labels=ALL, key=view.task.id))
        trainer.run.annotations.refresh()
        seen.append(view.task.id)
    assert (len(seen), view.finished, trainer.has_older) == (5, True, False)


def test_sentences_of_more_words_than_a_queue_holds_come_last(tmp_path):
    text = tmp_path / "text.txt"
    lines = ("Ada saw Rome .", " and ".join(["Bob"] * 20), " or ".join(["Eve"] * 30), "Cem left .")
    text.write_text("\n".join(lines), encoding="utf8")
    folder = begin(tmp_path / "run", inputs=[str(text)], dev_words=1)
    divide_text(folder, folder.read_job(), seed=0)
    pool = {sentence_id(doc): len(doc) for doc in read_shards(folder.pool, None)}
    ranking = make_ranking(folder, tmp_path, budget=2)
    queue = [task for task in ranking.make_queue() if task.part == "train"]
    assert ranking.all_queued
    assert {task.id for task in queue} == set(pool)
    assert len(queue[-1].tokens) > 10
