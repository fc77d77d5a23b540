"""The background process, step by step in this process: what is labelled becomes a run."""

import pytest
import spacy

from spacy_deepal.files import write_atomically
from spacy_deepal.labelling.labelling_folder import LabellingFolder
from spacy_deepal.labelling.session import Session
from spacy_deepal.labelling.trainer import Trainer
from spacy_deepal.pipelines import save_pipeline
from spacy_deepal.rounds.config_file import load_run_config
from spacy_deepal.rounds.other_pipeline import OtherPipeline
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.sentences import sentence_id

from ..pools import SIZES, annotation, call, make_doc, make_docs, options, save_ruler, write_pools
from .build import LABELS, begin, make_given

QUICK = {
    **{f"components.ner.model.{key}": value for key, value in SIZES.items()},
    "training.optimizer.learn_rate": 0.03,
    "training.batcher.size": 60,
    "active_learning.seed_words": 30,
    "active_learning.budget_words": 45,
    "active_learning.passes": 2,
    "active_learning.min_updates": 60,
    "active_learning.evaluations": 2,
    "active_learning.cold_start": 0.0,
}
HARDLY = {"active_learning.passes": 1, "active_learning.min_updates": 1}  # a model learns so


class Labelling:
    """A run of made-up sentences that one person labels from gold."""

    def __init__(self, folder, copies=0, dev_words=20, labelled=0, **config):
        docs = list(make_docs(90, 1, distinct=True))
        docs += [make_doc(f"copy{number}", ["All", "saw", "it"]) for number in range(copies)]
        self.gold = {sentence_id(d): [(e.start, e.end, e.label_) for e in d.ents] for d in docs}
        for doc in docs[labelled:] if labelled else ():
            doc.set_ents([], default="missing")
        pools = write_pools(folder / "given", all=docs)
        self.path = folder / "run"
        first = {"seed_words": "labelled"} if labelled else {}
        begin(self.path, inputs=[str(pools["all"])], dev_words=dev_words, first=first)
        labelling = LabellingFolder(self.path)
        config = load_run_config(labelling.config_file, QUICK | config)
        with write_atomically(labelling.config_file) as stream:
            stream.write(config.to_str())
        self.start()

    def start(self):
        """As after a kill: both processes know only what is on disk."""
        self.trainer = Trainer(self.path)
        self.trainer.prepare()
        self.session = Session(self.path)

    def label(self, count, name="me"):
        """RETURNS the tasks that were labelled."""
        tasks = []
        for _ in range(count):
            view = self.session.view(name)
            if view.task is None:
                break
            entities = [ent for ent in self.gold[view.task.id] if ent[2] in view.labels]
            key = f"{name} {view.task.id} {len(view.labels)}"
            given = make_given(view.task, entities, key=key, labels=view.labels)
            self.session.answer(name, given)
            tasks.append(view.task)
        return tasks

    def work(self):
        """Let the background process do all that is due."""
        while self.trainer.step():
            pass

    @property
    def metrics(self):
        return RunFolder(self.path).metrics

    def batch(self, number):
        return RunFolder(self.path).round(number).read_batch(spacy.blank("en").vocab)


@pytest.fixture(scope="module")
def two_rounds(tmp_path_factory):
    """Labelled until two rounds are trained: read only."""
    labelling = Labelling(tmp_path_factory.mktemp("two"))
    labelling.dev = labelling.label(5)
    labelling.work()
    while len(labelling.metrics) < 2:
        labelling.label(5)
        labelling.work()
    return labelling


def test_dev_comes_first_without_suggestions_and_stays_apart(two_rounds):
    assert {task.part for task in two_rounds.dev[:3]} == {"dev"}
    assert not any(task.suggestions for task in two_rounds.dev)
    dev = {task.id for task in two_rounds.dev if task.part == "dev"}
    assert dev.isdisjoint(sentence_id(doc) for doc in two_rounds.batch(0))


def test_rounds_train_on_what_people_labelled_word_for_word(two_rounds):
    names = [sentence_id(doc) for number in (0, 1) for doc in two_rounds.batch(number)]
    assert len(names) == len(set(names))
    for number in (0, 1):
        for doc in two_rounds.batch(number):
            entities = [(ent.start, ent.end, ent.label_) for ent in doc.ents]
            assert entities == two_rounds.gold[sentence_id(doc)]
            assert "" not in {token.ent_iob_ for token in doc}  # O, not missing
    assert two_rounds.metrics[0].words >= 30
    assert two_rounds.metrics[1].words - two_rounds.metrics[0].words >= 45


