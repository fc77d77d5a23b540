"""The two configs that users start from."""

import inspect

import pytest
from spacy.cli.init_config import fill_config
from spacy.language import Language
from spacy.util import load_config, load_model

from spacy_deepal.acquisition.functions import MNLP
from spacy_deepal.rounds.settings import Settings, read_settings
from spacy_deepal.vectors.frozen_encoder import build_frozen_encoder

from .pools import CONFIGS, SIZES, call_spacy, options, write_pools

NOT_SPELLED_OUT = ("model.tok2vec", "scorer.@scorers")  # a network without one; spaCy's own
each_config = pytest.mark.parametrize("name", ["al.cfg", "al_paper.cfg"])


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return write_pools(tmp_path_factory.mktemp("pools"))


def raw(path):
    return load_config(path, interpolate=False)


def path_values(paths):
    """Overrides of a config's paths."""
    files = {**paths, "train": paths["pool"]}
    return {f"paths.{key}": str(path) for key, path in files.items()}


def flat(config, prefix=""):
    """Values by dotted key."""
    values = {}
    for key, value in config.items():
        if isinstance(value, dict):
            values |= flat(value, f"{prefix}{key}.")
        else:
            values[prefix + key] = value
    return values


def without_encoder(component):
    """The component of a config without its tok2vec."""
    model = {key: value for key, value in component["model"].items() if key != "tok2vec"}
    return {**component, "model": model}


def test_there_are_these_two_configs():
    assert {path.name for path in CONFIGS.glob("*.cfg")} == {"al.cfg", "al_paper.cfg"}


@each_config
def test_a_config_sets_every_key_of_the_loop(name):
    section = raw(CONFIGS / name)["active_learning"]
    assert set(section) == set(Settings.model_fields)


def test_the_default_config_spells_out_the_defaults_of_the_component():
    given = raw(CONFIGS / "al.cfg")["components"]["ner"]
    default = Language.get_factory_meta("deepal_ner").default_config
    expected = flat({**default, "factory": "deepal_ner"})
    for key in NOT_SPELLED_OUT:
        del expected[key]
    assert flat(without_encoder(given)) == expected


@each_config
def test_a_config_gives_every_size_of_the_network(name):
    default = Language.get_factory_meta("deepal_ner").default_config
    given = raw(CONFIGS / name)["components"]["ner"]
    keys = set(flat(default)) - set(NOT_SPELLED_OUT) | {"factory"}
    assert set(flat(without_encoder(given))) == keys


@each_config
def test_a_config_spells_out_the_defaults_of_the_encoder(name):
    given = raw(CONFIGS / name)["components"]["ner"]["model"]["tok2vec"]
    arguments = inspect.signature(build_frozen_encoder).parameters
    paths = {"encoder": "${paths.encoder}", "cache": "${paths.encoder_cache}"}
    assert set(given) == {"@architectures", *arguments}
    for key, argument in arguments.items():
        default = list(argument.default) if key == "layers" else argument.default
        assert given[key] == paths.get(key, default)


@each_config
def test_every_setting_of_the_loop_has_a_comment(name):
    text = (CONFIGS / name).read_text(encoding="utf8")
    section = text.split("\n[active_learning]\n")[1].split("\n\n")[0].splitlines()
    places = [n for n, line in enumerate(section) if not line.startswith("#")]
    bare = {section[n].split(" = ")[0] for n in places if not section[n - 1].startswith("#")}
    assert bare == {"seed", "stop_rounds"}, "that of [system]; explained with stop_stability"


@each_config
def test_the_loop_can_use_a_config(name, paths):
    config = load_config(CONFIGS / name, overrides=path_values(paths), interpolate=True)
    assert read_settings(config).acquisition == MNLP()


def test_the_loop_of_the_paper_has_its_budgets_and_passes():
    section = raw(CONFIGS / "al_paper.cfg")["active_learning"]
    assert (section["seed_words"], section["budget_words"]) == (0.01, 20000)
    assert (section["passes"], section["min_updates"]) == (50, 0)
    assert (section["warm_start"], section["cold_start"]) == (True, 0)


@each_config
def test_filling_a_config_up_changes_nothing_that_it_says(name, tmp_path):
    path, filled, again = CONFIGS / name, tmp_path / "filled.cfg", tmp_path / "again.cfg"
    fill_config(filled, path, silent=True)
    fill_config(again, filled, silent=True)
    before, after = flat(raw(path)), flat(raw(filled))
    assert {key: after.get(key) for key in before} == before
    assert again.read_text(encoding="utf8") == filled.read_text(encoding="utf8")


@each_config
def test_debug_config_passes_a_config_that_is_filled_up(name, paths, tmp_path):
    filled = tmp_path / "filled.cfg"
    status, _ = call_spacy("init", "fill-config", CONFIGS / name, filled)
    assert status == 0
    status, output = call_spacy("debug", "config", filled, *options(path_values(paths)))
    assert status == 0
    assert "Config is valid" in output


@each_config
def test_spacy_trains_and_evaluates_with_a_config(name, paths, tmp_path):
    path = CONFIGS / name
    sizes = flat(SIZES, "components.ner.model.")
    if raw(path)["components"]["ner"]["model"]["embed"]["attrs"] == []:
        for key in ("attrs", "attr_rows"):
            del sizes[f"components.ner.model.embed.{key}"]
    values = path_values(paths) | sizes
    values |= {"training.max_epochs": 2, "training.max_steps": 0, "training.eval_frequency": 2}
    status, _ = call_spacy("train", path, "--output", tmp_path, *options(values))
    assert status == 0
    assert load_model(tmp_path / "model-last").get_pipe("ner").labels == ("LOC", "PER")
    model = tmp_path / "model-best"
    status, output = call_spacy("evaluate", model, paths["test"], "--gold-preproc")
    assert status == 0
    assert "NER F" in output
