import json
import re
from collections import Counter

import numpy as np
import pytest
import spacy
import torch
from spacy.tokens import Doc
from spacy.util import load_model
from thinc.api import fix_random_seed

from spacy_deepal.acquisition.upstream import find_tagger
from spacy_deepal.errors import DeepALError
from spacy_deepal.pipelines import save_pipeline
from spacy_deepal.pool.shards import read_plain_shards, read_shards, write_shards
from spacy_deepal.rounds.checks import check_initialized
from spacy_deepal.rounds.corpora import POOL_CORPUS
from spacy_deepal.rounds.run_folder import RoundFolder
from spacy_deepal.rounds.settings import read_settings
from spacy_deepal.rounds.training import (
    Training,
    be_patient,
    count_updates,
    evaluate_pipeline,
    train_full,
)
from spacy_deepal.tagger.component import DeepNER
from spacy_deepal.tagger.raw_tokens import EXAMPLES

from ..pools import make_doc, make_docs, quick_config, write_pools
from ..tagger.build import network_of, tagger_in


def network(path):
    return network_of(load_model(path), "ner")


def vocabulary(path):
    return tagger_in(load_model(path), "ner").vocabulary


def same_weights(path, other):
    weights, others = (dict(network(each).named_parameters()) for each in (path, other))
    assert weights.keys() == others.keys()
    return all(torch.equal(weight, others[name]) for name, weight in weights.items())


def make_initial(paths, output, acquisition="MNLP", more=(), **active_learning):
    nlp = training_of(quick_config(paths, acquisition, more, **active_learning)).initialize()
    check_initialized(nlp)
    save_pipeline(nlp, output)
    return output


def training_of(config):
    return Training(config, read_settings(config.interpolate()))


@pytest.fixture(scope="module")
def initial(paths, tmp_path_factory):
    return make_initial(paths, tmp_path_factory.mktemp("runs") / "initial")


@pytest.fixture
def train(paths, initial, tmp_path):
    """Train a round on 12 sentences: `train(folder, number=…, start=…, docs=…, **settings)`."""

    def train(name="round", number=0, start=initial, docs=None, more=(), **active_learning):
        training = training_of(quick_config(paths, more=more, **active_learning))
        here = RoundFolder(tmp_path / name, number)
        here.path.mkdir(exist_ok=True)
        docs = list(make_docs(12, 5)) if docs is None else docs
        return training.train_round(here, start, docs)

    return train


@pytest.fixture
def updates(monkeypatch):
    """The batches of each update."""
    seen, update = [], DeepNER.update

    def counting(self, examples, **settings):
        seen.append([eg.reference.text for eg in examples])
        return update(self, examples, **settings)

    monkeypatch.setattr(DeepNER, "update", counting)
    return seen


def evaluated_updates(path):
    """After which updates, from 0, the round that gave this pipeline looked at dev."""
    log = (path.parent.parent / "train.log").read_text(encoding="utf8")
    return [int(update) for update in re.findall(r"(?m)^ *\d+ +(\d+) +\d", log)]