def test_the_queue_is_ranked_by_the_model_and_has_its_suggestions(two_rounds):
    queue = [each for each in two_rounds.session.folder.read_queue() if each.part == "train"]
    scores = [task.score for task in queue]
    assert scores == sorted(scores, reverse=True)
    assert {task.model for task in queue} == {1}
    assert any(each.confidence for task in queue for each in task.suggestions)


def test_the_same_words_are_asked_for_once(tmp_path):
    text = tmp_path / "mails.txt"
    text.write_text("\n".join(f"Ada saw Rome {n}." for n in range(30)) + 9 * "\nThanks,  all !")
    begin(tmp_path / "run", inputs=[str(text)], dev_words=6)
    trainer = Trainer(tmp_path / "run")
    trainer.prepare()
    while trainer.step():
        pass

    def thanks():
        queue = trainer.run.labelling.read_queue()
        return [task for task in queue if task.part == "train" and "Thanks" in task.tokens]

    (task,) = thanks()
    Session(tmp_path / "run").answer("me", make_given(task))
    trainer.run.annotations.refresh()
    trainer.rank_again()
    assert not thanks()


def test_the_copies_that_are_left_out_do_not_keep_a_run_from_its_end(tmp_path):
    labelling = Labelling(tmp_path, copies=9, **{"active_learning.max_similarity": 1.0}, **HARDLY)
    while labelling.label(1000):
        labelling.work()
    view = labelling.session.view("me")
    assert view.finished
    assert view.progress.step == "The last model is trained"
    assert not labelling.trainer.run.waiting()  # the last ones are trained on, too


def test_nothing_is_trained_on_ignored_sentences(tmp_path):
    labelling = Labelling(tmp_path)
    session, words = labelling.session, 0
    while session.view("me").task.part == "dev":
        labelling.label(1)
    while words < 90:
        task = session.view("me").task
        session.answer("me", make_given(task, answer="ignore"))
        words += task.words
    labelling.work()
    assert labelling.metrics == []


def test_a_run_whose_dev_is_ignored_says_why_nothing_is_trained(tmp_path):
    labelling = Labelling(tmp_path, **HARDLY)
    session = labelling.session
    while (task := session.view("me").task) is not None:
        kind = "ignore" if task.part == "dev" else "accept"
        session.answer("me", make_given(task, answer=kind))
        labelling.work()
    view = session.view("me")
    assert view.finished
    assert "dev or test has no labelled sentence" in view.progress.step


def test_progress_shows_the_curve_the_interval_and_what_changed(two_rounds):
    progress = two_rounds.session.view("me").progress
    assert [point.f for point in progress.curve] == [row.dev_ents_f for row in two_rounds.metrics]
    assert progress.measured.round == 1
    assert progress.measured.f == pytest.approx(two_rounds.metrics[1].dev_ents_f)
    assert progress.measured.low <= progress.measured.f <= progress.measured.high
    assert progress.changes.sentences > 0
    assert progress.step == "Waiting for labels"


def test_the_run_is_like_any_other(two_rounds, tmp_path):
    """The report reads it, and `spacy deepal run` says that its next batch waits to be labelled."""
    code, _ = call("report", two_rounds.path, "--output", tmp_path / "report.html")
    assert code == 0
    assert "mnlp" in (tmp_path / "report.html").read_text(encoding="utf8").lower()


def test_nothing_is_lost_when_both_processes_are_killed(tmp_path):
    labelling = Labelling(tmp_path)
    labelled = labelling.label(9)
    labelling.start()
    again = labelling.label(60)
    names = [task.id for task in labelled + again]
    assert len(names) == len(set(names))
    labelling.work()
    assert len(labelling.metrics) == 1  # one round of all that waited
    assert labelling.metrics[0].sentences == len(names) - sum(
        task.part == "dev" for task in labelled + again
    )


def test_a_round_that_was_interrupted_is_finished_with_its_own_batch(tmp_path):
    labelling = Labelling(tmp_path)
    labelling.label(12)
    labelling.trainer.step()  # makes the first model
    here = labelling.trainer.run.folder.round(0)
    labelling.trainer.run.annotations.refresh()
    chosen = labelling.trainer.run.waiting()[:3]
    from spacy_deepal.rounds.rows import Selected

    here.selected.write(Selected(id=a.id, words=a.words, score=None) for a in chosen)
    labelling.start()
    labelling.trainer.step()
    assert [sentence_id(doc) for doc in labelling.batch(0)] == [a.id for a in chosen]


