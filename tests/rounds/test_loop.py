import platform
import random
import shutil
from pathlib import Path

import catalogue
import numpy as np
import pytest
import spacy
import thinc
import torch
from spacy.tokens import Doc, Span
from spacy.util import load_model, registry

import spacy_deepal
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.index import count_genres
from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import fingerprint, read_shards, write_shards
from spacy_deepal.rounds import loop
from spacy_deepal.rounds.config_file import load_run_config
from spacy_deepal.rounds.loop import Loop
from spacy_deepal.rounds.oracle import Oracle
from spacy_deepal.rounds.run import run_loop
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.rounds.settings import read_settings
from spacy_deepal.rounds.training import Training
from spacy_deepal.sentences import sentence_id

from ..pools import annotation, make_doc, make_docs, quick_config, read_jsonl, write_pools
from ..tagger.build import network_of, tagger_in

KEYS = [
    "ents_p",
    "ents_r",
    "ents_f",
    "ents_per_type",
    "raw_ents_f",
    "dev_ents_f",
    "dev_ents_per_type",
    "calibration",
    "seconds",
    "round",
    "selection",
    "words",
    "words_percent",
    "sentences",
    "stability",
    "genres",
]
FAST = {"passes": 1, "min_updates": 0, "evaluations": 1}


def selected(path):
    """RETURNS (list[list[str]]): The ids that each round selected."""
    rounds = sorted(Path(path).glob("round_*"))
    return [[item["id"] for item in read_jsonl(here / "selected.jsonl")] for here in rounds]


def texts(path):
    """RETURNS (list[str]): The texts of all sentences that the rounds selected."""
    batches = sorted(Path(path).glob("round_*/batch.spacy"))
    vocab = spacy.blank("xx").vocab
    return [doc.text for batch in batches for doc in read_shards(batch, vocab)]


def weights(path):
    return network_of(load_model(path), "ner").state_dict()


def same_weights(path, other):
    one, two = weights(path), weights(other)
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def dump(genres):
    return {name: genre.model_dump() for name, genre in genres.items()}


def without_seconds(metrics):
    return [{key: value for key, value in line.items() if key != "seconds"} for line in metrics]


def metrics(path):
    return read_jsonl(Path(path) / "metrics.jsonl")


