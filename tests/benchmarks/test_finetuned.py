"""A transformer that is trained along with the tagger. Its package is not installed with ours, so
the config is looked at, and its optimizer is tried."""

import importlib
from pathlib import Path

import numpy as np
import pytest
from spacy.util import registry

from ..vectors.build import make_encoder

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    """Import a module of benchmarks/ by its name."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


def test_the_tagger_listens_to_a_transformer_of_the_sizes_of_its_folder(benchmark, tmp_path):
    folder = make_encoder(tmp_path / "encoder")
    config = benchmark("systems").tagger_config("en")
    steps = config["training"]["optimizer"]["learn_rate"]
    config = benchmark("finetuned").with_trained_transformer(config, folder, 1e-4)
    assert config["nlp"]["pipeline"] == [*config["components"]] == ["transformer", "ner"]
    sizes = config["components"]["transformer"]["model"]
    listener = config["components"]["ner"]["model"]["tok2vec"]
    assert listener["upstream"] == "transformer"
    assert listener["width"] == sizes["hidden_width"] > 0
    assert config["training"]["optimizer"]["learn_rate"] == steps > 1e-4
    loaders = config["initialize"]["components"]["transformer"]
    assert {loader["name"] for loader in loaders.values()} == {str(folder)}


def test_steps_of_the_transformer_are_smaller_than_those_of_the_tagger(benchmark):
    benchmark("finetuned")
    make = registry.optimizers.get("benchmarks.TwoSteps.v1")
    optimizer = make(learn_rate=0.01, transformer_rate=0.001, grad_clip=1.0)
    moved = {}
    for name in ("curated_encoder.layers.0.weight", "encoder.unknown"):
        weights, gradient = np.zeros(3, "float32"), np.ones(3, "float32")
        moved[name], _ = optimizer((1, name), weights, gradient)
    theirs, ours = moved.values()
    assert ours == pytest.approx(-0.01, rel=1e-3)
    assert theirs == pytest.approx(-0.001, rel=1e-3)
