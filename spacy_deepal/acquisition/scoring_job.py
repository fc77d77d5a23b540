"""What it takes to score shards, as a worker process on any machine gets it: the job."""

import gc
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.cli._util import import_code, setup_gpu
from spacy.language import Language

from ..errors import DeepALError
from ..pipelines import fingerprint_model, load_pipeline
from ..pool.index import hash_bytes
from ..urls import as_path
from .functions import needs_of
from .registry import acquisition_label, resolve_acquisition
from .score_folder import ScoreFolder, Scoring, ShardTask
from .scoring import score_shard
from .upstream import find_tagger

RENEW_AFTER = 1_000_000  # words that are scored with one vocab


@dataclass(frozen=True)
class ScoringJob:
    """All that it takes to score shards: a worker process on any machine gets this.

    model (str): The pipeline: a path that the worker has too, or an installed package.
    output (Path): The folder of the scores, local or at a URL.
    acquisition (dict): The function, as in [active_learning.acquisition].
    scoring (Scoring): What the scores depend on.
    code (Path | None): A Python file that worker processes import first.
    use_gpu (int): GPU id. With -1, the CPU.
    batch_words (int | None): Most words decoded at once. With None, as many as the model says.
    """

    model: str
    output: Path
    acquisition: dict[str, Any]
    scoring: Scoring
    code: Path | None = None
    use_gpu: int = -1
    batch_words: int | None = None

    def begin_worker(self) -> "ShardScorer":
        """Set a new process up. RETURNS (ShardScorer): As `make_scorer`."""
        import_code(self.code)
        setup_gpu(self.use_gpu, silent=True)
        return self.make_scorer()

    def make_scorer(self) -> "ShardScorer":
        """RETURNS (ShardScorer): It has loaded the model, and can score any number of shards."""
        return ShardScorer(self)

    def load(self) -> Language:
        """RETURNS (Language): The model."""
        nlp = load_pipeline(self.model)
        if self.batch_words is not None:
            find_tagger(nlp).batch_words = self.batch_words
        return nlp


def make_job(
    model: str | Path,
    output: str | Path,
    acquisition: dict[str, Any],
    *,
    budget: int | None = None,
    seed: int = 0,
    code: Path | None = None,
    use_gpu: int = -1,
    batch_words: int | None = None,
) -> ScoringJob:
    """RETURNS (ScoringJob): The job of scoring a pool. The arguments are those of `ScoringJob` and
    `score_docs`."""
    needs = needs_of(resolve_acquisition(acquisition))
    scoring = Scoring(
        acquisition=acquisition_label(acquisition),
        model=fingerprint_model(model) if needs.predicts else "",
        code=fingerprint_code(code),
        budget=budget if needs.anytime else None,
        seed=seed,
    )
    output = as_path(output)
    return ScoringJob(str(model), output, acquisition, scoring, code, use_gpu, batch_words)


def fingerprint_code(code: Path | None) -> str:
    """RETURNS (str): The hash of the user's own code; empty if there is none."""
    return hash_bytes(code.read_bytes()) if code else ""


class ShardScorer:
    """Scores one shard after the other. The scores of a shard depend on the job and the shard, and
    on nothing else: neither on the shards before it nor on the process.

    nlp (Language): The job's pipeline.
    """

    def __init__(self, job: ScoringJob):
        self.job, self.nlp = job, job.load()
        self.function = resolve_acquisition(job.acquisition)
        self.folder = ScoreFolder(job.output)
        self._words = 0  # that this pipeline has scored

    def __call__(self, task: ShardTask) -> int:
        """Score a shard and write its file. RETURNS (int): How many sentences have a score."""
        scoring = self.job.scoring
        if self._words >= RENEW_AFTER:
            self._renew()
        scores = score_shard(
            self.nlp, task, self.function, budget=scoring.budget, seed=scoring.seed
        )
        self._words += sum(score.words for score in scores)
        return self.folder.write(task, scores, scoring)

    def _renew(self) -> None:
        """Load the model anew. The hash tables of a vocab keep a place for each word that was ever
        in them, so they would grow with the pool."""
        job, self._words = self.job, 0
        if job.scoring.model and fingerprint_model(job.model) != job.scoring.model:
            raise DeepALError(
                f"{job.model} has changed since its scoring began. Score the pool again: shards "
                "that the old model has scored are scored anew."
            )
        del self.nlp  # before there is a second one
        gc.collect()
        self.nlp = job.load()
