"""What a run is, fixed at its start: manifest.json."""

import platform
from collections import Counter
from collections.abc import Iterator
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
from .run_folder import FORMAT
from .settings import SECTION, Settings


def make_manifest(config: Config, settings: Settings) -> dict[str, Any]:
    """Say what a run is.

    config (Config): Interpolated.
    RETURNS (dict): As manifest.json has it.
    """
    paths = config["paths"]
    arguments = dict(config[SECTION]["acquisition"])
    return {
        "format": FORMAT,
        "acquisition": arguments.pop(NAME),
        "arguments": arguments,
        "seed": settings.seed,
        "lang": config["nlp"]["lang"],
        "pool": describe_pool(paths["pool"], config["nlp"]["lang"]),
        "dev": describe_gold(paths["dev"], config["nlp"]["lang"]),
        "test": describe_gold(paths["test"], config["nlp"]["lang"]),
        "config": config.to_str(),
        "versions": {
            "spacy_deepal": __version__,
            "spacy": spacy.__version__,
            "thinc": thinc.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def describe_pool(path: str | Path, lang: str) -> dict[str, Any]:
    """RETURNS (dict): path, fingerprint, sentences, words and genres of a pool.

    RAISES (DeepALError): When two sentences have the same id.
    """
    genres = count_genres(distinct(read_shards(path, blank_pipeline(lang).vocab)))
    return {
        "path": str(path),
        "fingerprint": fingerprint(path),
        "sentences": sum(genre["sentences"] for genre in genres.values()),
        "words": sum(genre["words"] for genre in genres.values()),
        "genres": genres,
    }


def describe_gold(path: str | Path, lang: str) -> dict[str, Any]:
    """RETURNS (dict): path and fingerprint of data to evaluate on.

    RAISES (DeepALError): When no sentence is labelled.
    """
    vocab = blank_pipeline(lang).vocab
    docs = chain.from_iterable(read_docs(file, vocab) for file in shard_files(path))
    if not any(doc.has_annotation("ENT_IOB") for doc in docs):
        raise DeepALError(f"{path} has no labelled sentence to evaluate on.")
    return {"path": str(path), "fingerprint": fingerprint(path)}


def count_genres(docs: Iterator[Doc]) -> dict[str, dict[str, int]]:
    """RETURNS (dict): Sentences and words of each genre ("-": none), wordless ones left out."""
    sentences: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for doc in docs:
        if not count_words(doc):
            continue
        genre = sentence_info(doc).get("genre") or "-"
        sentences[genre] += 1
        words[genre] += count_words(doc)
    return {g: {"sentences": sentences[g], "words": words[g]} for g in sorted(sentences)}