class TestInitialize:
    def test_labels_are_those_of_the_pools_gold(self, initial):
        assert load_model(initial).get_pipe("ner").labels == ("LOC", "PER")

    def test_labels_of_the_config_come_before_those_of_the_pool(self, paths, tmp_path):
        labels = {"initialize.components": {"ner": {"labels": ["PER", "LOC", "ORG"]}}}
        path = make_initial(paths, tmp_path / "initial", more=labels)
        assert load_model(path).get_pipe("ner").labels == ("LOC", "ORG", "PER")

    def test_labels_of_the_config_do_for_a_pool_without_gold(self, tmp_path):
        paths = write_pools(tmp_path, pool=make_docs(20, 1, gold=False))
        labels = {"initialize.components": {"ner": {"labels": ["PER", "LOC", "ORG"]}}}
        path = make_initial(paths, tmp_path / "initial", more=labels)
        assert load_model(path).get_pipe("ner").labels == ("LOC", "ORG", "PER")

    def test_only_a_few_sentences_of_the_pool_are_read_since_its_index_has_the_counts(
        self, tmp_path, monkeypatch
    ):
        read = []

        def counted(path, vocab):
            for doc in read_plain_shards(path, vocab):
                read.append(doc)
                yield doc

        monkeypatch.setattr("spacy_deepal.pool.examples.read_plain_shards", counted)
        paths = write_pools(tmp_path, pool=make_docs(20 + EXAMPLES, 1))
        initial = make_initial(paths, tmp_path / "initial")
        assert EXAMPLES < len(read) < EXAMPLES + 50
        last = list(read_shards(paths["pool"], None))[-1]
        assert {token.text for token in last} <= {*vocabulary(initial).words}

    def test_a_pool_without_gold_and_a_config_without_labels_are_refused(self, tmp_path):
        paths = write_pools(tmp_path, pool=make_docs(20, 1, gold=False))
        with pytest.raises(DeepALError, match=r"no labels.*initialize\.components\.ner\.labels"):
            make_initial(paths, tmp_path / "initial")
        assert not (tmp_path / "initial").exists()

    def test_characters_and_words_are_those_of_the_pools_text(self, initial):
        words = Counter(token.text for doc in make_docs(45, 1) for token in doc)
        known, least = vocabulary(initial), network(initial).sizes.embed.word_min_freq
        assert known.characters == "".join(sorted(set("".join(words))))
        assert list(known.words) == sorted(word for word, n in words.items() if n >= least)

    def test_all_of_the_pool_is_looked_at_whatever_training_looks_at(self, tmp_path):
        """With max_epochs = -1 spaCy initialises from the first 100 sentences."""
        docs = [*make_docs(110, 1), make_doc("last", ["Qxz", "Qxz"], {0: "ORG"})]
        paths = write_pools(tmp_path, pool=docs)
        path = make_initial(paths, tmp_path / "initial", more={"training.max_epochs": -1})
        assert load_model(path).get_pipe("ner").labels == ("LOC", "ORG", "PER")
        assert "Qxz" in vocabulary(path).words

    def test_neither_train_nor_dev_nor_test_is_read(self, paths, initial, tmp_path):
        others = write_pools(tmp_path, dev=make_docs(3, 7), test=make_docs(3, 8))
        more = {"paths.train": str(tmp_path / "nope")}
        path = make_initial(others | {"pool": paths["pool"]}, tmp_path / "initial", more=more)
        assert same_weights(path, initial)

    @pytest.mark.parametrize("acquisition", ["RAND", "LC", "BALD"])
    def test_weights_are_the_same_for_every_acquisition_function(
        self, paths, initial, tmp_path, acquisition
    ):
        path = make_initial(paths, tmp_path / "initial", acquisition, budget_words=99, passes=9)
        assert same_weights(path, initial)

    def test_weights_do_not_depend_on_what_was_drawn_before(self, paths, initial, tmp_path):
        fix_random_seed(99)
        np.random.rand(5)
        assert same_weights(make_initial(paths, tmp_path / "initial"), initial)

    def test_another_seed_draws_other_weights(self, paths, initial, tmp_path):
        path = make_initial(paths, tmp_path / "initial", more={"system.seed": 1})
        assert not same_weights(path, initial)
        assert vocabulary(path) == vocabulary(initial)


