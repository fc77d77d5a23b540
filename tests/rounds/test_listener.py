"""The loop with a pipeline whose components share a tok2vec."""

from itertools import pairwise

import pytest
import spacy
from spacy.util import load_config

from spacy_deepal.rounds.run import run_loop

from ..pools import (
    CONFIGS,
    call,
    call_spacy,
    options,
    overrides,
    quick_config,
    read_jsonl,
    read_scores,
)
from ..tagger.upstream import HASH_EMBED, LISTENER, parameters_of, same

SHARED = {
    "nlp": {"pipeline": ["tok2vec", "ner"]},
    "components": {
        "tok2vec": {"factory": "tok2vec", "model": HASH_EMBED},
        "ner": {"model": {"tok2vec": LISTENER}},
    },
}


def shared_config(paths, **active_learning):
    return quick_config(paths, **active_learning).merge(SHARED)


@pytest.fixture(scope="module")
def finished(paths, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    run_loop(shared_config(paths, acquisition="BALD"), folder, keep="all")
    return folder


def test_every_round_trains_the_layer_on(finished):
    assert [line["round"] for line in read_jsonl(finished / "metrics.jsonl")] == [0, 1, 2]
    models = [finished / "initial", *(finished / f"round_{n:02}" / "model" for n in range(3))]
    pipelines = [spacy.load(model) for model in models]
    for nlp, later in pairwise(pipelines):
        assert later.pipe_names == ["tok2vec", "ner"]
        assert later.get_pipe("tok2vec").listening_components == ["ner"]
        assert not same(parameters_of(nlp), parameters_of(later))


def test_run_that_was_stopped_goes_on(paths, finished, tmp_path):
    def stop(line):
        raise KeyboardInterrupt

    config = shared_config(paths, acquisition="BALD")
    with pytest.raises(KeyboardInterrupt):
        run_loop(config, tmp_path, on_round=stop)
    run_loop(config, tmp_path)
    expected = read_jsonl(finished / "metrics.jsonl")
    for line, other in zip(expected, read_jsonl(tmp_path / "metrics.jsonl"), strict=True):
        assert line | {"seconds": None} == other | {"seconds": None}


def test_frozen_layer_of_another_pipeline_serves_all_rounds(paths, finished, tmp_path):
    config = shared_config(paths, rounds=1)
    config["components"]["tok2vec"] = {"source": str(finished / "round_02" / "model")}
    names = ["tok2vec"]
    config = config.merge(
        {"training": {"frozen_components": names, "annotating_components": names}}
    )
    run_loop(config, tmp_path, keep="all")
    initial, last = (spacy.load(tmp_path / name) for name in ("initial", "round_01/model"))
    assert same(parameters_of(initial), parameters_of(last))
    assert not same(parameters_of(initial, "ner"), parameters_of(last, "ner"))


def test_spacy_trains_evaluates_and_scores_a_shared_layer(paths, tmp_path):
    base = load_config(CONFIGS / "al.cfg", interpolate=False)
    base.merge(SHARED).to_disk(tmp_path / "shared.cfg")
    values = {k: v for k, v in overrides(paths).items() if not k.startswith("active_learning")}
    for name in ("pool", "test"):
        del values[f"paths.{name}"]
    values |= {
        "paths.train": str(paths["pool"]),
        "training.max_epochs": 60,
        "training.dropout": 0.1,
    }
    values["training.eval_frequency"] = 20
    status, _ = call_spacy("train", tmp_path / "shared.cfg", "--output", tmp_path, *options(values))
    assert status == 0
    model = tmp_path / "model-best"
    assert spacy.load(model).meta["performance"]["ents_f"] > 0.9
    status, output = call_spacy("evaluate", model, paths["test"], "--gold-preproc")
    assert status == 0
    assert "NER F" in output
    scores = tmp_path / "scores"
    status, _ = call("score", model, paths["pool"], scores, "--acquisition", "MNLP")
    assert status == 0
    assert len(read_scores(scores, paths["pool"])) == 45