class TestWhatARunLeaves:
    def test_a_line_of_metrics_for_each_round_with_exactly_these_keys(self, finished):
        assert finished.metrics == [line.model_dump() for line in finished.lines]
        assert [line["round"] for line in finished.metrics] == [0, 1, 2]
        for line in finished.metrics:
            assert list(line) == KEYS
            assert list(line["seconds"]) == ["score", "select", "train", "evaluate"]
            assert all(seconds >= 0 for seconds in line["seconds"].values())
            assert set(line["ents_per_type"]) == {"PER", "LOC"}

    def test_metrics_count_what_is_labelled(self, finished):
        docs = {sentence_id(doc): doc for doc in make_docs(45, 1)}
        pool_words = sum(map(len, docs.values()))
        known = []
        for line, ids in zip(finished.metrics, selected(finished.path), strict=True):
            known += ids
            assert line["sentences"] == len(known)
            assert line["words"] == sum(len(docs[name]) for name in known)
            assert line["words_percent"] == pytest.approx(100 * line["words"] / pool_words)
            genres = count_genres([docs[name] for name in ids])
            assert line["genres"] == dump(genres)
            assert sum(genre.sentences for genre in genres.values()) == len(ids)

    def test_the_manifest_says_what_the_run_is(self, finished, paths):
        manifest = finished.manifest
        assert list(manifest) == [
            "format",
            "acquisition",
            "arguments",
            "seed",
            "lang",
            "pool",
            "dev",
            "test",
            "config",
            "vectors",
            "code",
            "versions",
            "threads",
            "started",
            "added",
            "labelled_types",
            "digest",
        ]
        assert (manifest["vectors"], manifest["code"], manifest["added"]) == ("", "", [])
        assert manifest["acquisition"] == "spacy_deepal.MNLP.v1"
        assert manifest["arguments"] == {}
        assert (manifest["format"], manifest["seed"], manifest["lang"]) == (1, 0, "xx")
        assert manifest["versions"] == {
            "spacy_deepal": spacy_deepal.__version__,
            "spacy": spacy.__version__,
            "thinc": thinc.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        }
        assert manifest["pool"] == {
            "path": str(paths["pool"]),
            "fingerprint": fingerprint(paths["pool"]),
            "shards": {shard.name: shard.fingerprint for shard in Pool(paths["pool"]).shards},
            "sentences": 45,
            "words": sum(len(doc) for doc in make_docs(45, 1)),
            "genres": dump(count_genres(make_docs(45, 1))),
        }
        for split in ("dev", "test"):
            assert manifest[split]["fingerprint"] == fingerprint(paths[split])

    def test_the_manifests_config_makes_the_same_run_again(self, finished, tmp_path):
        (tmp_path / "again.cfg").write_text(finished.manifest["config"], encoding="utf8")
        run_loop(load_run_config(tmp_path / "again.cfg", {}), tmp_path / "again")
        assert without_seconds(metrics(tmp_path / "again")) == without_seconds(finished.metrics)
        assert selected(tmp_path / "again") == selected(finished.path)

    def test_no_round_exceeds_its_budget_or_could_take_another_sentence(self, finished, paths):
        left = {sentence_id(doc): len(doc) for doc in make_docs(45, 1)}
        for ids, budget in zip(selected(finished.path), (30, 45, 45), strict=True):
            words = sum(left.pop(name) for name in ids)
            assert words <= budget
            assert min(left.values()) > budget - words

    def test_no_sentence_is_selected_twice(self, finished):
        ids = [name for names in selected(finished.path) for name in names]
        assert len(set(ids)) == len(ids)

    def test_a_round_keeps_the_scores_for_which_it_selected(self, finished):
        first, *others = (
            read_jsonl(here / "selected.jsonl") for here in sorted(finished.path.glob("round_*"))
        )
        assert {item["score"] for item in first} == {None}
        for items in others:
            assert [list(item) for item in items] == [["id", "words", "score"]] * len(items)
            scores = [item["score"] for item in items]
            assert scores == sorted(scores, reverse=True)

    def test_a_batch_has_near_copies_unless_they_are_passed_over(self, finished, paths, tmp_path):
        config = quick_config(paths, max_similarity=1, budget_words=60, **FAST)
        run_loop(config, tmp_path / "run")
        repeated = []
        for folder in (finished.path, tmp_path / "run"):
            batches = [
                [doc.text for doc in read_shards(here / "batch.spacy", spacy.blank("xx").vocab)]
                for here in sorted(folder.glob("round_*"))
            ]
            assert len(batches) == 3
            repeated.append(sum(len(texts) - len(set(texts)) for texts in batches))
        assert repeated[0] > 0 == repeated[1]

    def test_no_batch_has_near_copies_of_an_earlier_one(self, finished, paths, tmp_path):
        """Every fifth sentence of the pool is "Nobody knew", every fifth "It rained all day long":
        a run without near-copies ends before the pool does."""
        assert len(texts(finished.path)) > len(set(texts(finished.path)))
        config = quick_config(paths, max_similarity=1.0, rounds=0, budget_words=60, **FAST)
        assert "used up, apart from near-copies" in run_loop(config, tmp_path / "run")
        found = texts(tmp_path / "run")
        assert sorted(found) == sorted({doc.text for doc in make_docs(45, 1)})

    def test_scores_of_a_round_are_those_of_the_last_rounds_model(self, finished, paths):
        from spacy_deepal.acquisition.functions import MNLP
        from spacy_deepal.acquisition.scoring import score_docs

        nlp = load_model(finished.path / "round_01" / "model")
        docs = read_shards(paths["pool"], nlp.vocab)
        scores = {item.id: item.score for item in score_docs(nlp, docs, MNLP())}
        for item in read_jsonl(finished.path / "round_02" / "selected.jsonl"):
            assert item["score"] == pytest.approx(scores[item["id"]], rel=1e-5)

    def test_labels_of_a_batch_equal_the_pools(self, finished):
        docs = {sentence_id(doc): annotation(doc) for doc in make_docs(45, 1)}
        without = 0
        for here, ids in zip(
            sorted(finished.path.glob("round_*")), selected(finished.path), strict=True
        ):
            batch = list(read_shards(here / "batch.spacy", spacy.blank("xx").vocab))
            assert [sentence_id(doc) for doc in batch] == ids
            assert [annotation(doc) for doc in batch] == [docs[name] for name in ids]
            without += sum(not doc.ents for doc in batch)
        assert without

    def test_the_folder_holds_nothing_else(self, finished):
        assert sorted(path.name for path in finished.path.iterdir() if path.name != ".lock") == [
            "initial",
            "manifest.json",
            "metrics.jsonl",
            "round_00",
            "round_01",
            "round_02",
        ]
        for here in finished.path.glob("round_*"):
            assert sorted(path.name for path in here.iterdir()) == [
                "batch.spacy",
                "entities.jsonl",
                "model",
                "seconds.json",
                "selected.jsonl",
                "train.log",
            ]

    def test_metrics_are_those_of_the_rounds_model(self, finished, paths):
        for here, line in zip(sorted(finished.path.glob("round_*")), finished.metrics, strict=True):
            nlp = load_model(here / "model")
            scores = loop.evaluate_pipeline(nlp, paths["test"])
            if (calibration := scores["calibration"]) is not None:  # the model finds something
                scores["calibration"] = calibration.model_dump()
            assert {key: line[key] for key in scores} == scores
            dev = loop.evaluate_pipeline(nlp, paths["dev"])
            assert line["dev_ents_f"] == pytest.approx(dev["ents_f"], abs=1e-6)
            types = {label: pytest.approx(each) for label, each in dev["ents_per_type"].items()}
            assert line["dev_ents_per_type"] == types

    def test_stability_compares_the_rounds_model_with_the_one_before(self, paths, tmp_path):
        """As a user sees it: by the pipelines alone."""
        config = quick_config(paths, "RAND", rounds=1, min_updates=40)
        run_loop(config, tmp_path, keep="all")
        old, new = (
            {
                (sentence_id(doc), ent.start, ent.end, ent.label_)
                for doc in make_docs(45, 1)
                for ent in nlp(Doc(nlp.vocab, [token.text for token in doc])).ents
            }
            for nlp in (load_model(tmp_path / f"round_0{n}" / "model") for n in (0, 1))
        )
        assert old & new
        assert old != new
        expected = 2 * len(old & new) / (len(old) + len(new))
        assert [line["stability"] for line in metrics(tmp_path)] == [None, pytest.approx(expected)]

    def test_the_models_learn(self, finished):
        assert finished.metrics[-1]["dev_ents_f"] > 0
        assert finished.end == "Rounds done: 2."


