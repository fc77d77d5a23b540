"""What a run is: its manifest, made from its config and its data."""

import json
import platform
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from spacy.util import dict_to_dot
from thinc.api import Config

from ..about import __version__
from ..acquisition.registry import NAME
from ..acquisition.scoring_job import fingerprint_code
from ..budgets import WHAT_IS_LABELLED
from ..errors import DeepALError
from ..pipelines import blank_pipeline
from ..pool.pool import Pool
from ..pool.shards import fingerprint, read_plain_shards
from ..sealed import hash_folder
from .rows import RUN_FORMAT, DataFile, Manifest, PoolSummary
from .settings import ANNOTATION, DEFAULTS, ENDS, SECTION, Settings

DATA = ("pool", "dev", "test")
SHARD = "pool/"  # and its name
VECTORS, CODE = "vectors.fingerprint", "--code"


def make_manifest(
    config: Config, settings: Settings, pool: Pool, code: Path | None = None
) -> Manifest:
    """Describe a run by its config, interpolated, the data that it names, and the user's own code.

    pool (Pool): The config's pool.
    code (Path | None): A Python file that registers what the config names.
    RAISES (DeepALError): Dev or test has no label.
    """
    paths, lang = config["paths"], config["nlp"]["lang"]
    arguments = dict(config[SECTION]["acquisition"])
    return Manifest(
        format=RUN_FORMAT,
        acquisition=arguments.pop(NAME),
        arguments=arguments,
        seed=settings.seed,
        lang=lang,
        pool=describe_pool(pool),
        dev=describe_gold(paths["dev"], lang),
        test=describe_gold(paths["test"], lang),
        config=config.to_str(),
        vectors=fingerprint_vectors(paths.get("vectors")),
        code=fingerprint_code(code),
        versions={
            "spacy_deepal": __version__,
            **{package: version(package) for package in ("spacy", "thinc", "torch")},
            "python": platform.python_version(),
        },
        threads=torch.get_num_threads(),
        labelled_types=sorted(pool.text().labels)
        if settings.seed_words == WHAT_IS_LABELLED
        else None,
        started=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def describe_pool(pool: Pool) -> PoolSummary:
    """RETURNS (PoolSummary): What the manifest says of a pool."""
    return PoolSummary(
        path=str(pool.path),
        fingerprint=pool.fingerprint,
        shards={shard.name: shard.fingerprint for shard in pool.shards},
        sentences=pool.sentences,
        words=pool.words,
        genres=pool.genres,
    )


def describe_gold(path: str | Path, lang: str) -> DataFile:
    """RAISES (DeepALError): No sentence is labelled."""
    docs = read_plain_shards(path, blank_pipeline(lang).vocab)
    if not any(doc.has_annotation("ENT_IOB") for doc in docs):
        raise DeepALError(
            f"{path} has no labelled sentence to evaluate on. Name a file or folder that has."
        )
    return DataFile(path=str(path), fingerprint=fingerprint(path))


def fingerprint_vectors(path: Any) -> str:
    """RETURNS (str): The hash of a folder; empty if none is named, as by the name of a package."""
    named = isinstance(path, str) and path and Path(path).is_dir()
    return hash_folder(Path(path)) if named else ""


def differences(old: Manifest, new: Manifest) -> list[str]:
    """RETURNS (list[str]): What makes the new manifest one of another run, if anything: each place,
    with both values."""
    was, now = _fixed(old), _fixed(new)
    # The pool may grow. A run that began without code needs none, so it may have some later.
    added = {k for k in now if k.startswith((SHARD, VECTORS, CODE)) and not was.get(k)}
    changed = (key for key in {**was, **now} if was.get(key) != now.get(key) and key not in added)
    return [f"{key}: was {_short(was.get(key))}, is {_short(now.get(key))}" for key in changed]


def _fixed(manifest: Manifest) -> dict[str, Any]:
    """What must not change while a run continues, by dotted key: the config but for who labels and
    for what changes no result, the seed, and the fingerprints of the data and of the code."""
    config = Config().from_str(manifest.config)
    config[SECTION] = DEFAULTS | config.get(SECTION, {})
    config[SECTION].pop("logger", None)
    config.pop(ANNOTATION, None)
    config[SECTION].pop("oracle", None)
    fixed = dict_to_dot({"config": config})
    for key in ("nlp.batch_size", *(f"{SECTION}.{key}" for key in (*ENDS, "n_process", "engine"))):
        fixed.pop(f"config.{key}", None)
    # The data may have moved: in place of a path to them stands which of the data they are.
    moved = {fixed.pop(f"config.paths.{key}", None): key for key in DATA}
    for key in fixed:
        if key.startswith("config.corpora.") and key.endswith(".path"):
            fixed[key] = moved.get(fixed[key], fixed[key])
    data = {f"{key}.fingerprint": getattr(manifest, key).fingerprint for key in ("dev", "test")}
    data |= {VECTORS: manifest.vectors, CODE: manifest.code}
    shards = {f"{SHARD}{name}": found for name, found in manifest.pool.shards.items()}
    return {**fixed, "seed": manifest.seed, **data, **shards}


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "…"
