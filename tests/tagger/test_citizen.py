"""spaCy's own tools on a pipeline with `deepal_ner`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from spacy.cli._util import app
from spacy.cli.evaluate import evaluate
from spacy.cli.init_config import fill_config
from spacy.cli.train import train
from spacy.tokens import DocBin
from thinc.api import Config
from typer.testing import CliRunner

from ..pools import options
from .build import LABELS, SENTENCES, entities_of, make_doc, make_nlp, network_of
from .build import train as train_pipe

ROOT = Path(__file__).parent.parent.parent
CONFIG = ROOT / "configs" / "al.cfg"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The sentences as a `.spacy` file."""
    path = tmp_path_factory.mktemp("data") / "sentences.spacy"
    vocab = spacy.blank("en").vocab
    DocBin(docs=[make_doc(vocab, *sentence) for sentence in SENTENCES]).to_disk(path)
    return path


def overrides(data, **more):
    steps = {"max_steps": 60, "max_epochs": 0, "eval_frequency": 20, "optimizer.learn_rate": 0.01}
    values = {"paths.train": str(data), "paths.dev": str(data)}
    return values | {f"training.{name}": value for name, value in (steps | more).items()}


def spacy_command(*arguments):
    """RETURNS (str): What a `spacy` command that succeeds printed."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def python(*arguments):
    """RETURNS (str): What a Python process that succeeds printed."""
    command = [sys.executable, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """A folder with model-best and model-last, trained with the default config."""
    path = tmp_path_factory.mktemp("trained")
    train(CONFIG, path, overrides=overrides(data))
    return path


def test_spacy_train_learns_and_keeps_its_best_model(trained):
    nlp = spacy.load(trained / "model-best")
    assert nlp.get_pipe("ner").labels == LABELS
    assert nlp.meta["performance"]["ents_f"] == 1.0
    for words, entities in SENTENCES:
        assert entities_of(nlp(make_doc(nlp.vocab, words))) == entities


def test_spacy_train_saves_the_averages_it_evaluated(data, tmp_path):
    """use_averages = true: the saved weights are not those of the last update."""
    models = []
    for averages in (True, False):
        values = overrides(data, max_steps=10, **{"optimizer.use_averages": averages})
        train(CONFIG, tmp_path / str(averages), overrides=values)
        nlp = spacy.load(tmp_path / str(averages) / "model-last")
        models.append(nlp.get_pipe("ner").predict([make_doc(nlp.vocab, SENTENCES[0][0])]))
    assert (models[0].log_probs[0] != models[1].log_probs[0]).any()


def test_spacy_train_runs_from_the_command_line(data, tmp_path):
    values = options(overrides(data, max_steps=4, eval_frequency=2))
    output = python("-m", "spacy", "train", CONFIG, "--output", tmp_path, *values)
    assert "LOSS NER" in output
    assert spacy.load(tmp_path / "model-last").get_pipe("ner").labels == LABELS


def test_spacy_evaluate_scores_every_type(trained, data):
    scores = evaluate(str(trained / "model-best"), data, silent=True)
    assert scores["ents_f"] == 1.0
    assert set(scores["ents_per_type"]) == set(LABELS)


def test_spacy_init_labels_writes_what_training_reads(data, tmp_path):
    values = {"paths.train": str(data), "paths.dev": str(data)}
    spacy_command("init", "labels", CONFIG, tmp_path / "labels", *options(values))
    labels = tmp_path / "labels" / "ner.json"
    assert json.loads(labels.read_text(encoding="utf8")) == list(LABELS)

    config = Config().from_disk(CONFIG, interpolate=False)
    config["initialize"]["components"] = {
        "ner": {"labels": {"@readers": "spacy.read_labels.v1", "path": str(labels)}}
    }
    config.to_disk(tmp_path / "config.cfg")
    labels.write_text(json.dumps([*LABELS, "EVENT"]), encoding="utf8")
    train(tmp_path / "config.cfg", tmp_path, overrides=overrides(data, max_steps=2))
    assert spacy.load(tmp_path / "model-last").get_pipe("ner").labels == ("EVENT", *LABELS)


def test_spacy_init_fill_config_writes_the_whole_architecture(tmp_path):
    base = tmp_path / "base.cfg"
    base.write_text(
        '[nlp]\nlang = "en"\npipeline = ["ner"]\n\n[components]\n\n'
        '[components.ner]\nfactory = "deepal_ner"\n',
        encoding="utf8",
    )
    _, filled = fill_config(tmp_path / "filled.cfg", base, silent=True)
    model = filled["components"]["ner"]["model"]
    assert model["@architectures"] == "spacy_deepal.CnnCnnLstm.v1"
    assert filled["components"]["ner"]["scorer"] == {"@scorers": "spacy.ner_scorer.v1"}
    assert filled["training"]["score_weights"] == {
        "ents_f": 1.0,
        "ents_p": 0.0,
        "ents_r": 0.0,
        "ents_per_type": None,
    }
    output = spacy_command(
        "debug", "config", tmp_path / "filled.cfg", "--paths.train=x", "--paths.dev=x"
    )
    assert "Config is valid" in output


def test_argument_that_does_not_exist_is_named(data, tmp_path, capsys):
    config = Config().from_disk(CONFIG, interpolate=False)
    config["components"]["ner"]["model"]["char_widht"] = 3
    config.to_disk(tmp_path / "config.cfg")
    with pytest.raises(SystemExit):
        train(tmp_path / "config.cfg", tmp_path, overrides=overrides(data))
    assert "char_widht" in capsys.readouterr().out


def test_frozen_component_annotates_for_another_and_does_not_learn(trained, data, tmp_path):
    """Sourced, frozen and annotating, while a component beside it is trained."""
    config = Config().from_disk(CONFIG, interpolate=False)
    config["nlp"]["pipeline"] = ["ner", "second"]
    config["components"] = {
        "ner": {"source": str(trained / "model-best")},
        "second": {"factory": "deepal_ner"},
    }
    config["training"]["frozen_components"] = ["ner"]
    config["training"]["annotating_components"] = ["ner"]
    config.to_disk(tmp_path / "config.cfg")
    train(tmp_path / "config.cfg", tmp_path, overrides=overrides(data, max_steps=4))
    nlp = spacy.load(tmp_path / "model-last")
    before = network_of(spacy.load(trained / "model-best"), "ner")
    after = network_of(nlp, "ner")
    weights = before.state_dict()
    assert all((weight == weights[name]).all() for name, weight in after.state_dict().items())
    words, entities = SENTENCES[3]
    assert entities_of(nlp(make_doc(nlp.vocab, words))) == entities


def test_static_vectors_of_a_config_are_used(data, tmp_path):
    table = tmp_path / "vectors.txt"
    table.write_text("London 1 0 0\nBerlin 1 0 0.5\nAda 0 1 0\n", encoding="utf8")
    spacy_command("init", "vectors", "en", table, tmp_path / "vectors")
    values = overrides(data, max_steps=2) | {"paths.vectors": str(tmp_path / "vectors")}
    train(CONFIG, tmp_path / "model", overrides=values)
    nlp = spacy.load(tmp_path / "model" / "model-last")
    assert network_of(nlp, "ner").sizes.vectors_width == 3
    assert nlp("Ada in London").has_annotation("ENT_IOB")


def test_spacy_assemble_takes_a_trained_component_over(trained, tmp_path):
    config = Config().from_disk(CONFIG, interpolate=False)
    config["components"] = {"ner": {"source": str(trained / "model-best")}}
    config.to_disk(tmp_path / "config.cfg")
    spacy_command("assemble", tmp_path / "config.cfg", tmp_path / "assembled")
    nlp = spacy.load(tmp_path / "assembled")
    words, entities = SENTENCES[3]
    assert entities_of(nlp(make_doc(nlp.vocab, words))) == entities


@pytest.mark.slow
def test_package_of_a_pipeline_installs_and_loads(tmp_path):
    """`spacy package`, its wheel installed into a folder, loaded by name in a fresh process."""
    nlp = make_nlp()
    train_pipe(nlp, 80)
    nlp.meta["name"], nlp.meta["version"] = "deepal_small", "1.2.3"
    nlp.to_disk(tmp_path / "pipeline")
    python("-m", "spacy", "package", tmp_path / "pipeline", tmp_path, "--build", "wheel")
    folder = tmp_path / "en_deepal_small-1.2.3"
    requirements = json.loads((folder / "meta.json").read_text(encoding="utf8"))["requirements"]
    assert any(requirement.startswith("spacy_deepal") for requirement in requirements)
    (wheel,) = (folder / "dist").glob("*.whl")
    site = tmp_path / "site"
    python("-m", "pip", "install", "--no-deps", "--no-index", "--target", site, wheel)
    words, entities = SENTENCES[3]
    code = f"""
import sys; sys.path.insert(0, {str(site)!r})
import spacy
doc = spacy.load("en_deepal_small")({words!r})
print([(ent.start, ent.end, ent.label_) for ent in doc.ents])
"""
    assert python("-c", code).strip() == repr(entities)