class TestWhatIsFixedBeforeTheFirstRound:
    def test_every_function_gets_the_same_seed_set_and_initial_weights(
        self, finished, paths, tmp_path
    ):
        runs = {}
        for name in ("RAND", "LC"):
            run_loop(quick_config(paths, name, rounds=1), tmp_path / name)
            runs[name] = selected(tmp_path / name)
            assert runs[name][0] == selected(finished.path)[0]
            assert same_weights(tmp_path / name / "initial", finished.path / "initial")
            lines = [without_seconds(metrics(path))[0] for path in (tmp_path / name, finished.path)]
            assert lines[0] == lines[1]
        assert runs["RAND"][1] != runs["LC"][1]

    def test_another_seed_gives_another_seed_set_and_other_weights(self, finished, paths, tmp_path):
        config = quick_config(paths, more={"system.seed": 1}, rounds=1, **FAST)
        run_loop(config, tmp_path / "run")
        assert selected(tmp_path / "run")[0] != selected(finished.path)[0]
        assert not same_weights(tmp_path / "run" / "initial", finished.path / "initial")

    def test_labels_and_vocabularies_are_those_of_the_initial_pipeline_in_every_round(
        self, finished
    ):
        initial = load_model(finished.path / "initial")
        for here in finished.path.glob("round_*"):
            nlp = load_model(here / "model")
            assert nlp.get_pipe("ner").labels == ("LOC", "PER")
            assert tagger_in(nlp, "ner").vocabulary == tagger_in(initial, "ner").vocabulary
            assert network_of(nlp, "ner").sizes == network_of(initial, "ner").sizes

    def test_a_label_that_the_seed_set_lacks_is_there(self, tmp_path):
        """One sentence of 40 has an ORG, and the seed set does not."""
        docs = [*make_docs(40, 1), make_doc("org", "Acme grew".split(), {0: "ORG"})]
        paths = write_pools(tmp_path, pool=docs)
        run_loop(quick_config(paths, rounds=1, **FAST), tmp_path / "run", keep="all")
        assert "org" not in selected(tmp_path / "run")[0]
        for number in (0, 1):
            nlp = load_model(tmp_path / "run" / f"round_0{number}" / "model")
            assert nlp.get_pipe("ner").labels == ("LOC", "ORG", "PER")