def test_a_corrected_sentence_counts_from_the_next_training_on(tmp_path):
    labelling = Labelling(tmp_path)
    tasks = labelling.label(14)
    labelling.work()
    labelling.session.undo("me")
    task = labelling.session.view("me").task
    assert task.id == tasks[-1].id
    labelling.session.answer("me", make_given(task, [(0, 2, "PER")], key="corrected"))
    while len(labelling.metrics) < 2:
        labelling.label(5)
        labelling.work()
    doc = next(doc for doc in labelling.batch(0) if sentence_id(doc) == task.id)
    assert [(ent.start, ent.end, ent.label_) for ent in doc.ents] == [(0, 2, "PER")]


def test_a_new_type_grows_the_network_and_leaves_older_sentences_open(tmp_path):
    labelling = Labelling(tmp_path)
    labelling.label(14)
    labelling.work()
    labelling.session.add_label("me", "TIME")
    labelling.work()
    assert "TIME" in spacy.load(labelling.trainer.run.last_model).get_pipe("ner").labels
    queue = labelling.session.folder.read_queue()
    train = [task.again for task in queue if task.part == "train"]
    assert train == sorted(train)  # the model suggests TIME nowhere, so they come last
    assert any(train) == labelling.trainer.status.all_queued
    again = [task for task in queue if task.again]
    assert again[0].part == "dev"  # all of dev, to measure the new type fairly
    assert all(task.entities == labelling.gold[task.id] for task in again)
    while len(labelling.metrics) < 2:
        labelling.label(5)
        labelling.work()
    old, new = labelling.batch(0), labelling.batch(1)
    labels = [*LABELS, "TIME"]
    assert labelling.session.annotations.labels == labels
    for doc in old:
        assert all(iob in ("", "B", "I") for _, iob, _ in annotation(doc))
    assert all(iob for doc in new[-2:] for _, iob, _ in annotation(doc))
    ner = spacy.load(labelling.trainer.run.last_model).get_pipe("ner")
    assert set(ner.labels) == set(labels)


def looked_at_again(tmp_path):
    """All is labelled, then a type is added, and the first sentence has an entity of it.

    RETURNS (Labelling, str, list): The id of that sentence, and the rounds before the type.
    """
    labelling = Labelling(tmp_path, **HARDLY)
    while labelling.label(1000):
        labelling.work()
    before = labelling.metrics
    labelling.session.add_label("me", "TIME")
    labelling.work()
    name = sentence_id(labelling.batch(0)[0])
    labelling.gold[name] = [(0, 1, "TIME")]
    labelling.label(1000)
    return labelling, name, before


def test_older_sentences_that_are_looked_at_last_are_trained_on_once(tmp_path):
    labelling, name, before = looked_at_again(tmp_path)
    labelling.work()
    assert [line.words for line in labelling.metrics[len(before) :]] == [before[-1].words]
    assert not labelling.batch(len(before))
    doc = next(doc for doc in labelling.batch(0) if sentence_id(doc) == name)
    assert [ent.label_ for ent in doc.ents] == ["TIME"]
    assert labelling.session.view("me").progress.step == "The last model is trained"
    for command in ("status", "report"):
        assert call(command, labelling.path)[0] == 0


def test_older_sentences_are_trained_on_though_the_server_was_killed_when_they_were_complete(
    tmp_path,
):
    labelling, name, before = looked_at_again(tmp_path)
    labelling.start()
    labelling.work()
    assert len(labelling.metrics) == len(before) + 1
    doc = next(doc for doc in labelling.batch(0) if sentence_id(doc) == name)
    assert [ent.label_ for ent in doc.ents] == ["TIME"]
    labelling.start()
    labelling.work()
    assert len(labelling.metrics) == len(before) + 1


def test_a_type_that_another_component_knows_is_new_to_the_tagger(tmp_path):
    labelling = Labelling(tmp_path, **HARDLY)
    labelling.label(14)
    labelling.work()
    run = labelling.trainer.run
    nlp = spacy.load(run.folder.initial)
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "TIME", "pattern": "noon"}])
    save_pipeline(nlp, run.folder.initial)
    labelling.session.add_label("me", "TIME")
    run.annotations.refresh()
    run.grow_labels()
    assert run.folder.labels == tuple(sorted([*LABELS, "TIME"]))


