"""The loop with other components beside the tagger of entities (case pipeline-with-tagger)."""

import pytest
import spacy

from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.rounds.run import run_loop

from ..pools import make_docs, quick_config, write_pools
from ..tagger.upstream import parameters_of, same

QUICK = {"rounds": 1, "passes": 1, "min_updates": 30, "evaluations": 1}


def tagged(count, seed, *, gold=True):
    """Sentences whose capitalised words have the tag X, all others Y."""
    for doc in make_docs(count, seed, gold=gold):
        for token in doc:
            token.tag_ = "X" if token.text.istitle() else "Y"
        yield doc


def config_with(factory, paths, more=()):
    config = quick_config(paths, more=more, **QUICK)
    config["nlp"]["pipeline"] = [factory, "ner"]
    config["components"][factory] = {"factory": factory}
    return config


@pytest.fixture(scope="module")
def tagged_paths(tmp_path_factory):
    splits = {"pool": tagged(45, 1), "dev": tagged(15, 2), "test": tagged(15, 3)}
    return write_pools(tmp_path_factory.mktemp("tagged"), **splits)


@pytest.fixture(scope="module")
def finished(tagged_paths, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    run_loop(config_with("tagger", tagged_paths), folder, keep="all")
    return folder


def test_both_components_are_trained(finished):
    nlp = spacy.load(finished / "round_01" / "model")
    assert nlp.pipe_names == ["tagger", "ner"]
    assert [token.tag_ for token in nlp("In Rome it was dark")] == ["X", "X", "Y", "Y", "Y"]
    initial = spacy.load(finished / "initial")
    for name in nlp.pipe_names:
        assert not same(parameters_of(initial, name), parameters_of(nlp, name))


def test_a_batch_keeps_the_tags_of_the_pool(finished):
    docs = list(read_shards(finished / "round_01" / "batch.spacy", spacy.blank("xx").vocab))
    assert docs
    for doc in docs:
        assert [token.tag_ for token in doc] == ["XY"[not token.text.istitle()] for token in doc]


def test_a_sourced_frozen_component_stays_as_it_is(finished, paths, tmp_path):
    """Also where the pool has no annotation for it."""
    config = config_with("tagger", paths)
    config["components"]["tagger"] = {"source": str(finished / "round_01" / "model")}
    names = ["tagger"]
    config = config.merge(
        {"training": {"frozen_components": names, "annotating_components": names}}
    )
    run_loop(config, tmp_path, keep="all")
    source, last = (spacy.load(path / "round_01" / "model") for path in (finished, tmp_path))
    assert same(parameters_of(source, "tagger"), parameters_of(last, "tagger"))
    assert not same(parameters_of(source, "ner"), parameters_of(last, "ner"))


@pytest.mark.parametrize("factory", ["tagger", "parser", "morphologizer"])
def test_a_pool_without_annotation_for_a_component_is_refused_at_once(factory, paths, tmp_path):
    message = (
        rf"pool has no annotation for the component '{factory}'\. Convert .* frozen_components"
    )
    with pytest.raises(DeepALError, match=message):
        run_loop(config_with(factory, paths), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_sentences_that_people_label_have_the_tags_of_the_pool(tagged_paths, tmp_path):
    """The pool has tags and no entities: those come from the oracle."""
    paths = tagged_paths | write_pools(tmp_path, pool=tagged(45, 1, gold=False))
    paths |= {name: tagged_paths[name] for name in ("dev", "test")}
    more = {
        "initialize.components": {"ner": {"labels": ["PER", "LOC"]}},
        "active_learning.oracle": {"@misc": "spacy_deepal.FileOracle.v1"},
    }
    run_dir = tmp_path / "run"
    with pytest.raises(DeepALError, match="wait to be labelled"):
        run_loop(config_with("tagger", paths, more), run_dir)
    to_label = run_dir / "round_00" / "to_label.jsonl"
    to_label.rename(to_label.with_name("labelled.jsonl"))
    with pytest.raises(DeepALError, match="wait to be labelled"):
        run_loop(config_with("tagger", paths, more), run_dir)
    nlp = spacy.load(run_dir / "round_00" / "model")
    assert [token.tag_ for token in nlp("In Rome it was dark")][-2:] == ["Y", "Y"]