class TestTrainRound:
    def test_the_same_round_gives_the_same_weights(self, train):
        first = train("one")
        fix_random_seed(99)
        assert same_weights(first, train("two"))

    def test_each_round_and_seed_shuffle_in_their_own_way(self, train):
        first = train("one")
        assert not same_weights(first, train("two", number=1))
        assert not same_weights(first, train("three", more={"system.seed": 1}))

    def test_training_goes_on_from_the_weights_it_is_given(self, train, initial):
        more = {"training.optimizer.learn_rate": 0.0, "training.optimizer.use_averages": False}
        path = train("one", more=more)
        assert same_weights(path, initial)
        trained = train("two")
        assert not same_weights(trained, initial)
        assert same_weights(train("three", start=trained, number=1, more=more), trained)

    def test_a_warm_start_resizes_nothing(self, train, initial):
        """Also where the labelled set has new words, and lacks labels and words of the pool."""
        docs = [make_doc("new", "Zoë climbed Ararat twice".split(), {0: "PER"})] * 3
        first = train("one")
        second = train("two", start=first, number=1, docs=docs)
        for path in (first, second):
            ner = load_model(path).get_pipe("ner")
            assert ner.labels == ("LOC", "PER")
            assert network(path).sizes == network(initial).sizes
            shapes = {name: w.shape for name, w in network(path).state_dict().items()}
            assert shapes == {n: w.shape for n, w in network(initial).state_dict().items()}

    def test_only_the_labelled_set_is_trained_on(self, train, updates):
        docs = list(make_docs(7, 5))
        train(docs=docs, passes=3, min_updates=0)
        assert {text for batch in updates for text in batch} == {doc.text for doc in docs}

    def test_each_pass_sees_every_sentence_once(self, train, updates):
        docs = [make_doc(str(n), [f"word{n}", "is", "here"]) for n in range(11)]
        train(docs=docs, passes=4, min_updates=0)
        seen = Counter(text for batch in updates for text in batch)
        assert seen == {doc.text: 4 for doc in docs}

    def test_few_updates_make_more_passes(self, train, updates):
        docs = list(make_docs(4, 5))  # one batch
        train("one", docs=docs, passes=2, min_updates=9)
        assert len(updates) == 9
        updates.clear()
        train("two", docs=docs, passes=2, min_updates=0)
        assert len(updates) == 2

    def test_dev_is_looked_at_as_often_as_the_config_says_and_once_at_the_start(
        self, train, monkeypatch
    ):
        for evaluations in (1, 2, 4):
            path = train(docs=list(make_docs(4, 5)), min_updates=9, evaluations=evaluations)
            assert len(evaluated_updates(path)) == evaluations + 1

    def test_our_reader_reads_with_the_options_of_the_config(self, train):
        corpora = load_model(train(more={"corpora.dev.limit": 5})).config["corpora"]
        assert corpora["dev"]["@readers"] == corpora["train"]["@readers"] == POOL_CORPUS
        assert corpora["dev"]["gold_preproc"] is corpora["train"]["gold_preproc"] is True
        assert corpora["dev"]["limit"] == 5

    @pytest.mark.parametrize("number", range(5))
    def test_the_last_evaluation_comes_also_where_shuffled_sentences_make_fewer_batches(
        self, train, updates, number
    ):
        """As of these, whose long ones stand together: in their order they make 4 batches of one
        sentence each and one of the others."""
        docs = [make_doc(f"long{n}", [f"word{n}"] * 45) for n in range(4)]
        docs += [make_doc(f"short{n}", [f"word{n}"] * 3) for n in range(15)]
        path = train(docs=docs, number=number, passes=4, min_updates=0, evaluations=1)
        assert len(updates) == 20
        assert evaluated_updates(path) == [0, 19]

    def test_one_update_is_one(self, train, updates):
        path = train(docs=list(make_docs(4, 5)), passes=1, min_updates=0)
        assert len(updates) == 1
        assert evaluated_updates(path) == [0]

    def test_the_pipeline_that_is_best_on_dev_is_returned(self, train, paths):
        path = train(min_updates=40, passes=1, evaluations=5)
        log = (path.parent.parent / "train.log").read_text(encoding="utf8")
        rows = [line.split() for line in log.splitlines() if line[:3].strip().isdigit()]
        scores = [float(row[-1]) for row in rows]
        assert max(scores) > 0
        meta = json.loads((path / "meta.json").read_text(encoding="utf8"))
        best = meta["performance"]["ents_f"]
        assert best == pytest.approx(max(scores), abs=0.005)
        assert evaluate_pipeline(load_model(path), paths["dev"])["ents_f"] == pytest.approx(best)

    def test_the_configs_own_limits_do_not_cut_a_round_short(self, train, updates):
        more = {"training.max_steps": 1, "training.patience": 1, "training.max_epochs": 1}
        train(docs=list(make_docs(4, 5)), min_updates=8, more=more)
        assert len(updates) == 8

    def test_the_saved_pipeline_names_the_logger_of_the_config(self, train):
        """The progress bar's total and title are those of the round alone."""
        config = load_model(train()).config
        assert config["training"]["logger"]["@loggers"] == "spacy.ConsoleLogger.v1"

    def test_what_a_killed_process_left_is_replaced(self, train, tmp_path):
        left = tmp_path / "round" / "training"
        left.mkdir(parents=True)
        (left / "rest").write_text("")
        train()
        assert not (left / "rest").exists()

    def test_nothing_is_printed_when_this_is_no_terminal(self, train, capfd):
        train()
        assert capfd.readouterr() == ("", "")

    def test_static_vectors_stay_with_the_weights(self, paths, tmp_path):
        import spacy
        from spacy.vectors import Vectors

        nlp = spacy.blank("xx")
        keys = ["Ada", "Rome", "rain", "it"]
        data = np.arange(12, dtype="float32").reshape(4, 3) / 10
        nlp.vocab.vectors = Vectors(data=data, keys=keys)
        nlp.to_disk(tmp_path / "vectors")
        more = {"paths.vectors": str(tmp_path / "vectors")}
        start = make_initial(paths, tmp_path / "initial", more=more)
        training = training_of(quick_config(paths, more=more))
        docs = list(make_docs(6, 5))
        for number in range(2):
            here = RoundFolder(tmp_path / f"round_{number}", number)
            here.path.mkdir()
            start = training.train_round(here, start, docs)
            assert network(start).sizes.vectors_width == 3
            assert load_model(start).vocab.vectors.data.tolist() == data.tolist()