class TestNoChoiceDependsOn:
    def test_the_test_set(self, finished, paths, tmp_path):
        others = write_pools(tmp_path, test=make_docs(9, 77)) | {
            "pool": paths["pool"],
            "dev": paths["dev"],
        }
        run_loop(quick_config(others), tmp_path / "run", keep="all")
        assert selected(tmp_path / "run") == selected(finished.path)
        for here in finished.path.glob("round_*"):
            assert same_weights(here / "model", tmp_path / "run" / here.name / "model")
        scores = [line["dev_ents_f"] for line in metrics(tmp_path / "run")]
        assert scores == [line["dev_ents_f"] for line in finished.metrics]

    def test_random_numbers_that_others_draw(self, finished, paths, tmp_path):
        def draw(line):
            torch.rand(line.round + 3)
            random.random()
            np.random.rand()

        torch.manual_seed(99)
        run_loop(quick_config(paths), tmp_path / "run", on_round=draw)
        assert without_seconds(metrics(tmp_path / "run")) == without_seconds(finished.metrics)
        assert selected(tmp_path / "run") == selected(finished.path)

    def test_how_the_pool_is_cut_into_shards(self, finished, paths, tmp_path):
        docs = list(make_docs(45, 1))
        write_shards(docs, tmp_path / "pool", sentences_per_shard=4)
        run_loop(quick_config(paths | {"pool": tmp_path / "pool"}), tmp_path / "run")
        # The same sentences: of equal texts, the last bits of the scores decide which comes first.
        batches = [list(map(set, selected(path))) for path in (tmp_path / "run", finished.path)]
        assert batches[0] == batches[1]

    def test_which_models_are_kept(self, finished, paths, tmp_path):
        run_loop(quick_config(paths), tmp_path / "run", keep="last")
        assert without_seconds(metrics(tmp_path / "run")) == without_seconds(finished.metrics)
        assert [path.parent.name for path in tmp_path.glob("run/round_*/model")] == ["round_02"]
        assert same_weights(
            tmp_path / "run" / "round_02" / "model", finished.path / "round_02" / "model"
        )


class TestTheEnd:
    def test_a_run_without_a_number_of_rounds_uses_the_pool_up(self, paths, tmp_path):
        """The last batch is smaller than the budget, which is no reason to stop or to crash."""
        end = run_loop(quick_config(paths, rounds=0, budget_words=80, **FAST), tmp_path / "run")
        assert end == "The pool is used up."
        lines = metrics(tmp_path / "run")
        assert lines[-1]["words_percent"] == 100
        assert lines[-1]["sentences"] == 45
        assert 0 < lines[-1]["words"] - lines[-2]["words"] < 75

    def test_a_seed_set_of_the_whole_pool_is_the_end(self, paths, tmp_path):
        end = run_loop(quick_config(paths, seed_words=10**6, rounds=3, **FAST), tmp_path / "run")
        assert end == "The pool is used up."
        assert [line["words_percent"] for line in metrics(tmp_path / "run")] == [100]

    def test_more_rounds_than_the_pool_has_are_no_crash(self, paths, tmp_path):
        config = quick_config(paths, rounds=99, budget_words=10**6, **FAST)
        assert run_loop(config, tmp_path / "run") == "The pool is used up."
        assert len(metrics(tmp_path / "run")) == 2

    def test_the_target_stops_a_run(self, paths, tmp_path):
        end = run_loop(quick_config(paths, target_f=0.0, rounds=5), tmp_path / "run")
        assert end == "F1 on dev has reached 0.000."
        assert len(metrics(tmp_path / "run")) == 1

    def test_stable_predictions_stop_a_run(self, paths, tmp_path, monkeypatch):
        monkeypatch.setattr(loop, "agreement", lambda before, found: 1.0)
        config = quick_config(paths, rounds=5, stop_stability=1, stop_rounds=2, **FAST)
        end = run_loop(config, tmp_path / "run")
        assert [line["stability"] for line in metrics(tmp_path / "run")] == [None, 1, 1]
        assert end == "Predictions are stable: 1.000 or more in the mean of 2 rounds."

    def test_models_that_have_learnt_nothing_are_not_stable(self, paths, tmp_path):
        more = {"training.optimizer.learn_rate": 0.0, "training.optimizer.use_averages": False}
        config = quick_config(paths, more=more, rounds=2, stop_stability=1, stop_rounds=1, **FAST)
        assert run_loop(config, tmp_path / "run") == "Rounds done: 2."
        assert [line["stability"] for line in metrics(tmp_path / "run")] == [None, 0, 0]

    def test_sentences_longer_than_the_budget_end_a_run_with_a_reason(self, tmp_path):
        docs = [*make_docs(10, 1), make_doc("long", ["rain"] * 60), make_doc("55", ["fog"] * 55)]
        paths = write_pools(tmp_path, pool=docs)
        end = run_loop(quick_config(paths, rounds=0, budget_words=50, **FAST), tmp_path / "run")
        assert end == (
            "Each sentence left in the pool (2 in all) is longer than the budget: "
            "the shortest has 55 words."
        )
        assert metrics(tmp_path / "run")[-1]["sentences"] == 10

    def test_a_seed_set_without_room_for_a_sentence_is_refused(self, paths, tmp_path):
        with pytest.raises(DeepALError, match=r"fits into 1 word\. Raise seed_words"):
            run_loop(quick_config(paths, seed_words=1), tmp_path / "run")

    def test_a_run_that_is_done_stays_done(self, finished, paths):
        before = {path: path.stat().st_mtime_ns for path in finished.path.rglob("*")}
        lines = []
        end = run_loop(quick_config(paths), finished.path, keep="all", on_round=lines.append)
        assert (end, lines) == (finished.end, [])
        after = {path: path.stat().st_mtime_ns for path in finished.path.rglob("*")}
        lock = finished.path / ".lock"
        assert {k: v for k, v in before.items() if k != lock} == {
            k: v for k, v in after.items() if k != lock
        }

    def test_a_run_that_is_done_goes_on_with_more_rounds(self, finished, paths, tmp_path):
        run_loop(quick_config(paths, rounds=1), tmp_path / "run")
        assert run_loop(quick_config(paths, rounds=2), tmp_path / "run") == "Rounds done: 2."
        assert selected(tmp_path / "run") == selected(finished.path)
        for line, whole in zip(metrics(tmp_path / "run"), finished.metrics, strict=True):
            assert line | {"seconds": None} == whole | {"seconds": None}

    def test_wordless_sentences_do_not_count_as_left(self, tmp_path):
        docs = [*make_docs(6, 1), make_doc("blank", ["\n"], genre="nw")]
        paths = write_pools(tmp_path, pool=docs)
        config = quick_config(paths, seed_words=10**6, rounds=0, **FAST)
        assert run_loop(config, tmp_path / "run") == "The pool is used up."
        assert metrics(tmp_path / "run")[-1]["words_percent"] == 100
        assert Pool(paths["pool"]).sentences == 6


