"""What a run is: its manifest, made from its config and its data."""

import json
import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

from spacy.tokens import Doc
from spacy.util import dict_to_dot
from spacy.vocab import Vocab
from thinc.api import Config

from ..about import __version__
from ..acquisition.registry import NAME
from ..corpus.docbin import read_docs
from ..errors import DeepALError
from ..pipelines import blank_pipeline
from ..pool.shards import distinct, fingerprint, read_shards, shard_files
from ..sentences import count_words, sentence_info
from .rows import RUN_FORMAT, DataFile, GenreCount, Manifest, Pool
from .settings import ANNOTATION, DEFAULTS, ENDS, SECTION, Settings

DATA = ("pool", "dev", "test")


def make_manifest(config: Config, settings: Settings) -> Manifest:
    """Describe a run by its config, interpolated, and the data that it names.

    RAISES (DeepALError): Two sentences of the pool have the same id; dev or test has no label.
    """
    paths, lang = config["paths"], config["nlp"]["lang"]
    arguments = dict(config[SECTION]["acquisition"])
    return Manifest(
        format=RUN_FORMAT,
        acquisition=arguments.pop(NAME),
        arguments=arguments,
        seed=settings.seed,
        lang=lang,
        pool=describe_pool(paths["pool"], lang),
        dev=describe_gold(paths["dev"], lang),
        test=describe_gold(paths["test"], lang),
        config=config.to_str(),
        versions={
            "spacy_deepal": __version__,
            **{package: version(package) for package in ("spacy", "thinc", "torch")},
            "python": platform.python_version(),
        },
        started=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def describe_pool(path: str | Path, lang: str) -> Pool:
    """RAISES (DeepALError): Two sentences have the same id."""
    genres = count_genres(distinct(read_shards(path, blank_pipeline(lang).vocab)))
    return Pool(
        path=str(path),
        fingerprint=fingerprint(path),
        sentences=sum(genre.sentences for genre in genres.values()),
        words=sum(genre.words for genre in genres.values()),
        genres=genres,
    )


def describe_gold(path: str | Path, lang: str) -> DataFile:
    """RAISES (DeepALError): No sentence is labelled."""
    docs = read_gold(path, blank_pipeline(lang).vocab)
    if not any(doc.has_annotation("ENT_IOB") for doc in docs):
        raise DeepALError(
            f"{path} has no labelled sentence to evaluate on. Name a file or folder that has."
        )
    return DataFile(path=str(path), fingerprint=fingerprint(path))


def read_gold(path: str | Path, vocab: Vocab) -> Iterator[Doc]:
    """YIELDS (Doc): Data to evaluate on. Unlike those of a pool, they need no ids."""
    return chain.from_iterable(read_docs(file, vocab) for file in shard_files(path))


def count_genres(docs: Iterable[Doc]) -> dict[str, GenreCount]:
    """RETURNS (dict[str, GenreCount]): By genre. Sentences without one count as "-";
    sentences without words do not count."""
    words: dict[str, list[int]] = defaultdict(list)
    for doc in docs:
        if count := count_words(doc):
            words[sentence_info(doc)["genre"] or "-"].append(count)
    return {g: GenreCount(sentences=len(words[g]), words=sum(words[g])) for g in sorted(words)}


def differences(old: Manifest, new: Manifest) -> list[str]:
    """RETURNS (list[str]): What makes the new manifest one of another run, if anything: each place,
    with both values."""
    was, now = _fixed(old), _fixed(new)
    changed = (key for key in {**was, **now} if was.get(key) != now.get(key))
    return [f"{key}: was {_short(was.get(key))}, is {_short(now.get(key))}" for key in changed]


def _fixed(manifest: Manifest) -> dict[str, Any]:
    """What must not change while a run continues, by dotted key: the config but for who labels and
    for what changes no result, the seed, and the fingerprints of the data."""
    config = Config().from_str(manifest.config)
    config[SECTION] = DEFAULTS | config.get(SECTION, {})
    config[SECTION].pop("logger", None)
    config.pop(ANNOTATION, None)
    config[SECTION].pop("oracle", None)
    fixed = dict_to_dot({"config": config})
    for key in ("nlp.batch_size", *(f"{SECTION}.{end}" for end in ENDS)):
        fixed.pop(f"config.{key}", None)
    # The data may have moved: in place of a path to them stands which of the data they are.
    moved = {fixed.pop(f"config.paths.{key}", None): key for key in DATA}
    for key in fixed:
        if key.startswith("config.corpora.") and key.endswith(".path"):
            fixed[key] = moved.get(fixed[key], fixed[key])
    data = {key: getattr(manifest, key).model_dump(exclude={"path"}) for key in DATA}
    return {**fixed, "seed": manifest.seed, **dict_to_dot(data)}


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "…"
