"""Train and evaluate one round with spaCy's own training loop."""

import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.tokens import Doc
from spacy.training import Corpus
from spacy.training.initialize import init_nlp
from spacy.training.loop import DIR_MODEL_BEST, train
from spacy.util import load_model, registry, resolve_dot_names
from thinc.api import Config

from ..acquisition.upstream import find_tagger
from ..corpus.docbin import doc_bin
from ..errors import DeepALError
from ..files import replace_folder
from ..pool.shards import read_shards
from ..seeds import derive_seed
from .labels import check_gold
from .run_folder import RoundFolder
from .settings import SECTION, Settings

NO_LABELS = "E143"  # spaCy's error for a component without labels
# What the components of spaCy learn from, by what they say that they assign.
LEARNT_FROM = {
    "token.tag": "TAG",
    "token.pos": "POS",
    "token.morph": "MORPH",
    "token.lemma": "LEMMA",
    "token.dep": "DEP",
    "token.ent_kb_id": "ENT_KB_ID",
}


def initialize(config: Config, settings: Settings, *, use_gpu: int = -1) -> Language:
    """Make the pipeline from which a run starts.

    Its characters and words are those of the pool's text. Its labels are those of the config's
    [initialize], or else those of the pool's gold. So a warm start never has to resize anything.

    config (Config): The user's config, not interpolated.
    use_gpu (int): GPU id. With -1, the CPU.
    RAISES (DeepALError): As `init_pipeline`; if there are no labels, or the pool has no annotation
        for a component that is to be trained.
    """
    pool = config.interpolate()["paths"]["pool"]
    config = _reading(without_loop(config), config["paths"]["pool"])
    config["training"]["seed"] = derive_seed(settings.seed, "initial weights")
    config["training"]["max_epochs"] = 0  # with -1 spaCy would look at 100 sentences only
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*has no labels")  # it is an error here
        nlp = init_pipeline(config, pool, use_gpu)
    tagger = find_tagger(nlp)
    if not tagger.labels:
        raise DeepALError(
            f"There are no labels: {pool} has no entity. Give the entity types in "
            f"[initialize.components.{tagger.name}.labels]."
        )
    for split in ("dev", "test"):
        check_gold(nlp, tagger, config.interpolate()["paths"][split])
    for name in trained(nlp):
        learnt = [LEARNT_FROM[k] for k in nlp.get_pipe_meta(name).assigns if k in LEARNT_FROM]
        docs = read_shards(pool, nlp.vocab) if learnt else iter(())
        if learnt and not any(doc.has_annotation(attr) for doc in docs for attr in learnt):
            raise _no_annotation(name, pool)
    return nlp


def trained(nlp: Language) -> list[str]:
    """RETURNS (list[str]): The components that are trained on the data: not those that are frozen,
    nor those whose labels the config gives, since an oracle may add what they learn from."""
    config = nlp.config.interpolate()
    given = config["initialize"]["components"]
    return [
        name
        for name, pipe in nlp.pipeline
        if getattr(pipe, "is_trainable", False)
        and name not in config["training"]["frozen_components"]
        and not given.get(name, {}).get("labels")
    ]


def save_pipeline(nlp: Language, folder: Path) -> None:
    """Write a pipeline, whole or not at all."""
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    nlp.to_disk(draft)
    replace_folder(draft, folder)