class TestSettings:
    @pytest.mark.parametrize("max_similarity", [None, 1.0])
    def test_bald_samples_as_far_as_the_budget_needs_it(
        self, paths, tmp_path, monkeypatch, max_similarity
    ):
        score, budgets = loop.score_pool, []

        def spy(job, *args, **options):
            budgets.append(job.scoring.budget)
            return score(job, *args, **options)

        monkeypatch.setattr(loop, "score_pool", spy)
        config = quick_config(paths, rounds=1, max_similarity=max_similarity)
        config["active_learning"]["acquisition"] = {
            "@acquisition": "spacy_deepal.BALD.v1",
            "samples": 20,
        }
        run_loop(config, tmp_path / "budget")
        assert budgets == ([None, 45] if max_similarity is None else [None, None])
        make_job = loop.make_job
        monkeypatch.setattr(loop, "make_job", lambda *args, budget, **rest: make_job(*args, **rest))
        run_loop(config, tmp_path / "all")
        assert selected(tmp_path / "budget") == selected(tmp_path / "all")

    def test_budgets_may_be_shares_of_the_pool(self, paths, tmp_path):
        pool_words = sum(len(doc) for doc in make_docs(45, 1))
        run_loop(quick_config(paths, seed_words=0.1, budget_words=0.25, **FAST), tmp_path / "run")
        words = [line["words"] for line in metrics(tmp_path / "run")]
        batches = [words[0], words[1] - words[0], words[2] - words[1]]
        for batch, share in zip(batches, (0.1, 0.25, 0.25), strict=True):
            assert share * pool_words - 3 < batch <= round(share * pool_words)

    def test_a_cold_start_chooses_at_random_until_dev_f1_reaches_it(self, paths, tmp_path):
        run_loop(quick_config(paths, cold_start=1.0, **FAST), tmp_path / "cold")
        run_loop(quick_config(paths, "RAND", **FAST), tmp_path / "rand")
        assert [line["selection"] for line in metrics(tmp_path / "cold")] == [
            "seed",
            "random",
            "random",
        ]
        assert selected(tmp_path / "cold") == selected(tmp_path / "rand")
        items = read_jsonl(tmp_path / "cold" / "round_01" / "selected.jsonl")
        assert {item["score"] for item in items} == {None}

    @pytest.mark.parametrize(
        ("cold_start", "dev", "how"),
        [
            (0.5, 0.499, "random"),
            (0.5, 0.5, "acquisition"),
            (0.5, 0.9, "acquisition"),
            (0.0, 0.0, "acquisition"),
        ],
    )
    def test_a_cold_start_ends_when_dev_f1_reaches_it(
        self, finished, paths, cold_start, dev, how, tmp_path
    ):
        config = quick_config(paths, cold_start=cold_start)
        training = Training(config, read_settings(config.interpolate()))
        state = Loop(training, RunFolder(finished.path), Pool(paths["pool"]))
        line = finished.lines[0].model_copy(update={"dev_ents_f": dev})
        assert state._how_to_select([line]) == how
        assert state._how_to_select([]) == "seed"

    def test_without_a_cold_start_the_function_chooses_from_the_first_round_on(self, finished):
        assert [line["selection"] for line in finished.metrics] == [
            "seed",
            "acquisition",
            "acquisition",
        ]

    @pytest.mark.parametrize(
        ("warm_start", "starts"),
        [(True, ["initial", "round_00", "round_01"]), (False, ["initial"] * 3)],
    )
    def test_a_warm_start_trains_on_and_others_begin_anew(
        self, paths, tmp_path, monkeypatch, warm_start, starts
    ):
        seen, train_round = [], Training.train_round

        def spy(self, here, start, docs):
            seen.append(start.relative_to(tmp_path / "run").parts[0])
            return train_round(self, here, start, docs)

        monkeypatch.setattr(Training, "train_round", spy)
        run_loop(quick_config(paths, warm_start=warm_start, **FAST), tmp_path / "run")
        assert seen == starts

    def test_a_round_trains_on_all_that_is_labelled(self, paths, tmp_path, monkeypatch):
        seen, train_round = [], Training.train_round

        def spy(self, here, start, docs):
            seen.append([sentence_id(doc) for doc in docs])
            return train_round(self, here, start, docs)

        monkeypatch.setattr(Training, "train_round", spy)
        run_loop(quick_config(paths, **FAST), tmp_path / "run")
        ids = selected(tmp_path / "run")
        assert seen == [ids[0], ids[0] + ids[1], ids[0] + ids[1] + ids[2]]

    def test_the_arguments_of_a_function_are_used(self, paths, tmp_path):
        config = quick_config(paths, rounds=1, **FAST)
        config["active_learning"]["acquisition"] = {
            "@acquisition": "spacy_deepal.BALD.v1",
            "samples": 3,
        }
        run_loop(config, tmp_path / "run")
        items = read_jsonl(tmp_path / "run" / "round_01" / "selected.jsonl")
        assert all(0 <= item["score"] < 1 for item in items)

    def test_a_corpus_with_a_path_of_its_own_is_not_what_a_round_trains_on(
        self, finished, paths, tmp_path
    ):
        """Else each round would train on all the labels there are."""
        more = {"corpora.train.path": str(paths["pool"])}
        run_loop(quick_config(paths, more=more), tmp_path / "run")
        assert without_seconds(metrics(tmp_path / "run")) == without_seconds(finished.metrics)