class TestEvaluate:
    def test_scores_are_those_of_spacys_scorer(self, train, paths):
        nlp = load_model(train(min_updates=40))
        scores = evaluate_pipeline(nlp, paths["test"])
        names = ["ents_p", "ents_r", "ents_f", "ents_per_type", "raw_ents_f", "calibration"]
        assert list(scores) == names
        assert scores["calibration"].temperature == find_tagger(nlp).temperature
        assert scores["raw_ents_f"] is None  # the text of these sentences is not known
        gold, found = set(), set()
        for i, doc in enumerate(make_docs(15, 3)):
            predicted = nlp(Doc(nlp.vocab, [token.text for token in doc]))
            gold |= {(i, ent.start, ent.end, ent.label_) for ent in doc.ents}
            found |= {(i, ent.start, ent.end, ent.label_) for ent in predicted.ents}
        assert found
        assert scores["ents_p"] == pytest.approx(len(gold & found) / len(found))
        assert scores["ents_r"] == pytest.approx(len(gold & found) / len(gold))

    def test_data_without_labels_is_refused(self, initial, tmp_path):
        write_shards(make_docs(3, 1, gold=False), tmp_path / "test")
        with pytest.raises(DeepALError, match="test has no labelled sentence to evaluate on"):
            evaluate_pipeline(load_model(initial), tmp_path / "test")

    def test_where_there_is_no_entity_and_none_is_found_f1_is_0(self, initial, tmp_path):
        write_shards([make_doc("a", ["Nobody", "knew"])], tmp_path / "test")
        scores = evaluate_pipeline(load_model(initial), tmp_path / "test")
        assert (scores["ents_f"], scores["ents_per_type"]) == (0.0, {})

    def test_a_pipeline_that_scores_no_entities_is_refused(self, initial, paths):
        nlp = load_model(initial)
        nlp.get_pipe("ner").scorer = None
        with pytest.raises(DeepALError, match="deepal_ner has no scorer"):
            evaluate_pipeline(nlp, paths["test"])


