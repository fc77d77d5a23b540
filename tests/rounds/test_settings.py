import re

import pytest

from spacy_deepal.acquisition.functions import BALD, MNLP
from spacy_deepal.budgets import words_of
from spacy_deepal.errors import DeepALError
from spacy_deepal.rounds.config_file import load_run_config
from spacy_deepal.rounds.oracle import SimulatedOracle
from spacy_deepal.rounds.settings import DEFAULTS, read_settings

from ..pools import AL_CONFIG

PATHS = {"paths.pool": "pool", "paths.dev": "dev", "paths.test": "test"}


def read(drop=(), **active_learning):
    """Settings of configs/al.cfg, keys of the section set or dropped."""
    config = load_run_config(AL_CONFIG, PATHS).interpolate()
    for key in drop:
        del config["active_learning"][key]
    config["active_learning"].update(active_learning)
    return read_settings(config)


def errors_of(call):
    """RETURNS (list[str]): The errors of a config, one each."""
    with pytest.raises(DeepALError) as caught:
        call()
    first, *errors = str(caught.value).split("\n- ")
    assert first == "The config cannot be used. Correct these settings:"
    return errors


def test_the_config_that_comes_with_the_package_can_be_used():
    settings = read()
    assert settings.acquisition == MNLP()
    assert isinstance(settings.oracle, SimulatedOracle)
    assert (settings.seed, settings.rounds, settings.warm_start) == (0, 0, True)


def test_keys_with_a_default_may_be_left_out():
    settings = read(drop=DEFAULTS, seed=3)
    assert {key: getattr(settings, key) for key in DEFAULTS} == {
        "rounds": 0,
        "target_f": None,
        "stop_stability": None,
        "stop_rounds": 3,
        "min_updates": 0,
        "evaluations": 5,
        "warm_start": True,
        "cold_start": 0.0,
        "max_similarity": None,
        "n_process": 1,
        "engine": "processes",
        "logger": None,
    }
    assert (settings.seed, settings.seed_words, settings.passes) == (3, 0.02, 8)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", 2**40),
        ("seed_words", 1),
        ("seed_words", 0.999),
        ("budget_words", 20_000),
        ("budget_words", 0.00001),
        ("rounds", 0),
        ("target_f", None),
        ("target_f", 0.9),
        ("target_f", 1),
        ("stop_stability", None),
        ("stop_stability", 0.9),
        ("stop_rounds", 1),
        ("passes", 1),
        ("min_updates", 0),
        ("evaluations", 1),
        ("warm_start", False),
        ("cold_start", 0),
        ("cold_start", 1.0),
        ("max_similarity", None),
        ("max_similarity", 0.8),
        ("max_similarity", 1),
    ],
)
def test_values_in_range_are_taken_as_they_are(key, value):
    assert getattr(read(**{key: value}), key) == value


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("seed", (-1, 1.0, True, None, "0")),
        ("seed_words", (0, -3, 0.0, 1.0, 1.5, 20_000.0, True, None, "100", float("nan"))),
        ("budget_words", (0, -3, 0.0, 1.0, 2.5, False, None, "0.1", float("inf"))),
        ("rounds", (-1, 2.0, None, True, "3")),
        ("target_f", (-0.1, 1.1, 90, True, "0.9", float("nan"))),
        ("stop_stability", (-0.1, 1.1, 97, True, "0.97", float("nan"))),
        ("stop_rounds", (0, -1, 1.5, True, None)),
        ("passes", (0, -1, 1.5, True, None)),
        ("min_updates", (-1, 0.5, None, False)),
        ("evaluations", (0, 1.5, None)),
        ("warm_start", ("False", "false", "True", 0, 1, None)),
        ("cold_start", (-0.1, 1.1, 10, None, False, "0", float("nan"))),
        ("max_similarity", (0, 0.0, -0.1, 1.1, 80, True, "0.8", float("nan"))),
    ],
)
def test_a_value_out_of_range_is_refused_with_section_key_and_value(key, values):
    for value in values:
        (error,) = errors_of(lambda value=value: read(**{key: value}))
        assert error.startswith(f"[active_learning] {key} = {value!r}"[:97])
        assert ": must be " in error


@pytest.mark.parametrize(
    ("word", "value"),
    [("false", False), ("False", False), ("true", True), ('"False"', None), ("no", None)],
)
def test_false_in_a_file_never_counts_as_true(word, value, tmp_path):
    file = tmp_path / "al.cfg"
    text = AL_CONFIG.read_text(encoding="utf8")
    file.write_text(text.replace("warm_start = true", f"warm_start = {word}"), encoding="utf8")
    config = load_run_config(file, PATHS).interpolate()
    if value is not None:
        assert read_settings(config).warm_start is value
    else:
        (error,) = errors_of(lambda: read_settings(config))
        text = word.strip('"')
        assert error == f"[active_learning] warm_start = {text!r}: must be a valid boolean"


@pytest.mark.parametrize(
    "key", ["seed", "seed_words", "budget_words", "passes", "acquisition", "oracle"]
)
def test_a_missing_key_is_named(key):
    assert errors_of(lambda: read(drop=[key])) == [f"[active_learning] {key} is missing"]


