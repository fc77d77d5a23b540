"""The labelling page from end to end: the command, its background process, a real browser."""

import pytest
import spacy

from spacy_deepal.annotation.labelling_folder import LabellingFolder
from spacy_deepal.corpus.docbin import doc_bin
from spacy_deepal.pool.convert import convert
from spacy_deepal.pool.lookup import fetch
from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.rounds.oracle import SimulatedOracle
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.sentences import KEY, sentence_id

from ..pools import CONFIGS, call
from .browser import Command, Person

pytestmark = pytest.mark.slow
DEMO = CONFIGS.parent / "assets" / "demo" / "en"


@pytest.fixture(scope="module")
def gold_pool(tmp_path_factory):
    """The demo corpus with its entities, as a simulated run reads it."""
    pool = tmp_path_factory.mktemp("gold") / "pool"
    convert([DEMO], pool)
    return Pool(pool)


@pytest.fixture(scope="module")
def gold(gold_pool):
    """The entities of the demo corpus by the id of a sentence. The labelling does not see them."""
    docs = read_shards(gold_pool.path, spacy.blank("en").vocab)
    return {
        sentence_id(doc): [(ent.start, ent.end, ent.label_) for ent in doc.ents] for doc in docs
    }


def label_until(person, is_enough, most=200):
    """Go on labelling: nobody waits for a training."""
    for _ in range(most):
        if is_enough(person.view()["progress"]):
            return
        person.label_one()
    pytest.fail(f"not enough after {most} sentences: {person.view()['progress']}")


@pytest.fixture
def command(gold, tmp_path):
    """The command for a run on the demo corpus, with some place names to suggest at first."""
    places = tmp_path / "places.txt"
    places.write_text("Houston\nRotterdam\nLisbon\nDublin\n", encoding="utf8")
    options = ["--pool", DEMO, "--labels", "PERSON,GPE", "--terms", f"GPE={places}"]
    options += ["--dev-words", 200, "--seed-words", 500, "--budget-words", 500]
    with Command(tmp_path / "my_run", *options) as command:
        yield command


def test_two_rounds_by_keyboard_with_kills_and_a_new_type(
    browser, gold_pool, gold, command, tmp_path
):
    command.start()
    person = Person(browser, command, gold)
    parts = [person.label_one()["part"] for _ in range(18)]
    assert parts[0] == "dev"
    assert parts == sorted(parts)  # dev first, then train
    assert person.suggested > 0  # by the terms: there is no model yet
    label_until(person, lambda progress: progress["step"] == "Training round 0")
    before = person.view()
    command.kill()  # in the midst of a training
    person.answer(before)  # the answer waits in the browser
    command.start()
    person.wait_for_other(before["task"]["id"])
    assert person.view()["progress"]["sentences"] == before["progress"]["sentences"] + 1
    label_until(person, lambda progress: len(progress["curve"]) == 1)
    person.add_type("DATE")
    person.label_one()
    command.kill()
    command.start()
    person.open()
    assert person.view()["labels"] == ["PERSON", "GPE", "DATE"]
    label_until(person, lambda progress: len(progress["curve"]) == 2)
    label_until(person, lambda progress: person.confident > 0)
    assert person.errors == []
    said = command.stop()
    assert "To go on" in " ".join(said.split())
    assert "Traceback" not in said + LabellingFolder(command.run).log.read_text()
    check_labels(command.run, gold_pool)
    check_run(command.run, tmp_path)


def check_labels(run, gold_pool):
    """The rounds trained on what a simulated oracle gives for their sentences, byte for byte."""
    annotations = LabellingFolder(run).annotations
    rounds = RunFolder(run).rounds()
    assert len(rounds) >= 2
    names = [item.id for each in rounds for item in each.selected.read()]
    assert len(names) == len(set(names)) > 30
    for each in rounds[:2]:
        ids = [item.id for item in each.selected.read()]
        docs = fetch(gold_pool, ids, spacy.blank("en").vocab, with_gold=True)
        docs = SimulatedOracle().label(docs, each.path)
        for doc in docs:
            without_later_types(doc, annotations.final(sentence_id(doc)).labels, annotations.labels)
        assert each.batch.read_bytes() == doc_bin(docs).to_bytes()


def without_later_types(doc, labels, all_labels):
    """Leave what an annotator could say who had only these types."""
    known = [ent for ent in doc.ents if ent.label_ in labels]
    if labels == all_labels:
        doc.set_ents(known)
    else:
        doc.set_ents(known, default="missing")
        doc.user_data[KEY]["labels"] = labels


def check_run(run, tmp_path):
    """The run is like any other: the report reads it, and its model finds the new type."""
    assert call("report", run, "--output", tmp_path / "report.html")[0] == 0
    metrics = RunFolder(run).metrics
    assert [line.round for line in metrics[:2]] == [0, 1]
    nlp = spacy.load(run / f"round_{len(metrics) - 1:02}" / "model")
    assert set(nlp.get_pipe("ner").labels) == {"PERSON", "GPE", "DATE"}