def test_batches_are_counted_with_the_configs_batcher(initial):
    nlp = load_model(initial)  # its [paths] train is the pool
    words = sum(len(doc) for doc in make_docs(45, 1))
    assert 3 * words / 72 <= count_updates(nlp, 3, 0) <= 3 * words / 50
    nlp.config["training"]["batcher"]["size"] = 10**6
    assert count_updates(nlp, 3, 0) == 3
    assert count_updates(nlp, 3, 5) == 5


def test_batcher_that_makes_no_batch_is_named(initial):
    nlp = load_model(initial)
    nlp.config["training"]["batcher"] |= {"size": 1, "discard_oversize": True, "tolerance": 0.0}
    with pytest.raises(DeepALError, match=r"\[training.batcher\] makes no batch of 45 sentences"):
        count_updates(nlp, 3, 5)


def test_batches_that_grow_from_pass_to_pass_are_counted_as_training_makes_them(initial):
    nlp = load_model(initial)
    words = sum(len(doc) for doc in make_docs(45, 1))
    nlp.config["training"]["batcher"]["size"] = {
        "@schedules": "compounding.v1",
        "start": 20,
        "stop": words,
        "compound": 1.5,
    }
    assert count_updates(nlp, 2, 0) < 2 * count_updates(nlp, 1, 0)


class TestPatience:
    """A model of all words may train for three passes without a gain on dev, at least."""

    @staticmethod
    def limits(folder, sentences, **training):
        """RETURNS (dict): [training] of a pipeline with this many batches a pass."""
        write_shards([make_doc(str(n), ["word"] * 60) for n in range(sentences)], folder)
        paths = {"train": str(folder), "dev": str(folder)}
        nlp = spacy.blank("xx", config={"training": training, "paths": paths})
        nlp.config["training"]["batcher"] = {"@batchers": "spacy.batch_by_sequence.v1", "size": 1}
        be_patient(nlp)
        return nlp.config["training"]

    def test_it_is_raised_to_three_passes_of_a_large_set(self, tmp_path):
        limits = self.limits(tmp_path, 50, patience=100, eval_frequency=2)
        assert limits["patience"] == 150
        assert limits["eval_frequency"] == 5

    def test_it_stays_on_a_small_set(self, tmp_path):
        limits = self.limits(tmp_path, 5, patience=100, eval_frequency=20)
        assert (limits["patience"], limits["eval_frequency"]) == (100, 20)

    def test_it_stays_without_an_end(self, tmp_path):
        assert self.limits(tmp_path, 50, patience=0, eval_frequency=2)["patience"] == 0

    def test_the_most_updates_of_the_config_stay(self, tmp_path):
        assert self.limits(tmp_path, 50, patience=1, max_steps=7)["max_steps"] == 7

    @pytest.mark.parametrize(
        ("passes", "given", "every"), [(2, 200, 9), (2, 9, 9), (2, 4, 3), (2, 1, 1), (0, 200, 200)]
    )
    def test_the_last_evaluation_is_near_the_end_of_the_passes(
        self, tmp_path, passes, given, every
    ):
        """Two passes over five sentences are the updates 0 to 9."""
        limits = self.limits(tmp_path, 5, max_epochs=passes, eval_frequency=given)
        assert limits["eval_frequency"] == every


def test_a_model_of_all_words_is_trained_patiently(paths, tmp_path):
    """A patience of one update would end the training at its second evaluation."""
    more = {"training.patience": 1, "training.eval_frequency": 1, "training.max_steps": 200}
    more["training.optimizer.learn_rate"] = 0.0  # so dev never gains
    train_full(quick_config(paths, more=more | {"paths.train": str(paths["pool"])}), tmp_path)
    log = (tmp_path / "train.log").read_text(encoding="utf8")
    last = [int(line.split()[1]) for line in log.splitlines() if line[:3].strip().isdigit()][-1]
    nlp = load_model(tmp_path / "model-best")
    assert last == count_updates(nlp, 3, 0) > 5
