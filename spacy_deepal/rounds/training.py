"""Train one round with spaCy's own training loop."""

import shutil
import sys
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import IO, Any

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.tokens import Doc, DocBin
from spacy.training import Corpus
from spacy.training.initialize import init_nlp
from spacy.training.loop import DIR_MODEL_BEST, train
from spacy.util import load_model, registry, resolve_dot_names
from thinc.api import Config
from tqdm import tqdm

from ..errors import DeepALError
from ..pool.shards import ATTRS
from ..seeds import derive_seed
from .run_folder import move_folder
from .settings import SECTION, Settings


def initialize(config: Config, settings: Settings, output: Path, *, use_gpu: int = -1) -> None:
    """Write the pipeline from which a run starts: labels, vocabularies and weights fixed.

    Characters and words are those of the pool's text, labels those of the config's [initialize], or
    else those of the pool's gold. So a warm start never has to resize anything.

    config (Config): The user's, not interpolated.
    output (Path): Where the pipeline goes.
    """
    config = _without_loop(config)
    config["paths"]["train"] = config["paths"]["pool"]
    config["training"]["seed"] = derive_seed(settings.seed, "initial weights")
    nlp = init_nlp(config, use_gpu=use_gpu)
    _save(nlp, output)


def train_round(
    config: Config,
    settings: Settings,
    *,
    start: Path,
    docs: list[Doc],
    output: Path,
    number: int,
    use_gpu: int = -1,
) -> float:
    """Train on all that is labelled and write the pipeline that is best on dev.

    config (Config): The user's, not interpolated.
    start (Path): The pipeline whose weights are trained on.
    docs (list[Doc]): The labelled set.
    output (Path): Where the pipeline goes; the log of spaCy's training is put beside it.
    number (int): The round.
    RETURNS (float): Its F1 on dev, 0 to 1.
    """
    draft = output.with_name("training")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    labelled = draft / "labelled.spacy"
    DocBin(attrs=ATTRS, docs=docs).to_disk(labelled)
    config = _without_loop(config)
    for name in config["nlp"]["pipeline"]:
        config["components"][name] = {"source": str(start)}
    config["paths"]["train"] = str(labelled)
    config["training"]["seed"] = derive_seed(settings.seed, "train", number)
    nlp = init_nlp(config, use_gpu=use_gpu)
    training = nlp.config["training"]
    batches = count_batches(nlp)
    passes = max(settings.passes, ceil(settings.min_updates / batches))
    updates = passes * batches
    training["max_epochs"], training["max_steps"], training["patience"] = passes, 0, 0
    # One update past an evenly spaced evaluation: spaCy evaluates at 0, k, 2k, …
    training["eval_frequency"] = max(1, (updates - 1) // settings.evaluations)
    training["logger"] = {
        "@loggers": "spacy_deepal.ProgressLogger.v1",
        "logger": training["logger"],
        "updates": updates,
        "title": f"round {number}",
    }
    with output.with_name("train.log").open("w", encoding="utf8") as log:
        train(nlp, draft, use_gpu=use_gpu, stdout=log, stderr=sys.stderr)
    best = load_model(draft / DIR_MODEL_BEST)
    move_folder(draft / DIR_MODEL_BEST, output)
    shutil.rmtree(draft)
    return best.meta["performance"]["ents_f"]


def count_batches(nlp: Language) -> int:
    """RETURNS (int): Updates of one pass over the training corpus with the config's batcher."""
    config = nlp.config.interpolate()
    settings = registry.resolve(config["training"], schema=ConfigSchemaTraining)
    corpus, _ = resolve_dot_names(config, [settings["train_corpus"], settings["dev_corpus"]])
    return sum(1 for _ in settings["batcher"](list(corpus(nlp))))


def evaluate(nlp: Language, path: str | Path) -> dict[str, Any]:
    """Score a pipeline with spaCy's scorer, on the tokens of the data.

    path (str | Path): Labelled sentences.
    RETURNS (dict): ents_p, ents_r, ents_f (0 to 1) and ents_per_type.
    RAISES (DeepALError): When the data has no labels to score against.
    """
    scores = nlp.evaluate(list(Corpus(path, gold_preproc=True)(nlp)))
    if scores.get("ents_f") is None:
        raise DeepALError(f"{path} has no labelled sentence to evaluate on.")
    return {key: scores[key] for key in ("ents_p", "ents_r", "ents_f", "ents_per_type")}


def make_progress_logger(
    logger: Callable, updates: int, title: str
) -> Callable[[Language, IO, IO], tuple[Callable, Callable]]:
    """`spacy_deepal.ProgressLogger.v1`: a progress bar (silent when not a terminal) around another
    logger.

    logger (Callable): The logger that the config names.
    updates (int): Updates to expect.
    title (str): What stands before the bar.
    """

    def setup(nlp: Language, stdout: IO = sys.stdout, stderr: IO = sys.stderr):
        log, finish = logger(nlp, stdout, stderr)
        bar = tqdm(total=updates, desc=title, unit="batch", leave=False, disable=None, file=stderr)

        def log_step(info: dict[str, Any] | None) -> None:
            bar.update()
            if info is not None:
                bar.set_postfix_str(f"dev F {100 * info['score']:.1f}")
            log(info)

        def finalize() -> None:
            bar.close()
            finish()

        return log_step, finalize

    return setup


def _without_loop(config: Config) -> Config:
    config = config.copy()
    del config[SECTION]
    return config


def _save(nlp: Language, folder: Path) -> None:
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    nlp.to_disk(draft)
    move_folder(draft, folder)
