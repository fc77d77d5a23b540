"""Train and evaluate one round with spaCy's own training loop."""

import shutil
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.tokens import Doc
from spacy.training.initialize import init_nlp
from spacy.training.loop import DIR_MODEL_BEST, train
from spacy.util import registry, resolve_dot_names
from thinc.api import Config, ConfigValidationError

from ..corpus.docbin import doc_bin
from ..drafts import writing
from ..errors import DeepALError, plural
from ..pipelines import load_pipeline
from ..pool.examples import PoolCorpus
from ..sealed import SEAL, find_damage
from ..seeds import derive_seed
from .calibration import calibrate_saved, measure_calibration
from .checks import no_annotation
from .corpora import corpus_block, read_as_pool, reading, without_loop
from .raw_text import raw_text_f
from .run_folder import RoundFolder
from .settings import Settings

POOL_COUNTS = "spacy_deepal.PoolCounts.v1"
# spaCy's errors for a component without labels, for [paths] vectors, and for a loss.
NO_LABELS, NO_VECTORS, NAN_LOSS = "E143", "E884", "E910"

# A model of all words trains on for at least so many passes without a gain on dev, and is evaluated
# at most so often in a pass.
PATIENT_PASSES, EVALUATIONS_A_PASS = 3, 10


class LossDiverged(DeepALError):
    """The loss of a training became NaN or infinite."""


