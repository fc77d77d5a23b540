"""Train one round with spaCy's own training loop."""

import shutil
import sys
from collections.abc import Callable
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

from ..corpus.docbin import ATTRS
from ..errors import DeepALError
from ..files import replace_folder
from ..seeds import derive_seed
from .run_folder import RoundFolder
from .settings import SECTION, Settings


def initialize(config: Config, settings: Settings, output: Path, *, use_gpu: int = -1) -> None:
    """Write the pipeline from which a run starts: labels, vocabularies and weights fixed.

    Characters and words are those of the pool's text, labels those of the config's [initialize], or
    else those of the pool's gold. So a warm start never has to resize anything.

    config (Config): The user's, not interpolated.
    output (Path): Where the pipeline goes.
    """
    config = _reading(without_loop(config), config["paths"]["pool"])
    config["training"]["seed"] = derive_seed(settings.seed, "initial weights")
    config["training"]["max_epochs"] = 0  # -1 would have spaCy look at 100 sentences only
    _save(initialized(config, use_gpu), output)


def train_round(
    config: Config,
    settings: Settings,
    *,
    start: Path,
    docs: list[Doc],
    here: RoundFolder,
    number: int,
    use_gpu: int = -1,
) -> Path:
    """Train on all that is labelled.

    config (Config): The user's, not interpolated.
    start (Path): The pipeline whose weights are trained on.
    docs (list[Doc]): The labelled set.
    here (RoundFolder): Gets training/ and train.log.
    number (int): The round.
    RETURNS (Path): The pipeline that is best on dev, in training/.
    """
    shutil.rmtree(here.training, ignore_errors=True)
    here.training.mkdir()
    labelled = here.training / "labelled.spacy"
    DocBin(attrs=ATTRS, docs=docs).to_disk(labelled)
    config = _reading(without_loop(config), str(labelled))
    for name in config["nlp"]["pipeline"]:
        config["components"][name] = {"source": str(start)}
    config["training"]["seed"] = derive_seed(settings.seed, "train", number)
    nlp = initialized(config, use_gpu)
    training = nlp.config["training"]
    updates = count_updates(nlp, settings.passes, settings.min_updates)
    # spaCy numbers updates from 0, evaluates after 0, k, 2k, … and ends after `max_steps`, where 0
    # is no limit. Passes would not do: shuffled, sentences can make fewer batches than counted.
    last = updates - 1
    training["max_epochs"], training["max_steps"] = (0, last) if last else (1, 0)
    training["patience"], training["eval_frequency"] = 0, max(1, last // settings.evaluations)
    training["logger"] = progress_logger(training["logger"], updates, f"round {number}")
    with (here.path / "train.log").open("w", encoding="utf8") as log:
        train(nlp, here.training, use_gpu=use_gpu, stdout=log, stderr=sys.stderr)
    return here.training / DIR_MODEL_BEST


def train_full(config: Config, output: Path, *, use_gpu: int = -1) -> dict[str, Any]:
    """Train once on [paths] train, as `spacy train` does, and evaluate on [paths] test.

    output (Path): Gets model-best, model-last and train.log.
    RETURNS (dict): As `evaluate`, and dev_ents_f.
    """
    output.mkdir(parents=True, exist_ok=True)
    test = config.interpolate()["paths"]["test"]
    nlp = initialized(without_loop(config), use_gpu)
    training = nlp.config["training"]
    training["logger"] = progress_logger(training["logger"], None, "full data")
    with (output / "train.log").open("w", encoding="utf8") as log:
        train(nlp, output, use_gpu=use_gpu, stdout=log, stderr=sys.stderr)
    nlp = load_model(output / DIR_MODEL_BEST)
    return {**evaluate(nlp, test), "dev_ents_f": nlp.meta["performance"]["ents_f"]}


def initialized(config: Config, use_gpu: int) -> Language:
    """RETURNS (Language): The pipeline of a training config, as spaCy initialises it.

    RAISES (DeepALError): What it is made of cannot be read, such as its vectors.
    """
    try:
        return init_nlp(config, use_gpu=use_gpu)
    except OSError as error:
        raise DeepALError(f"The pipeline cannot be initialised. {error}") from error


def count_updates(nlp: Language, passes: int, min_updates: int) -> int:
    """RETURNS (int): Updates of so many passes over the training corpus, in its order, with the
    config's batcher; of more passes where these are too few.

    RAISES (DeepALError): When the batcher makes no batch of it.
    """
    config = nlp.config.interpolate()
    settings = registry.resolve(config["training"], schema=ConfigSchemaTraining)
    corpus, _ = resolve_dot_names(config, [settings["train_corpus"], settings["dev_corpus"]])
    examples, done, updates = list(corpus(nlp)), 0, 0
    while done < passes or updates < min_updates:
        batches = sum(1 for _ in settings["batcher"](examples))
        if not batches:
            raise DeepALError(
                f"[training.batcher] makes no batch of the {len(examples)} sentences to train on. "
                "Raise its size, or set discard_oversize = false."
            )
        done, updates = done + 1, updates + batches
    return updates


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


def progress_logger(logger: dict[str, Any], updates: int | None, title: str) -> dict[str, Any]:
    """RETURNS (dict): The config block of a logger, with a progress bar around it."""
    return {
        "@loggers": "spacy_deepal.ProgressLogger.v1",
        "logger": logger,
        "updates": updates,
        "title": title,
    }


def make_progress_logger(
    logger: Callable, updates: int | None, title: str
) -> Callable[[Language, IO, IO], tuple[Callable, Callable]]:
    """`spacy_deepal.ProgressLogger.v1`: a progress bar (silent when not a terminal) around another
    logger.

    logger (Callable): The logger that the config names.
    updates (int | None): Updates to expect; None: nobody knows.
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


def without_loop(config: Config) -> Config:
    """RETURNS (Config): A copy for spaCy, which knows no [active_learning], if it has one."""
    config = config.copy()
    config.pop(SECTION, None)
    return config


def _reading(config: Config, path: str) -> Config:
    """Train on this path, also where the corpus of a config names its own, not ${paths.train}."""
    config["paths"]["train"] = path
    section, _, name = config["training"].get("train_corpus", "corpora.train").rpartition(".")
    corpus = config.get(section, {}).get(name, {})
    if "path" in corpus:
        corpus["path"] = "${paths.train}"
    return config


def _save(nlp: Language, folder: Path) -> None:
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    nlp.to_disk(draft)
    replace_folder(draft, folder)