def train_round(
    config: Config,
    settings: Settings,
    *,
    start: Path,
    docs: list[Doc],
    here: RoundFolder,
    use_gpu: int = -1,
) -> Path:
    """Train on all that is labelled.

    config (Config): The user's config, not interpolated.
    start (Path): The pipeline whose weights are trained on.
    docs (list[Doc]): The labelled set.
    here (RoundFolder): The round; its folder gets training/ and train.log.
    use_gpu (int): GPU id. With -1, the CPU.
    RETURNS (Path): The pipeline that is best on dev, in training/.
    """
    shutil.rmtree(here.training, ignore_errors=True)
    here.training.mkdir()
    labelled = here.training / "labelled.spacy"
    doc_bin(docs).to_disk(labelled)
    config = _reading(without_loop(config), str(labelled))
    for name in config["nlp"]["pipeline"]:
        config["components"][name] = {"source": str(start)}
    config["training"]["seed"] = derive_seed(settings.seed, "train", here.number)
    nlp = init_pipeline(config, labelled, use_gpu)
    training = nlp.config["training"]
    updates = count_updates(nlp, settings.passes, settings.min_updates)
    # spaCy numbers updates from 0, evaluates after 0, k, 2k, … and ends after `max_steps`, where 0
    # is no limit. Passes would not do: shuffled sentences can make fewer batches than were counted.
    last = updates - 1
    training["max_epochs"], training["max_steps"] = (0, last) if last else (1, 0)
    training["patience"], training["eval_frequency"] = 0, max(1, last // settings.evaluations)
    _train(nlp, here.training, here.log, updates, f"round {here.number}", use_gpu)
    return here.training / DIR_MODEL_BEST


def train_full(config: Config, output: Path, *, use_gpu: int = -1) -> dict[str, Any]:
    """Train once on [paths] train, as `spacy train` does, and evaluate on [paths] test.

    config (Config): The user's config, not interpolated.
    output (Path): The folder that gets model-best, model-last and train.log.
    use_gpu (int): GPU id. With -1, the CPU.
    RETURNS (dict): As `evaluate_pipeline`, and dev_ents_f.
    """
    output.mkdir(parents=True, exist_ok=True)
    paths = config.interpolate()["paths"]
    nlp = init_pipeline(without_loop(config), paths["train"], use_gpu)
    _train(nlp, output, output / "train.log", None, "full data", use_gpu)
    nlp = load_model(output / DIR_MODEL_BEST)
    scores = evaluate_pipeline(nlp, paths["test"])
    return {**scores, "dev_ents_f": nlp.meta["performance"]["ents_f"]}


def _train(
    nlp: Language, output: Path, log: Path, updates: int | None, title: str, use_gpu: int
) -> None:
    """Run spaCy's training loop; its output goes to a log, and a progress bar to the terminal."""
    nlp.config["training"]["logger"] = {
        "@loggers": "spacy_deepal.ProgressLogger.v1",
        "logger": nlp.config["training"]["logger"],
        "updates": updates,
        "title": title,
    }
    with log.open("w", encoding="utf8") as stream:
        train(nlp, output, use_gpu=use_gpu, stdout=stream, stderr=sys.stderr)


def init_pipeline(config: Config, data: str | Path, use_gpu: int) -> Language:
    """Make the pipeline of a training config, as spaCy initialises it.

    data (str | Path): The data that it is initialised with, for the message.
    RAISES (DeepALError): If something that the config names cannot be read, such as vectors; if the
        data have no annotation for one of the components.
    """
    try:
        return init_nlp(config, use_gpu=use_gpu)
    except OSError as error:
        raise DeepALError(f"The pipeline cannot be initialised. {error}") from error
    except ValueError as error:
        if NO_LABELS not in str(error):
            raise
        raise _no_annotation(str(error).split("'")[1], data) from error


def _no_annotation(name: str, data: str | Path) -> DeepALError:
    return DeepALError(
        f"{data} has no annotation for the component {name!r}. Convert data that have it; or take "
        f'the component from a trained pipeline, with [components.{name}] source = "PIPELINE" and '
        f'[training] frozen_components = ["{name}"]; or take it out of [nlp] pipeline.'
    )


def count_updates(nlp: Language, passes: int, min_updates: int) -> int:
    """RETURNS (int): The number of updates in this many passes over the training corpus, in its
    order and with the config's batcher; in more passes if these make fewer than `min_updates`.

    RAISES (DeepALError): If the batcher makes no batch of the corpus.
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


def evaluate_pipeline(nlp: Language, path: str | Path) -> dict[str, Any]:
    """Score a pipeline with spaCy's scorer, on the tokens of the data.

    path (str | Path): Labelled sentences.
    RETURNS (dict): ents_p, ents_r, ents_f (0 to 1) and ents_per_type.
    RAISES (DeepALError): If no sentence is labelled.
    """
    scores = nlp.evaluate(list(Corpus(path, gold_preproc=True)(nlp)))
    if scores.get("ents_f") is None:
        raise DeepALError(f"{path} has no labelled sentence to evaluate on. Name data that have.")
    return {key: scores[key] for key in ("ents_p", "ents_r", "ents_f", "ents_per_type")}


def without_loop(config: Config) -> Config:
    """RETURNS (Config): A copy for spaCy, which does not know [active_learning]."""
    config = config.copy()
    config.pop(SECTION, None)
    return config


def _reading(config: Config, path: str) -> Config:
    """Train on this path, also if the config's corpus names its own path, not ${paths.train}."""
    config["paths"]["train"] = path
    section, _, name = config["training"].get("train_corpus", "corpora.train").rpartition(".")
    corpus = config.get(section, {}).get(name, {})
    if "path" in corpus:
        corpus["path"] = "${paths.train}"
    return config