@pytest.mark.parametrize("key", ["acquisition", "oracle"])
def test_a_section_must_be_a_section(key):
    for value in ("MNLP", None, 3):
        (error,) = errors_of(lambda value=value: read(**{key: value}))
        assert error.startswith(f"[active_learning] {key} = {value!r}: must be a section with @")


@pytest.mark.parametrize(
    ("key", "block"),
    [
        ("acquisition", {}),
        ("acquisition", {"samples": 3}),
        ("acquisition", {"@misc": "spacy_deepal.SimulatedOracle.v1"}),
        ("acquisition", {"@nope": "spacy_deepal.MNLP.v1"}),
        ("oracle", {"@acquisition": "spacy_deepal.MNLP.v1"}),
    ],
)
def test_a_section_must_name_a_function_of_its_own_registry(key, block):
    registered = {"acquisition": "@acquisition", "oracle": "@misc"}[key]
    (error,) = errors_of(lambda: read(**{key: block}))
    assert error == f'[active_learning] {key}: must be a section with {registered} = "NAME"'


@pytest.mark.parametrize(
    ("key", "registered"), [("acquisition", "@acquisition"), ("oracle", "@misc")]
)
def test_an_unknown_registered_name_is_refused_with_those_there_are(key, registered):
    (error,) = errors_of(lambda: read(**{key: {registered: "nope.v1"}}))
    assert re.match(rf"\[active_learning\] {key}: .*'nope\.v1'", error)
    assert {"acquisition": "spacy_deepal.MNLP.v1", "oracle": "spacy_deepal.SimulatedOracle.v1"}[
        key
    ] in error


@pytest.mark.parametrize(
    "arguments", [{"samples": 1}, {"samples": "many"}, {"sample": 5}, {"samples": None}]
)
def test_a_bad_argument_of_a_block_is_named(arguments):
    block = {"@acquisition": "spacy_deepal.BALD.v1", **arguments}
    (error,) = errors_of(lambda: read(acquisition=block))
    assert error.startswith("[active_learning] acquisition: ")
    assert next(iter(arguments)) in error


def test_an_oracle_that_is_none_is_refused():
    """As a function is: the loop asks an oracle more than for labels."""
    (error,) = errors_of(lambda: read(oracle={"@misc": "spacy.first_longest_spans_filter.v1"}))
    assert "must name an oracle, an object of a class that inherits from" in error


def test_the_arguments_of_a_block_reach_its_function():
    block = {"@acquisition": "spacy_deepal.BALD.v1", "samples": 5}
    assert read(acquisition=block).acquisition == BALD(5)


def test_an_unknown_key_is_refused_with_those_there_are():
    unknown, known = errors_of(lambda: read(budget=3))
    assert unknown == "[active_learning] budget is unknown"
    assert known.startswith("[active_learning] has these keys: seed, seed_words, ")


def test_paths_that_are_not_set_are_named_with_their_option():
    config = load_run_config(AL_CONFIG, {}).interpolate()
    assert errors_of(lambda: read_settings(config)) == [
        f"[paths] {name} is not set: give it as --paths.{name}" for name in ("dev", "pool", "test")
    ]


def test_paths_that_are_not_there_are_named():
    config = load_run_config(AL_CONFIG, PATHS).interpolate()
    config["paths"].clear()
    errors = errors_of(lambda: read_settings(config))
    assert [error.split(" (")[0] for error in errors] == [
        f"[paths] {name} is missing" for name in ("train", "dev", "pool", "test")
    ]


def test_missing_sections_are_named():
    config = load_run_config(AL_CONFIG, PATHS).interpolate()
    del config["training"], config["nlp"]
    assert errors_of(lambda: read_settings(config)) == [
        "[nlp] is missing",
        "[training] is missing",
    ]


def test_all_errors_come_at_once():
    config = load_run_config(AL_CONFIG, {"paths.dev": "dev", "paths.test": "t"}).interpolate()
    config["active_learning"].update(
        {"typo": 1, "seed": -1, "warm_start": "False", "budget_words": 1.0, "oracle": 3}
    )
    config["active_learning"]["acquisition"]["@acquisition"] = "nope"
    del config["active_learning"]["passes"]
    errors = errors_of(lambda: read_settings(config))
    for start in (
        "[active_learning] typo is unknown",
        "[active_learning] passes is missing",
        "[active_learning] oracle = 3: must be",
        "[active_learning] seed = -1",
        "[active_learning] budget_words = 1.0",
        "[active_learning] warm_start = 'False'",
        "[active_learning] acquisition: ",
        "[paths] pool is not set",
    ):
        assert sum(error.startswith(start) for error in errors) == 1
    assert len(errors) == 9  # and the known keys


def test_a_config_without_the_section_is_refused():
    config = load_run_config(AL_CONFIG, PATHS).interpolate()
    del config["active_learning"]
    with pytest.raises(DeepALError, match=r"no \[active_learning\] section"):
        read_settings(config)


def test_a_budget_is_words_or_a_share_of_the_pool():
    assert words_of(20_000, 100) == 20_000
    assert words_of(0.25, 1000) == 250
    assert words_of(0.0001, 1000) == 1
    with pytest.raises(DeepALError, match="begin with `label --seed-words labelled`"):
        words_of("labelled", 1000)
