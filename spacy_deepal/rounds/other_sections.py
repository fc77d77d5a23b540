"""What is wrong in the sections of a config that are spaCy's own and that the loop reads too."""

from collections.abc import Iterator
from math import isfinite
from typing import Any

from spacy.schemas import ConfigSchemaTraining

from ..urls import is_url


def problems_of_sections(config: dict[str, Any]) -> Iterator[str]:
    """YIELDS (str): What is wrong, with its section and key.

    config (dict): The sections, interpolated, without [active_learning].
    """
    for name in ("nlp", "training", "paths"):
        if name not in config and name != "paths":
            yield f"[{name}] is missing"
        elif not isinstance(config.get(name, {}), dict):
            yield f"[{name}] = {config[name]!r}: must be a section"
    for place, value in _values_of(config):
        if isinstance(value, float) and not isfinite(value):
            yield f"{place} = {value}: must be a finite number"
        if place.rpartition(" ")[2].startswith("@") and not isinstance(value, str):
            yield f"{place} = {value!r}: must be the name of a registered function"
    initialize = config.get("initialize", {})
    yield from _not_sections("components", config.get("components", {}))
    yield from _not_sections("corpora", config.get("corpora", {}))
    if isinstance(initialize, dict):
        nested = initialize.get("components", {})
        yield from _not_sections("initialize.components", nested)
    else:
        yield f"[initialize] = {initialize!r}: must be a section"
    given = config.get("training")
    yield from _problems_of_training(given if isinstance(given, dict) else {})
    yield from _problems_of_nlp(config.get("nlp"))
    paths = config.get("paths", {})
    for path in ("train", "dev", "pool", "test") if isinstance(paths, dict) else ():
        if path not in paths:
            yield f"[paths] {path} is missing" + (" (null will do)" * (path == "train"))
        elif path != "train" and not isinstance(paths[path], str):
            yield f"[paths] {path} is not set: give it as --paths.{path}"
        elif path != "pool" and is_url(paths[path]):
            yield f"[paths] {path} = {paths[path]!r} is a URL: only the pool may be at one"


def _not_sections(name: str, value: Any) -> Iterator[str]:
    """YIELDS (str): That a section of sections, or one of these, is none."""
    if not isinstance(value, dict):
        yield f"[{name}] = {value!r}: must be a section"
        return
    for key, inner in value.items():
        if not isinstance(inner, dict):
            yield f"[{name}] {key} = {inner!r}: must be a section"


def _problems_of_training(training: dict[str, Any]) -> Iterator[str]:
    for key in ("train_corpus", "dev_corpus"):
        value = training.get(key, "corpora.train")
        if not (isinstance(value, str) and value.startswith("corpora.")):
            yield f'[training] {key} = {value!r}: must be a name, such as "corpora.train"'
    dropout = training.get("dropout", 0.0)
    if not isinstance(dropout, dict) and not (
        isinstance(dropout, int | float) and 0 <= dropout < 1
    ):
        yield f"[training] dropout = {dropout!r}: must be from 0 to 1, or a schedule"
    if unknown := sorted(training.keys() - ConfigSchemaTraining.model_fields):
        yield f"[training] {unknown[0]} is unknown to spaCy"


def _problems_of_nlp(nlp: Any) -> Iterator[str]:
    if not isinstance(nlp, dict):
        return
    size = nlp.get("batch_size")
    if size is not None and (type(size) is not int or size < 1):
        yield f"[nlp] batch_size = {size!r}: must be a number of texts, 1 or more"
    if not isinstance(nlp.get("lang"), str):
        yield f'[nlp] lang = {nlp.get("lang")!r}: must be a language code, such as "en"'


def _values_of(section: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """YIELDS (tuple[str, Any]): Each value of a config, with its section and key."""
    for key, value in section.items():
        if isinstance(value, dict):
            yield from _values_of(value, f"{path}.{key}".lstrip("."))
        else:
            yield f"[{path}] {key}", value