class OwnOracle(Oracle):
    def __init__(self, labels):
        self.labels = labels

    def label(self, docs, folder):
        return self.labels(docs, folder)


class TestOracles:
    @pytest.fixture(autouse=True)
    def own_registry(self, monkeypatch):
        monkeypatch.setattr(catalogue, "REGISTRY", dict(catalogue.REGISTRY))

    def test_a_pool_without_gold_is_refused_with_the_sentence(self, tmp_path):
        paths = write_pools(tmp_path, pool=make_docs(20, 1, gold=False))
        labels = {"initialize.components": {"ner": {"labels": ["PER", "LOC"]}}}
        with pytest.raises(DeepALError, match=r"simulated oracle .* this sentence has none: '"):
            run_loop(quick_config(paths, more=labels), tmp_path / "run")
        assert not (tmp_path / "run" / "round_00" / "batch.spacy").exists()

    def test_an_own_oracle_labels_a_pool_without_gold(self, tmp_path):
        folders = []

        def label(docs, folder):
            folders.append(folder)
            gold = {sentence_id(doc): doc for doc in make_docs(20, 1)}
            assert not any(doc.has_annotation("ENT_IOB") for doc in docs)
            for doc in docs:
                spans = gold[sentence_id(doc)].ents
                doc.set_ents([doc.char_span(s.start_char, s.end_char, s.label_) for s in spans])
            return docs

        registry.misc.register("own.Oracle.v1", func=lambda: OwnOracle(label))
        paths = write_pools(tmp_path, pool=make_docs(20, 1, gold=False))
        more = {
            "initialize.components": {"ner": {"labels": ["PER", "LOC"]}},
            "active_learning.oracle": {"@misc": "own.Oracle.v1"},
        }
        run_loop(quick_config(paths, more=more, rounds=1, **FAST), tmp_path / "run")
        assert folders == [tmp_path / "run" / f"round_0{number}" for number in (0, 1)]
        gold = write_pools(tmp_path / "gold", pool=make_docs(20, 1))
        run_loop(quick_config(gold, rounds=1, **FAST), tmp_path / "simulated")
        assert without_seconds(metrics(tmp_path / "run")) == without_seconds(
            metrics(tmp_path / "simulated")
        )

    @pytest.fixture
    def run_with(self, paths, tmp_path):
        """Run with an oracle; returns what its batches hold."""

        def run_with(label):
            registry.misc.register("own.Oracle.v1", func=lambda: OwnOracle(label))
            more = {"active_learning.oracle": {"@misc": "own.Oracle.v1"}}
            run_loop(quick_config(paths, more=more, rounds=1, **FAST), tmp_path / "run")
            vocab = spacy.blank("xx").vocab
            rounds = sorted(tmp_path.glob("run/round_*"))
            return [list(read_shards(here / "batch.spacy", vocab)) for here in rounds]

        return run_with

    def test_words_that_an_oracle_leaves_open_stay_open(self, run_with):
        def unsure(docs, folder):
            docs[0].set_ents([], missing=[docs[0][0:1]], default="outside")
            return docs

        for first, *others in run_with(unsure):
            assert [token.ent_iob_ for token in first] == ["", *"O" * (len(first) - 1)]
            assert all(token.ent_iob_ for doc in others for token in doc)

    def test_an_oracle_may_give_sentences_back_one_by_one_and_in_any_order(
        self, run_with, tmp_path
    ):
        batches = run_with(lambda docs, folder: (doc for doc in reversed(docs)))
        ids = [[sentence_id(doc) for doc in batch] for batch in batches]
        assert ids == selected(tmp_path / "run")

    @pytest.mark.parametrize(
        ("oracle", "message"),
        [
            (
                lambda docs, folder: docs[1:],
                r"must give back what it got: \d+ .* Missing: 1-\d+; given",
            ),
            (lambda docs, folder: [], "given back: 0"),
            (lambda docs, folder: [*docs, make_doc("new", ["Hi"])], "Missing: none; given"),
            (lambda docs, folder: [make_doc(None, ["Hi"]) for _ in docs], "has no id"),
        ],
        ids=["one is lost", "all are lost", "one is new", "ids are lost"],
    )
    def test_an_oracle_that_does_not_give_back_what_it_got_is_refused(
        self, run_with, oracle, message, tmp_path
    ):
        with pytest.raises(DeepALError, match=message):
            run_with(oracle)
        assert not (tmp_path / "run" / "round_00" / "batch.spacy").exists()

    def test_a_label_that_the_tagger_does_not_know_is_refused(self, run_with):
        def odd(docs, folder):
            docs[0].set_ents([Span(docs[0], 0, 1, "CAT")])
            return docs

        with pytest.raises(DeepALError, match=r"round_00: .* LOC, PER: 1\..*\[initialize") as error:
            run_with(odd)
        assert "is labelled CAT" in str(error.value)

    def test_a_pool_without_gold_is_refused_before_anything_is_written(self, tmp_path):
        paths = write_pools(tmp_path, pool=make_docs(20, 1, gold=False))
        labels = {"initialize.components": {"ner": {"labels": ["PER", "LOC"]}}}
        with pytest.raises(DeepALError, match=r"has none: .* spacy_deepal\.FileOracle\.v1"):
            run_loop(quick_config(paths, more=labels), tmp_path / "run")
        assert not (tmp_path / "run").exists()

    @pytest.mark.parametrize("split", ["dev", "test"])
    def test_gold_of_a_type_that_the_config_does_not_name_is_refused(self, split, tmp_path):
        other = [make_doc(f"{split}-0", ["In", "Rome"], {1: "PLACE"})]
        paths = write_pools(tmp_path, **{split: other})
        labels = {"initialize.components": {"ner": {"labels": ["PER", "LOC"]}}}
        with pytest.raises(DeepALError, match=rf"{split} has entities of PLACE, .* LOC, PER\."):
            run_loop(quick_config(paths, more=labels), tmp_path / "run")


