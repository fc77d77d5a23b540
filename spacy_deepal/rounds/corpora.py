"""Which corpora spaCy reads when it trains: blocks of a config, in place of the user's own."""

from typing import Any

from thinc.api import Config

from .settings import ANNOTATION, SECTION

POOL_CORPUS, SPACY_CORPUS = "spacy_deepal.PoolCorpus.v1", "spacy.Corpus.v1"


def without_loop(config: Config) -> Config:
    """RETURNS (Config): A copy for spaCy, which does not know our sections."""
    config = config.copy()
    for section in (SECTION, ANNOTATION):
        config.pop(section, None)
    return config


def reading(config: Config, path: str) -> Config:
    """RETURNS (Config): A copy for spaCy that trains on this path, also if the config's corpus has
    a path of its own, not ${paths.train}."""
    config = without_loop(config)
    config["paths"]["train"] = path
    corpus = corpus_block(config, "train")
    if "path" in corpus:
        corpus["path"] = "${paths.train}"
    read_as_pool(corpus)
    return config


def corpus_block(config: Config, split: str) -> dict[str, Any]:
    """RETURNS (dict): The block of the corpus that [training] names; empty if there is none."""
    named = config["training"].get(f"{split}_corpus", f"corpora.{split}")
    section, _, name = named.rpartition(".")
    return config.get(section, {}).get(name, {})


def read_as_pool(corpus: dict[str, Any]) -> None:
    """Have PoolCorpus read a block, if spaCy's corpus does: it knows more of a sentence, reads
    URLs, and is faster, which counts for dev, since dev is read at each evaluation."""
    if corpus.get("@readers") == SPACY_CORPUS:
        corpus["@readers"] = POOL_CORPUS
