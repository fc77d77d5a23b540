"""Hands each round to a logger of spaCy, such as those of spacy-loggers for W&B and MLflow."""

import sys
from collections import defaultdict
from collections.abc import Callable
from typing import IO, Any

from spacy.language import Language
from thinc.api import Config

from ..pipelines import load_pipeline
from .rows import RoundMetrics
from .run_folder import RunFolder
from .settings import SECTION

LogStep = Callable[[dict[str, Any] | None], None]
Finalize = Callable[[], None]
SpacyLogger = Callable[[Language, IO, IO], tuple[LogStep, Finalize]]


class RoundLogger:
    """Logs the rounds that this process finishes, a line each. The logger is set up at the first
    one, so that a run that is over already begins nothing.

    logger (Callable | None): What a function of spaCy's registry `loggers` returns. With None,
        nothing is logged.
    """

    def __init__(self, logger: SpacyLogger | None, folder: RunFolder):
        self.logger, self.folder = logger, folder
        self._ready: tuple[LogStep, Finalize] | None = None

    def log(self, line: RoundMetrics) -> None:
        """Log a finished round."""
        if self.logger is not None:
            self._ready = self._ready or self._set_up(self.logger)
            self._ready[0](round_info(line))

    def close(self) -> None:
        """Tell the logger that no round follows."""
        if self._ready is not None:
            self._ready[1]()
            self._ready = None

    def _set_up(self, logger: SpacyLogger) -> tuple[LogStep, Finalize]:
        """Set the logger up with the initial pipeline, whose config gets our section: loggers write
        the config down."""
        nlp = load_pipeline(self.folder.initial)
        section = Config().from_str(self.folder.manifest.config).get(SECTION, {})
        nlp.config = Config({**nlp.config, SECTION: section})
        return logger(nlp, sys.stdout, sys.stderr)


def round_info(line: RoundMetrics) -> dict[str, Any]:
    """Describe a round as spaCy's training describes an evaluation.

    RETURNS (dict): "epoch" is the round, "step" and "words" are the words labelled so far, "score"
        is F1 on dev, and "other_scores" are the numbers of the round, those on test among them. A
        round has no loss: each is 0.
    """
    numbers = line.model_dump(exclude={"round", "selection", "calibration"})
    if line.calibration is not None:
        numbers["calibration_error"] = line.calibration.after.error
    return {
        "epoch": line.round,
        "step": line.words,
        "words": line.words,
        "seconds": round(sum(line.seconds.model_dump().values())),
        "score": line.dev_ents_f,
        "other_scores": {key: value for key, value in numbers.items() if value is not None},
        "losses": defaultdict(float),
        "checkpoints": [(line.dev_ents_f, line.words)],
    }