class TestAnotherRunIsRefused:
    def test_with_a_changed_config(self, finished, paths):
        with pytest.raises(DeepALError, match="budget_words: was 45, is 46"):
            run_loop(quick_config(paths, budget_words=46), finished.path)

    def test_with_another_function(self, finished, paths):
        with pytest.raises(DeepALError, match=r"was .*MNLP.*, is .*LC"):
            run_loop(quick_config(paths, "LC"), finished.path)

    def test_with_another_seed(self, finished, paths):
        with pytest.raises(DeepALError, match=r"(?s)seed: was 0, is 5"):
            run_loop(quick_config(paths, more={"system.seed": 5}), finished.path)

    @pytest.mark.parametrize("split", ["pool", "dev", "test"])
    def test_with_other_data_in_the_same_place(self, tmp_path, split):
        paths = write_pools(tmp_path)
        config = quick_config(paths, rounds=1, **FAST)
        run_loop(config, tmp_path / "run")
        before = (tmp_path / "run" / "metrics.jsonl").read_bytes()
        write_shards(make_docs(46, 9), paths[split])
        place = "pool/shard_0000.spacy" if split == "pool" else f"{split}.fingerprint"
        with pytest.raises(DeepALError, match=rf'{place}: was ".*", is "'):
            run_loop(config, tmp_path / "run")
        assert (tmp_path / "run" / "metrics.jsonl").read_bytes() == before

    def test_with_a_foreign_folder(self, paths, tmp_path):
        (tmp_path / "thesis.txt").write_text("precious")
        with pytest.raises(DeepALError, match=r"holds other things than a run \('thesis\.txt'"):
            run_loop(quick_config(paths), tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]

    def test_while_another_process_is_in(self, finished, paths):
        with RunFolder(finished.path).lock(), pytest.raises(DeepALError, match="Another process"):
            run_loop(quick_config(paths), finished.path, keep="all")

    def test_a_moved_copy_of_a_run_goes_on_as_it_is(self, finished, paths, tmp_path):
        import shutil

        shutil.copytree(finished.path, tmp_path / "copy")
        assert run_loop(quick_config(paths), tmp_path / "copy", keep="all") == finished.end


