"""spaCy's own `ner` and our tagger, with the configs that their users start from."""

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
    """RETURNS (Config): configs/al.cfg, or configs/al_paper.cfg, for training on labelled data."""
    config = load_config(CONFIGS / ("al_paper.cfg" if paper else "al.cfg"), interpolate=False)
    del config["active_learning"]
    config["nlp"]["lang"], config["system"]["seed"] = lang, seed
    if paper:  # a share of a small set has fewer updates than lie between two evaluations
        config["training"]["eval_frequency"] = 10
    return config


def ner_config(
    lang: str, seed: int = 0, vectors: bool = False, encoder: Path | None = None
) -> Config:
    """RETURNS (Config): That of `spacy init config --pipeline ner`, for sentences with tokens.

    vectors (bool): Whether the model reads the static vectors of [paths].
    encoder (Path | None): A frozen encoder. The parser then reads its vectors in the place of a
        tok2vec, as spaCy's pipelines with a transformer do.
    """
    config = init_config(lang=lang, pipeline=["ner"], optimize="efficiency", silent=True)
    for corpus in config["corpora"].values():
        corpus["gold_preproc"] = True
    if encoder is None:
        config["components"]["tok2vec"]["model"]["embed"]["include_static_vectors"] = vectors
    else:
        ours = tagger_config(lang)
        config["paths"]["encoder"] = str(encoder)
        config["paths"]["encoder_cache"] = ours["paths"]["encoder_cache"]
        layer = ours["components"]["ner"]["model"]["tok2vec"]
        config["components"]["ner"]["model"]["tok2vec"] = layer
        del config["components"]["tok2vec"]
        config["nlp"]["pipeline"] = ["ner"]
    config["system"]["seed"] = seed
    return config


def run_spacy(config: Config, corpus: Path, output: Path) -> dict[str, Any]:
    """Train as `spacy train` does, and evaluate the model that is best on dev.

    corpus (Path): The folder that `make_corpus` made.
    output (Path): Where the models go.
    RETURNS (dict): ents_p, ents_r and ents_f on test, and with the prefix dev_ on dev.
    """
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
