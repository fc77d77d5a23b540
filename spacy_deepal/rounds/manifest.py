"""What a run is: its manifest, made from its config and its data."""

import json
import platform
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from itertools import chain
from pathlib import Path
from typing import Any

import spacy
import thinc
import torch
from spacy.tokens import Doc
from thinc.api import Config

from ..about import __version__
from ..acquisition.registry import NAME
from ..corpus.docbin import read_docs
from ..errors import DeepALError
from ..pipelines import blank_pipeline
from ..pool.shards import distinct, fingerprint, read_shards, shard_files
from ..sentences import count_words, sentence_info
from .rows import RUN_FORMAT, DataFile, GenreCount, Manifest, Pool
from .settings import DEFAULTS, ENDS, SECTION, Settings

DATA = ("pool", "dev", "test")


def make_manifest(config: Config, settings: Settings) -> Manifest:
    """Describe a run.

    config (Config): The run's config, interpolated.
    RAISES (DeepALError): As `describe_pool` and `describe_gold`.
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
            "spacy": spacy.__version__,
            "thinc": thinc.__version__,
            "torch": str(torch.__version__),
            "python": platform.python_version(),
        },
        started=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def describe_pool(path: str | Path, lang: str) -> Pool:
    """Describe a pool.

    RAISES (DeepALError): If two sentences have the same id.
    """
    genres = count_genres(distinct(read_shards(path, blank_pipeline(lang).vocab)))
    return Pool(
        path=str(path),
        fingerprint=fingerprint(path),
        sentences=sum(genre.sentences for genre in genres.values()),
        words=sum(genre.words for genre in genres.values()),
        genres=genres,
    )


def describe_gold(path: str | Path, lang: str) -> DataFile:
    """Describe data to evaluate on.

    RAISES (DeepALError): If no sentence is labelled.
    """
    vocab = blank_pipeline(lang).vocab
    docs = chain.from_iterable(read_docs(file, vocab) for file in shard_files(path))
    if not any(doc.has_annotation("ENT_IOB") for doc in docs):
        raise DeepALError(
            f"{path} has no labelled sentence to evaluate on. Name a file or folder that has."
        )
    return DataFile(path=str(path), fingerprint=fingerprint(path))


def count_genres(docs: Iterable[Doc]) -> dict[str, GenreCount]:
    """RETURNS (dict[str, GenreCount]): Sentences and words of each genre, by name. Sentences
    without a genre count as "-"; sentences without words do not count."""
    sentences: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for doc in docs:
        if count := count_words(doc):
            genre = sentence_info(doc).get("genre") or "-"
            sentences[genre] += 1
            words[genre] += count
    return {g: GenreCount(sentences=sentences[g], words=words[g]) for g in sorted(sentences)}


def differences(old: Manifest, new: Manifest) -> list[str]:
    """RETURNS (list[str]): What makes the new manifest one of another run, if anything."""
    return list(differ(_fixed(old), _fixed(new)))


def differ(old: Any, new: Any, where: str = "") -> Iterator[str]:
    """YIELDS (str): Each place in which two nested values differ, with both values."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from differ(old.get(key), new.get(key), f"{where}.{key}" if where else key)
    elif old != new:
        yield f"{where}: was {_short(old)}, is {_short(new)}"


def _fixed(manifest: Manifest) -> dict[str, Any]:
    """What must not change while a run continues: the config but for what changes no result, the
    seed, and the fingerprints of the data."""
    config: dict[str, Any] = dict(Config().from_str(manifest.config))
    settings = DEFAULTS | config.get(SECTION, {})
    config[SECTION] = {key: settings[key] for key in settings if key not in ENDS}
    config["nlp"] = {k: v for k, v in config.get("nlp", {}).items() if k != "batch_size"}
    # The data may have moved: in place of a path to them stands which of the data they are.
    paths = dict(config.get("paths", {}))
    moved = {paths.pop(key, None): key for key in DATA}
    config["paths"] = paths
    config["corpora"] = {
        name: {**corpus, "path": moved.get(corpus.get("path"), corpus.get("path"))}
        for name, corpus in config.get("corpora", {}).items()
    }
    data = {key: getattr(manifest, key).model_dump(exclude={"path"}) for key in DATA}
    return {"config": config, "seed": manifest.seed, **data}


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "…"