def test_a_config_that_cannot_be_used_leaves_no_folder(paths, tmp_path):
    with pytest.raises(DeepALError, match="cannot be used"):
        run_loop(quick_config(paths, seed_words=0), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("split", ["dev", "test"])
def test_data_without_labels_to_evaluate_on_is_refused_before_anything_is_trained(tmp_path, split):
    paths = write_pools(tmp_path, **{split: make_docs(5, 1, gold=False)})
    with pytest.raises(DeepALError, match=f"{split} has no labelled sentence to evaluate on"):
        run_loop(quick_config(paths), tmp_path / "run")
    assert not (tmp_path / "run" / "manifest.json").exists()


def test_a_pool_in_which_two_sentences_have_an_id_is_refused(tmp_path):
    """As when the shards of two conversions are put together: labels would be mixed up."""
    paths = write_pools(tmp_path, more=make_docs(2, 1))
    shutil.copy(paths["more"] / "shard_0000.spacy", paths["pool"] / "more.spacy")
    with pytest.raises(DeepALError, match=r"Two sentences of the pool have the id 1-000"):
        run_loop(quick_config(paths), tmp_path / "run")


@pytest.mark.parametrize("split", ["pool", "dev", "test"])
def test_missing_data_is_named(paths, tmp_path, split):
    with pytest.raises(DeepALError, match="nowhere"):
        run_loop(quick_config(paths | {split: tmp_path / "nowhere"}), tmp_path / "run")


def test_a_config_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DeepALError, match=r"no config file .*nope\.cfg"):
        load_run_config(tmp_path / "nope.cfg", {})


def test_nothing_is_printed_when_this_is_no_terminal(tmp_path, capfd):
    docs = list(make_docs(45, 1, distinct=True))  # no text is in two sets, or a line would say so
    paths = write_pools(tmp_path, pool=docs[:25], dev=docs[25:35], test=docs[35:])
    run_loop(quick_config(paths, rounds=1, **FAST), tmp_path / "run")
    assert capfd.readouterr() == ("", "")


def test_a_run_says_how_much_of_the_pool_is_in_dev_or_test_when_it_begins(tmp_path):
    docs = list(make_docs(45, 1, distinct=True))
    pool = [*docs[:25], make_doc("twice", ["Nobody", "knew", "0"])]
    test = [*docs[35:], make_doc("once", ["Nobody", "knew0"])]
    paths, told = write_pools(tmp_path, pool=pool, dev=docs[25:35], test=test), []
    config = quick_config(paths, rounds=1, passes=1, min_updates=0, evaluations=1)
    run_loop(config, tmp_path / "run", tell=told.append)
    assert len(told) == 1
    assert "1 sentence of " in told[0]
    assert "such as 'Nobody knew 0'" in told[0]
    assert "`spacy deepal prepare --apart`" in told[0]
    run_loop(config, tmp_path / "run", tell=told.append)
    assert len(told) == 1
