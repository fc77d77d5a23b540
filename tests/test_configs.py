import pytest
from spacy.cli.init_config import fill_config
from spacy.util import load_config, load_model

from spacy_deepal.acquisition.functions import mnlp
from spacy_deepal.rounds.settings import Settings, read_settings

from .pools import CONFIGS, SIZES, call_spacy, options, write_pools

LOOPS = {"al.cfg": "cnn_cnn_lstm.cfg", "al_paper.cfg": "cnn_cnn_lstm_paper.cfg"}
each_loop = pytest.mark.parametrize(("loop", "base"), LOOPS.items(), ids=list(LOOPS))
each_config = pytest.mark.parametrize(
    "path", sorted(CONFIGS.glob("*.cfg")), ids=lambda path: path.name
)


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return write_pools(tmp_path_factory.mktemp("pools"))


def raw(path):
    return load_config(path, interpolate=False)


def path_values(paths, config):
    """Overrides of a config's paths."""
    files = {**paths, "train": paths["pool"]}
    return {f"paths.{key}": str(files[key]) for key in files if key in config["paths"]}


def flat(config, prefix=""):
    """Values by dotted key."""
    values = {}
    for key, value in config.items():
        if isinstance(value, dict):
            values |= flat(value, f"{prefix}{key}.")
        else:
            values[prefix + key] = value
    return values


@each_loop
def test_a_config_of_the_loop_is_that_of_training_with_its_own_section_and_paths(loop, base):
    config, base = raw(CONFIGS / loop), raw(CONFIGS / base)
    config.pop("active_learning")
    assert config["paths"].pop("pool") is None
    assert config["paths"].pop("test") is None
    assert config == base


@each_loop
def test_a_config_of_the_loop_sets_every_key_there_is(loop, base):
    section = raw(CONFIGS / loop)["active_learning"]
    assert set(section) == set(Settings.model_fields)


@each_loop
def test_a_config_of_the_loop_can_be_used(loop, base, paths):
    values = path_values(paths, raw(CONFIGS / loop))
    config = load_config(CONFIGS / loop, overrides=values, interpolate=True)
    assert read_settings(config).acquisition is mnlp


def test_the_loop_of_the_paper_has_its_budgets_and_passes():
    section = raw(CONFIGS / "al_paper.cfg")["active_learning"]
    assert (section["seed_words"], section["budget_words"]) == (0.01, 20000)
    assert (section["passes"], section["min_updates"]) == (50, 0)
    assert (section["warm_start"], section["cold_start"]) == (True, 0)
    assert (section["seed_set"], section["representative_of"]) == ("random", None)


@each_config
def test_filling_a_config_up_changes_nothing_that_it_says(path, tmp_path):
    filled, again = tmp_path / "filled.cfg", tmp_path / "again.cfg"
    fill_config(filled, path, silent=True)
    fill_config(again, filled, silent=True)
    before, after = flat(raw(path)), flat(raw(filled))
    assert {key: after.get(key) for key in before} == before
    assert again.read_text(encoding="utf8") == filled.read_text(encoding="utf8")


@each_config
def test_debug_config_passes_a_config_that_is_filled_up(path, paths, tmp_path):
    filled = tmp_path / "filled.cfg"
    status, _ = call_spacy("init", "fill-config", path, filled)
    assert status == 0
    values = options(path_values(paths, raw(path)))
    status, output = call_spacy("debug", "config", filled, *values)
    assert status == 0
    assert "Config is valid" in output


@each_config
def test_spacy_trains_and_evaluates_with_a_config(path, paths, tmp_path):
    config = raw(path)
    sizes = {f"components.ner.model.{key}": value for key, value in SIZES.items()}
    if config["components"]["ner"]["model"].get("attrs") == []:
        del sizes["components.ner.model.attr_rows"], sizes["components.ner.model.attrs"]
    values = path_values(paths, config) | sizes
    values |= {"training.max_epochs": 2, "training.max_steps": 0, "training.eval_frequency": 2}
    status, _ = call_spacy("train", path, "--output", tmp_path, *options(values))
    assert status == 0
    assert load_model(tmp_path / "model-last").get_pipe("ner").labels == ("LOC", "PER")
    model = tmp_path / "model-best"
    status, output = call_spacy("evaluate", model, paths["test"], "--gold-preproc")
    assert status == 0
    assert "NER F" in output