@dataclass(frozen=True)
class Training:
    """Makes and trains the pipelines of a run.

    config (Config): The user's config, not interpolated.
    use_gpu (int): GPU id. With -1, the CPU.
    code (Path | None): A Python file that worker processes import first.
    """

    config: Config
    settings: Settings
    use_gpu: int = -1
    code: Path | None = None

    def initialize(self, index: Path | None = None, pool: Path | None = None) -> Language:
        """Make the pipeline from which a run starts.

        Its characters and words are those of the pool's text, as its index counts them. Its labels
        are those of the config's [initialize], or else those of the pool's gold. So a warm start
        never has to resize anything.

        index (Path | None): The index of shards that the pool's own index does not have.
        pool (Path | None): What is read in place of the config's pool. None: that itself.
        RAISES (DeepALError): Something that the config names cannot be read; the pool has no
            annotation for one of the components.
        """
        named = self.config["paths"]["pool"]
        config = reading(self.config, str(pool or named))
        config["training"]["seed"] = derive_seed(self.settings.seed, "initial weights")
        config["training"]["max_epochs"] = 0  # with -1 spaCy would look at 100 sentences only
        counts = {"path": "${paths.train}", "beside": str(index) if index else None}
        taggers = [
            name
            for name, component in config["components"].items()
            if component.get("factory") == "deepal_ner"
        ]
        settings = config.setdefault("initialize", {}).setdefault("components", {})
        for name in taggers:
            settings.setdefault(name, {})["counts"] = {"@readers": POOL_COUNTS, **counts}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*has no labels")  # see check_initialized
            nlp = _init_pipeline(config, self.use_gpu)
        for name in taggers:
            del nlp.config["initialize"]["components"][name]["counts"]
        nlp.config["paths"]["train"] = named
        return nlp

    def train_round(self, here: RoundFolder, start: Path, docs: list[Doc]) -> Path:
        """Train on all that is labelled.

        here (RoundFolder): The round; its folder gets training/ and train.log.
        start (Path): The pipeline whose weights are trained on.
        docs (list[Doc]): The labelled set.
        RETURNS (Path): The pipeline that is best on dev, in training/.
        """
        shutil.rmtree(here.training, ignore_errors=True)
        here.training.mkdir()
        labelled = here.training / "labelled.spacy"
        doc_bin(docs).to_disk(labelled)
        config = reading(self.config, str(labelled))
        config["components"] |= {n: {"source": str(start)} for n in config["nlp"]["pipeline"]}
        config["training"]["seed"] = derive_seed(self.settings.seed, "train", here.number)
        nlp = _init_pipeline(config, self.use_gpu)
        training = nlp.config["training"]
        updates = count_updates(nlp, self.settings.passes, self.settings.min_updates)
        # spaCy numbers updates from 0, evaluates after 0, k, 2k, … and ends after `max_steps`,
        # where 0 means no limit. Passes would not do: shuffled sentences can make fewer batches
        # than were counted.
        last = updates - 1
        training["max_epochs"], training["max_steps"] = (0, last) if last else (1, 0)
        training["patience"] = 0
        training["eval_frequency"] = max(1, last // self.settings.evaluations)
        try:
            _train(nlp, here.training, here.log, updates, f"round {here.number}", self.use_gpu)
        except LossDiverged:
            here.diverged.touch()
            raise
        calibrate_saved(here.training / DIR_MODEL_BEST, config.interpolate()["paths"]["dev"])
        return here.training / DIR_MODEL_BEST


def train_full(config: Config, output: Path, *, use_gpu: int = -1) -> dict[str, Any]:
    """Train once on [paths] train, as `spacy train` does but for `be_patient`, and evaluate on
    [paths] test.

    config (Config): The user's config, not interpolated.
    output (Path): The folder that gets model-best, model-last and train.log.
    RETURNS (dict): As `evaluate_pipeline` and `dev_scores`.
    """
    output.mkdir(parents=True, exist_ok=True)
    nlp = _init_pipeline(without_loop(config), use_gpu)
    be_patient(nlp)
    _train(nlp, output, output / "train.log", None, "full data", use_gpu)
    paths = config.interpolate()["paths"]
    calibrate_saved(output / DIR_MODEL_BEST, paths["dev"])
    nlp = load_pipeline(output / DIR_MODEL_BEST)
    return {**evaluate_pipeline(nlp, paths["test"]), **dev_scores(nlp)}


def dev_scores(nlp: Language) -> dict[str, Any]:
    """RETURNS (dict): dev_ents_f (0 to 1) and dev_ents_per_type of a trained pipeline, as its
    training has noted them."""
    performance = nlp.meta["performance"]
    types = performance.get("ents_per_type") or {}
    return {"dev_ents_f": performance["ents_f"], "dev_ents_per_type": types}


def be_patient(nlp: Language) -> None:
    """Raise the patience of a training to PATIENT_PASSES. The config counts it in updates, and on a
    large set these are less than a pass. Dev is evaluated more seldom there, too. Where passes end
    the training, the last evaluation is near its end: on a small set there would be none."""
    training = nlp.config["training"]
    updates = count_updates(nlp, PATIENT_PASSES, 0)
    seldom = updates // (PATIENT_PASSES * EVALUATIONS_A_PASS)
    training["eval_frequency"] = max(training["eval_frequency"], seldom)
    if training["patience"]:  # with 0, nothing but the other limits ends the training
        training["patience"] = max(training["patience"], updates)
    if training["max_epochs"] > 0:
        last = count_updates(nlp, training["max_epochs"], 0) - 1
        times = -(-last // training["eval_frequency"]) or 1
        training["eval_frequency"] = max(1, last // times)


def _init_pipeline(config: Config, use_gpu: int) -> Language:
    read_as_pool(corpus_block(config, "dev"))
    paths = config.interpolate()["paths"]
    _check_vectors(Path(paths.get("vectors") or ""))
    try:
        return init_nlp(config, use_gpu=use_gpu)
    except OSError as error:
        if NO_VECTORS in str(error):
            raise DeepALError(
                f"There are no word vectors at {paths['vectors']}. Name a folder that `spacy "
                "deepal vectors` has written, or a pipeline, as --paths.vectors."
            ) from error
        raise DeepALError(f"The pipeline cannot be initialised. {error}") from error
    except (ConfigValidationError, DeepALError):
        raise
    except (ValueError, TypeError, AttributeError) as error:  # as registries and schemas raise them
        if NO_LABELS not in str(error):
            raise DeepALError(
                "The pipeline cannot be made as the config says. Correct the config. "
                f"{type(error).__name__}: {error}"
            ) from error
        raise no_annotation(str(error).split("'")[1], paths["train"]) from error


def _check_vectors(folder: Path) -> None:
    """RAISES (DeepALError): What `spacy deepal vectors` wrote was changed or cut since."""
    if (folder / SEAL).is_file() and (damage := find_damage(folder)):
        raise DeepALError(
            f"The word vectors in {folder} are damaged ({damage}). Make them again with `spacy "
            "deepal vectors`, or restore them from a copy."
        )


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
    rate = nlp.config["training"]["optimizer"].get("learn_rate")
    with writing(output), log.open("w", encoding="utf8") as stream:
        try:
            train(nlp, output, use_gpu=use_gpu, stdout=stream, stderr=sys.stderr)
        except ValueError as error:
            if NAN_LOSS not in str(error):
                raise
            raise LossDiverged(
                f"The training of {title} failed: its loss is not a number any more. The learn "
                f"rate may be too high. Lower [training.optimizer] learn_rate, which is {rate}, "
                "and give the same command again. What is finished is kept."
            ) from error


def count_updates(nlp: Language, passes: int, min_updates: int) -> int:
    """RETURNS (int): The number of updates in this many passes over the training corpus, in its
    order and with the config's batcher; in more passes if these make fewer than `min_updates`.

    RAISES (DeepALError): The batcher makes no batch of the corpus, or cannot be used.
    """
    config = nlp.config.interpolate()
    settings = registry.resolve(config["training"], schema=ConfigSchemaTraining)
    corpus, _ = resolve_dot_names(config, [settings["train_corpus"], settings["dev_corpus"]])
    examples, done, updates = list(corpus(nlp)), 0, 0
    while done < passes or updates < min_updates:
        try:
            batches = sum(1 for _ in settings["batcher"](examples))
        except (RuntimeError, TypeError, ValueError) as error:
            raise DeepALError(
                f"[training.batcher] cannot be used: {error}. Correct its values."
            ) from error
        if not batches:
            raise DeepALError(
                f"[training.batcher] makes no batch of {plural(len(examples), 'sentence')}. "
                "Raise its size, or set discard_oversize = false."
            )
        done, updates = done + 1, updates + batches
    return updates


def evaluate_pipeline(nlp: Language, path: str | Path) -> dict[str, Any]:
    """Score a pipeline with spaCy's scorer on the tokens of the data, and on raw text.

    path (str | Path): Labelled sentences.
    RETURNS (dict): ents_p, ents_r, ents_f (0 to 1; 0 if there is no entity and none was found) and
        ents_per_type on the tokens of the data, raw_ents_f as `raw_text_f`, and calibration as
        `measure_calibration`.
    RAISES (DeepALError): No sentence is labelled, or the pipeline scores no entities.
    """
    examples = list(PoolCorpus(str(path), gold_preproc=True)(nlp))
    if not any(example.reference.has_annotation("ENT_IOB") for example in examples):
        raise DeepALError(f"{path} has no labelled sentence to evaluate on. Name data that have.")
    found = nlp.evaluate(examples)
    if "ents_f" not in found:
        raise DeepALError("The pipeline's deepal_ner has no scorer. Leave `scorer` as it is.")
    scores: dict[str, Any] = {key: found[key] or 0.0 for key in ("ents_p", "ents_r", "ents_f")}
    scores["ents_per_type"] = found["ents_per_type"] or {}
    docs = (example.reference for example in examples)
    scores["raw_ents_f"] = raw_text_f(nlp, docs, scores["ents_f"])
    scores["calibration"] = measure_calibration(nlp, examples)
    return scores
