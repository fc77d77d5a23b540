"""Which corpora spaCy reads when it trains: blocks of a config, in place of the user's own."""

from typing import Any

from thinc.api import Config

from ..urls import is_url
from .settings import ANNOTATION, SECTION

POOL_CORPUS, SPACY_CORPUS = "spacy_deepal.PoolCorpus.v1", "spacy.Corpus.v1"
OTHER_OPTIONS = ("max_length", "limit", "augmenter")  # of spaCy's, which PoolCorpus has not


def without_loop(config: Config) -> Config:
    """RETURNS (Config): A copy for spaCy, which does not know our sections."""
    config = config.copy()
    for section in (SECTION, ANNOTATION):
        config.pop(section, None)
    return config


def reading(config: Config, path: str) -> Config:
    """RETURNS (Config): A copy for spaCy that trains on this path, also if the config's corpus has
    a path of its own, not ${paths.train}. spaCy's own corpus reads no URL."""
    config = without_loop(config)
    config["paths"]["train"] = path
    corpus = corpus_block(config, "train")
    if "path" in corpus:
        corpus["path"] = "${paths.train}"
    if is_url(path):
        read_as_pool(corpus)
    return config


def read_dev_fast(config: Config) -> None:
    """Have PoolCorpus read dev in place of spaCy's corpus, unless that has options of its own: dev
    is read at each evaluation, and PoolCorpus reads it several times as fast."""
    dev = corpus_block(config, "dev")
    if not any(map(dev.get, OTHER_OPTIONS)):
        read_as_pool(dev)


def corpus_block(config: Config, split: str) -> dict[str, Any]:
    """RETURNS (dict): The block of the corpus that [training] names; empty if there is none."""
    named = config["training"].get(f"{split}_corpus", f"corpora.{split}")
    section, _, name = named.rpartition(".")
    return config.get(section, {}).get(name, {})


def read_as_pool(corpus: dict[str, Any]) -> None:
    """Have PoolCorpus read a block, if spaCy's corpus does."""
    if corpus.get("@readers") != SPACY_CORPUS or "path" not in corpus:
        return
    found = {"path": corpus["path"], "gold_preproc": corpus.get("gold_preproc", False)}
    corpus.clear()
    corpus |= {"@readers": POOL_CORPUS, **found}