@pytest.mark.parametrize("passed", [False, True])
def test_another_pipeline_suggests_from_the_first_sentence_until_the_model_is_better(
    tmp_path, passed, monkeypatch
):
    ruler = save_ruler(tmp_path / "ruler")
    block = {"@misc": "spacy_deepal.OtherPipeline.v1", "pipeline": ruler}
    config = {"annotation.suggest": {**block, "types": {"PERSON": "PER"}}}
    labelling = Labelling(tmp_path, dev_words=42, **config, **({} if passed else HARDLY))
    queue = labelling.session.folder.read_queue()
    assert not any(task.suggestions for task in queue if task.part == "dev")
    pool = [task for task in queue if task.part == "train"]
    assert pool[0].suggestions  # one with people comes first, in turn with others
    assert {s.source for task in pool for s in task.suggestions} == {"ruler"}
    for task in pool:
        people = [ent for ent in labelling.gold[task.id] if ent[2] == "PER"]
        assert [(s.start, s.end, s.label) for s in task.suggestions] == people
    labelling.label(17)
    labelling.work()
    run = labelling.trainer.run.folder
    assert labelling.session.view("me").progress.baseline == run.baseline
    assert (run.baseline.name, run.baseline.ents_p) == ("ruler", 1.0)
    with monkeypatch.context() as patch:
        patch.setattr(OtherPipeline, "label", None)  # it is not measured again: dev is as it was
        labelling.trainer.measure_last()
    journal = labelling.session.annotations.settled("train")
    assert {s.source for answer in journal for s in answer.suggested} == {"ruler"}
    assert (run.metrics[-1].dev_ents_f > run.baseline.dev_ents_f) == passed
    queue = labelling.session.folder.read_queue()
    sources = {s.source for task in queue for s in task.suggestions if s.label == "PER"}
    assert sources == ({None} if passed else {"ruler"})


def test_labels_without_any_entity_stop_nothing(tmp_path):
    """The model then finds nothing, and F1 is 0."""
    block = {"@misc": "spacy_deepal.OtherPipeline.v1", "pipeline": save_ruler(tmp_path / "ruler")}
    config = {"annotation.suggest": {**block, "types": {"PERSON": "PER"}}}
    labelling = Labelling(tmp_path, **config)
    labelling.gold = {name: [] for name in labelling.gold}
    labelling.label(24)  # dev asks for all that it has: there may be an entity
    labelling.work()
    assert [(line.dev_ents_f, line.ents_f) for line in labelling.metrics] == [(0.0, 0.0)]
    queue = labelling.session.folder.read_queue()
    assert {task.model for task in queue if task.part == "train"} == {0}


def test_what_is_labelled_in_the_text_is_learnt_as_soon_as_dev_is_labelled(tmp_path):
    labelling = Labelling(tmp_path, labelled=30, **HARDLY)
    asked = []
    while not labelling.metrics:
        labelling.work()
        asked += [] if labelling.metrics else labelling.label(1)
    assert {task.part for task in asked} == {"dev"}
    assert sum(task.words for task in asked) >= 20
    batch = labelling.batch(0)
    assert [sentence_id(doc) for doc in batch] == [*labelling.gold][:30]
    for doc in batch:
        assert [(e.start, e.end, e.label_) for e in doc.ents] == labelling.gold[sentence_id(doc)]
    queue = [task for task in labelling.session.folder.read_queue() if task.part == "train"]
    assert {task.model for task in queue} == {0}
    assert {task.id for task in queue}.isdisjoint(map(sentence_id, batch))


def test_a_logger_gets_the_rounds_that_people_label(tmp_path, capsys):
    logger = {"@loggers": "spacy.LookupLogger.v1", "patterns": ["^step$"]}
    labelling = Labelling(tmp_path, **{"active_learning.logger": logger}, **HARDLY)
    labelling.label(14)
    labelling.work()
    labelling.trainer.close()
    assert f"step -> {labelling.metrics[0].words}" in capsys.readouterr().out


def test_run_says_that_the_batch_waits_for_people(two_rounds):
    config = two_rounds.session.folder.config_file
    run = two_rounds.trainer.run
    names = ("pool", "dev", "test", "vectors")
    values = {f"paths.{name}": run.config["paths"][name] for name in names}
    code, out = call(
        "run",
        config,
        two_rounds.path,
        *options({**values, "initialize.components.ner.labels": LABELS}),
    )
    assert code == 0
    assert "wait to be labelled" in out
    assert "spacy deepal label" in out
