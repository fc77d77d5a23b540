"""A config in which a transformer is trained along with the tagger, through a listener.

spaCy's pipelines with a transformer are made like that. It needs the packages that
`benchmarks/finetuned-requirements.txt` names, and a BERT model with its tokenizer in a folder.
"""

from pathlib import Path
from typing import Any

import srsly
from spacy import registry
from thinc.api import Config, Optimizer
from thinc.types import FloatsXd

NAME = "transformer"
WEIGHTS = "curated_encoder."  # what the names of the transformer's weights begin with
SIZES = {  # in config.json, and as the architecture calls them
    "vocab_size": "vocab_size",
    "hidden_size": "hidden_width",
    "intermediate_size": "intermediate_width",
    "num_attention_heads": "num_attention_heads",
    "num_hidden_layers": "num_hidden_layers",
    "max_position_embeddings": "max_position_embeddings",
    "type_vocab_size": "type_vocab_size",
}


class TwoSteps(Optimizer):
    """Adam with smaller steps for a transformer than for what is trained from nothing (Howard and
    Ruder 2018, "Universal Language Model Fine-tuning for Text Classification", section 3.2)."""

    scale = 1.0  # of the transformer's steps

    def __call__(
        self, key: tuple[int, str], weights: FloatsXd, gradient: FloatsXd, *, lr_scale: float = 1.0
    ) -> tuple[FloatsXd, FloatsXd]:
        scale = self.scale if key[1].startswith(WEIGHTS) else 1.0
        return super().__call__(key, weights, gradient, lr_scale=lr_scale * scale)


@registry.optimizers("benchmarks.TwoSteps.v1")
def make_two_steps(learn_rate: float, transformer_rate: float, grad_clip: float) -> Optimizer:
    """RETURNS (Optimizer): With a learning rate for the tagger, and one for the transformer."""
    optimizer = TwoSteps(learn_rate, grad_clip=grad_clip, use_averages=True)
    optimizer.scale = transformer_rate / learn_rate
    return optimizer


def with_trained_transformer(config: Config, folder: Path, learn_rate: float) -> Config:
    """Put a transformer in front of a config's `ner`, whose tok2vec then listens to it.

    folder (Path): That of a BERT model.
    learn_rate (float): The transformer's. The tagger keeps the config's.
    RETURNS (Config): The config, changed.
    """
    sizes = srsly.read_json(folder / "config.json")
    config["nlp"]["pipeline"] = [NAME, "ner"]
    config["components"] = {NAME: _transformer(sizes), "ner": config["components"]["ner"]}
    config["components"]["ner"]["model"]["tok2vec"] = {
        "@architectures": _registered("LastTransformerLayerListener"),
        "width": sizes["hidden_size"],
        "pooling": {"@layers": "reduce_mean.v1"},
        "upstream": NAME,
    }
    loaders = {"encoder": "HFTransformerEncoderLoader", "piecer": "HFPieceEncoderLoader"}
    config["initialize"]["components"][NAME] = {
        f"{part}_loader": {"@model_loaders": _registered(name), "name": str(folder)}
        for part, name in loaders.items()
    }
    ours = config["training"]["optimizer"]
    config["training"]["optimizer"] = {
        "@optimizers": "benchmarks.TwoSteps.v1",
        "learn_rate": ours["learn_rate"],
        "transformer_rate": learn_rate,
        "grad_clip": ours["grad_clip"],
    }
    return config


def _transformer(sizes: dict[str, Any]) -> dict[str, Any]:
    """RETURNS (dict): The section of the component, for a model of these sizes."""
    return {
        "factory": "curated_transformer",
        "model": {
            "@architectures": _registered("BertTransformer"),
            **{name: sizes[key] for key, name in SIZES.items()},
            "piece_encoder": {"@architectures": _registered("BertWordpieceEncoder")},
            "with_spans": {"@architectures": _registered("WithStridedSpans")},
        },
    }


def _registered(name: str) -> str:
    return f"spacy-curated-transformers.{name}.v1"
