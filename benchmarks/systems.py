"""The two sides of the benchmarks, as their users would start them."""

import io
from pathlib import Path
from typing import Any

import spacy
from spacy.cli.init_config import init_config
from spacy.training import Corpus
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config
from thinc.api import Config

CONFIGS = Path(__file__).parents[1] / "configs"


def tagger_config(lang: str, seed: int = 0, paper: bool = False) -> Config:
    """RETURNS (Config): configs/cnn_cnn_lstm.cfg, or the paper's."""
    name = "cnn_cnn_lstm_paper.cfg" if paper else "cnn_cnn_lstm.cfg"
    config = load_config(CONFIGS / name, interpolate=False)
    config["nlp"]["lang"], config["system"]["seed"] = lang, seed
    return config


def ner_config(lang: str, seed: int = 0, vectors: bool = False) -> Config:
    """RETURNS (Config): That of `spacy init config --pipeline ner`, with the tokens of the data."""
    config = init_config(lang=lang, pipeline=["ner"], optimize="efficiency", silent=True)
    for corpus in config["corpora"].values():
        corpus["gold_preproc"] = True
    config["components"]["tok2vec"]["model"]["embed"]["include_static_vectors"] = vectors
    config["system"]["seed"] = seed
    return config


def run_spacy(config: Config, corpus: Path, output: Path) -> dict[str, Any]:
    """Train as `spacy train` does; RETURNS (dict): Scores of the model that is best on dev."""
    for split in ("train", "dev"):
        config["paths"][split] = str(corpus / f"{split}.spacy")
    nlp = init_nlp(config)
    train(nlp, output, stdout=io.StringIO(), stderr=io.StringIO())
    nlp = spacy.load(output / "model-best")
    scores = {}
    for split, prefix in (("dev", "dev_"), ("test", "")):
        found = nlp.evaluate(list(Corpus(corpus / f"{split}.spacy", gold_preproc=True)(nlp)))
        scores |= {f"{prefix}ents_{x}": round(found[f"ents_{x}"], 4) for x in "prf"}
    return scores
