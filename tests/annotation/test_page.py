"""The labelling page from end to end: the command, its background process, a real browser."""

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_deepal.annotation.journal import Annotations
from spacy_deepal.annotation.labelling_folder import LabellingFolder
from spacy_deepal.pool.convert import convert
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.sentences import sentence_id

from ..pools import CONFIGS, annotation, call
from .browser import Command, Person

pytestmark = pytest.mark.slow
DEMO = CONFIGS.parent / "assets" / "demo" / "en"


@pytest.fixture(scope="module")
def gold(tmp_path_factory):
    """The entities of the demo corpus by the id of a sentence. The labelling does not see them."""
    pool = tmp_path_factory.mktemp("gold") / "pool"
    convert([DEMO], pool)
    docs = read_shards(pool, spacy.blank("en").vocab)
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


def test_two_rounds_by_keyboard_with_kills_and_a_new_type(browser, gold, command, tmp_path):
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
    check_labels(command.run, gold)
    check_run(command.run, tmp_path)


def check_labels(run, gold):
    """What the rounds trained on is what a simulated oracle would have given."""
    annotations = Annotations(LabellingFolder(run).journal)
    annotations.refresh()
    rounds = RunFolder(run).rounds()
    assert len(rounds) >= 2
    names = [item.id for each in rounds for item in each.selected.read()]
    assert len(names) == len(set(names)) > 30
    vocab = spacy.blank("en").vocab
    last = annotations.labels
    for each in rounds[:2]:
        for doc in each.read_batch(vocab):
            answer = annotations.final(sentence_id(doc))
            wanted = Doc(vocab, [t.text for t in doc], [bool(t.whitespace_) for t in doc])
            known = [ent for ent in gold[sentence_id(doc)] if ent[2] in answer.labels]
            spans = [Span(wanted, *ent) for ent in known]
            complete = answer.labels == last
            wanted.set_ents(spans, default="outside" if complete else "missing")
            assert annotation(doc) == annotation(wanted)


def check_run(run, tmp_path):
    """The run is like any other: the report reads it, and its model finds the new type."""
    assert call("report", run, "--output", tmp_path / "report.html")[0] == 0
    metrics = RunFolder(run).metrics
    assert [line.round for line in metrics[:2]] == [0, 1]
    nlp = spacy.load(run / f"round_{len(metrics) - 1:02}" / "model")
    assert set(nlp.get_pipe("ner").labels) == {"PERSON", "GPE", "DATE"}
