"""The labelling page from end to end: the command, its background process, a real browser."""

import time

import pytest
import spacy

from spacy_deepal.corpus.docbin import doc_bin, read_docs
from spacy_deepal.labelling.labelled_run import LabelledRun
from spacy_deepal.labelling.labelling_folder import LabellingFolder
from spacy_deepal.pipelines import save_pipeline
from spacy_deepal.pool.convert import convert
from spacy_deepal.pool.lookup import fetch
from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import read_shards, write_shards
from spacy_deepal.rounds.loop import Loop
from spacy_deepal.rounds.manifest import make_manifest
from spacy_deepal.rounds.oracle import SimulatedOracle
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.rounds.settings import SECTION, read_settings
from spacy_deepal.rounds.training import Training
from spacy_deepal.sentences import sentence_id

from ..pools import CONFIGS, call
from .browser import PATIENCE, Command, Person

pytestmark = pytest.mark.slow
DEMO = CONFIGS.parent / "assets" / "demo" / "en"
TYPES = ["PERSON", "GPE", "DATE"]  # the last one is added while people label
SHORT = {"passes": 1, "min_updates": 1, "evaluations": 1}


@pytest.fixture(scope="module")
def gold_pool(tmp_path_factory):
    """The demo corpus with its entities of TYPES, as a simulated run reads it."""
    folder = tmp_path_factory.mktemp("gold")
    convert([DEMO], folder / "all")
    docs = list(read_shards(folder / "all", spacy.blank("en").vocab))
    for doc in docs:
        doc.set_ents([ent for ent in doc.ents if ent.label_ in TYPES])
    write_shards(docs, folder / "pool")
    return Pool(folder / "pool")


@pytest.fixture(scope="module")
def gold(gold_pool):
    """The entities of the demo corpus by the id of a sentence. The labelling does not see them."""
    docs = read_shards(gold_pool.path, spacy.blank("en").vocab)
    return {
        sentence_id(doc): [(ent.start, ent.end, ent.label_) for ent in doc.ents] for doc in docs
    }


def label_until(person, is_enough):
    """Go on labelling: nobody waits for a training. But while a round is due, do it at a pace that
    leaves something of the text for later rounds."""
    end = time.monotonic() + 3 * PATIENCE  # to train a round, to rank the pool, to measure
    while not is_enough(progress := person.view()["progress"]):
        assert time.monotonic() < end, progress
        person.label_one()
        if progress["waiting"] >= progress["budget"]:
            time.sleep(1)


def wait_until_no_round_is_due(person):
    """RETURNS how many rounds are done."""
    end = time.monotonic() + PATIENCE
    while True:
        progress = person.view()["progress"]
        due = progress["waiting"] >= progress["budget"]
        if progress["step"] == "Waiting for labels" and not due:
            return len(progress["curve"])
        assert time.monotonic() < end, progress
        time.sleep(0.2)


def look_at_all_again(colleague, person):
    """Label what another person has labelled."""
    while (task := colleague.view()["task"]) and task["id"] in person.answered:
        colleague.label_one()
    assert colleague.answered == person.answered


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
    command.start("--double", 1)
    person.open()
    assert person.view()["labels"] == TYPES
    label_until(person, lambda progress: len(progress["curve"]) == 2)
    label_until(person, lambda progress: person.confident > 0)
    rounds = wait_until_no_round_is_due(person)
    check_dates_are_open(command.run)
    colleague = Person(browser, command, gold, "ada")
    look_at_all_again(colleague, person)
    label_until(person, lambda progress: len(progress["curve"]) == rounds + 1)
    assert person.errors == colleague.errors == []
    said = command.stop()
    assert "To go on" in " ".join(said.split())
    assert "Traceback" not in said + LabellingFolder(command.run).log.read_text()
    check_batches(command.run, gold_pool, tmp_path / "simulated")
    check_export(command.run, gold_pool, tmp_path, person.answered)
    check_run(command.run, tmp_path)


def check_dates_are_open(run):
    """In sentences that nobody has looked at since the type was added, no word is taken for O."""
    docs = RunFolder(run).round(0).read_batch(spacy.blank("en").vocab)
    assert not all(doc.has_annotation("ENT_IOB") for doc in docs)


def check_batches(run, gold_pool, folder):
    """Each batch is the file that a simulated run writes for the same sentences, byte for byte."""
    people, simulated = RunFolder(run), simulate(run, gold_pool, folder)
    assert len(people.metrics) == len(simulated.metrics) >= 3
    names = [item.id for each in simulated.rounds() for item in each.selected.read()]
    assert len(names) == len(set(names)) > 50
    for each in simulated.rounds():
        assert people.round(each.number).batch.read_bytes() == each.batch.read_bytes()


def simulate(run, gold_pool, folder):
    """Run the loop anew with a simulated oracle, which gets the sentences that another run has
    selected: which these are depends on when a person answers. The models, which are another
    matter, are trained in no time. RETURNS (RunFolder)"""
    config, people = LabelledRun(run).config, RunFolder(run)
    config["paths"]["pool"] = str(gold_pool.path)
    config[SECTION] |= {**SHORT, "oracle": {"@misc": "spacy_deepal.SimulatedOracle.v1"}}
    settings, simulated = read_settings(config.interpolate()), RunFolder(folder)
    training = Training(config, settings, -1)
    with simulated.lock():
        simulated.open(make_manifest(config.interpolate(), settings, gold_pool))
        save_pipeline(training.initialize(), simulated.initial)
        loop = Loop(training, simulated, gold_pool)
        for line in people.metrics:
            selected = people.round(line.round).selected.read()
            simulated.round(line.round).selected.write(selected)
            simulated.add_metrics(loop.next_round())
    return simulated


def check_export(run, gold_pool, tmp_path, answered):
    """What `export` writes is what a simulated oracle gives, byte for byte, and nothing is lost."""
    exported = []
    for part in ("dev", "train"):
        file, vocab = tmp_path / f"{part}.spacy", spacy.blank("en").vocab
        assert call("export", run, file, "--format", "spacy", "--part", part)[0] == 0
        names = [sentence_id(doc) for doc in read_docs(file, vocab)]
        docs = SimulatedOracle().label(fetch(gold_pool, names, vocab, with_gold=True), tmp_path)
        assert file.read_bytes() == doc_bin(docs).to_bytes()
        exported += names
    assert len(exported) == len(answered)
    assert set(exported) == answered


def check_run(run, tmp_path):
    """The run is like any other: the report reads it, and its model finds the new type."""
    assert call("report", run, "--output", tmp_path / "report.html")[0] == 0
    metrics = RunFolder(run).metrics
    assert [line.round for line in metrics[:3]] == [0, 1, 2]
    nlp = spacy.load(run / f"round_{len(metrics) - 1:02}" / "model")
    assert set(nlp.get_pipe("ner").labels) == set(TYPES)
