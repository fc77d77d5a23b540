"""Score sentences, and pools shard by shard, for the loop, the command line and the label page."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.cli._util import import_code, setup_gpu
from spacy.language import Language
from spacy.tokens import Doc

from ..errors import DeepALError
from ..pipelines import fingerprint_model, load_pipeline
from ..pool.index import hash_bytes
from ..pool.pool import Pool
from ..progress import progress_bar
from ..sentences import count_words, sentence_id
from ..tagger.evidence import Evidence, blank_evidence
from ..tagger.model import tagger_of
from ..urls import as_path
from ..workers import one_thread
from .engines import ScoringEngine, in_process
from .functions import AcquisitionFunction, finite_score, needs_of
from .registry import acquisition_label, make_acquisition, resolve_acquisition
from .score_folder import Score, ScoreFolder, Scoring, ShardTask
from .staged import sample_in_stages
from .upstream import find_tagger, prepared
from .whole_pool import final_scores


def score_docs(
    nlp: Language,
    docs: Iterable[Doc],
    acquisition: AcquisitionFunction,
    *,
    budget: int | None = None,
    seed: int = 0,
) -> Iterator[Score]:
    """Score sentences. What was scored before does not matter.

    nlp (Language): A pipeline with one `deepal_ner` component. For a function that needs no
        prediction, any pipeline will do.
    docs (Iterable[Doc]): The sentences, with the pipeline's vocab. They are read as a stream, if no
        `budget` matters.
    budget (int | None): The budget of the batch in words. A function whose needs say `anytime` then
        stops sampling sentences that can no longer be chosen: their scores are estimates, all
        others are exact. Other functions do not look at it. None: no score is an estimate.
    seed (int): Seed of random numbers and MC dropout.
    YIELDS (Score): In the order of the sentences. Those without real words are left out.
    RAISES (DeepALError): There is not one `deepal_ner` component; or a score is not a finite
        number, with the sentence's id.
    """
    needs = needs_of(acquisition)
    evidence: Iterable[Evidence]
    if not needs.predicts:
        evidence = (blank_evidence(doc, seed) for doc in docs if count_words(doc))
    else:
        tagger = find_tagger(nlp)
        tagger_of(tagger.model).forget_words()
        if budget is not None and needs.anytime:
            evidence = sample_in_stages(nlp, list(docs), acquisition, budget, seed)
        else:
            evidence = (
                item
                for chunk in prepared(nlp, tagger, docs)
                for item in tagger.evidence(
                    chunk, samples=needs.samples, decoder_only=needs.decoder_only, seed=seed
                )
            )
    for item in evidence:
        yield Score(item.id, item.words, finite_score(acquisition(item), item.id))


def score_shard(
    nlp: Language,
    task: ShardTask,
    acquisition: AcquisitionFunction,
    *,
    budget: int | None = None,
    seed: int = 0,
) -> list[Score]:
    """Score what is left of a shard: `score_docs`, on one thread and without a trace in the vocab.

    RAISES (DeepALError): As `score_docs`; the shard was removed or changed meanwhile.
    """
    # What the vocab takes in inside the zone is freed at its end, so it does not grow.
    with one_thread(), nlp.memory_zone():
        docs = task.shard.read(nlp.vocab)
        left = (doc for doc in docs if sentence_id(doc) not in task.excluded)
        return list(score_docs(nlp, left, acquisition, budget=budget, seed=seed))


def score(
    nlp: Language,
    pool: Pool | str | Path,
    acquisition: str | AcquisitionFunction = "MNLP",
    *,
    exclude: Collection[str] = frozenset(),
    budget: int | None = None,
    seed: int = 0,
) -> list[Score]:
    """Score a pool and keep the scores in memory. `spacy deepal score` writes the same ones, into
    the folder of a `ScoringJob`.

    nlp (Language): As for `score_docs`.
    pool (Pool | str | Path): The pool, or its folder.
    acquisition (str | AcquisitionFunction): A function, or its name as for `make_acquisition`. A
        function that looks at earlier rounds knows none here.
    exclude (Collection[str]): The ids of sentences that are left out.
    budget (int | None), seed (int): As for `score_docs`.
    RETURNS (list[Score]): In the order of the pool.
    RAISES (DeepALError): As `score_shard`; the function is unknown; what is excluded is no list of
        ids.
    """
    if isinstance(exclude, str):
        raise DeepALError(f"exclude={exclude!r} is a string. Give a list of ids.")
    pool = pool if isinstance(pool, Pool) else Pool(pool)
    function = make_acquisition(acquisition) if isinstance(acquisition, str) else acquisition
    excluded = frozenset(exclude)
    first: list[Score] = []
    for shard in progress_bar(pool.shards, "score", unit="shard"):
        task = ShardTask(shard, excluded)
        first += score_shard(nlp, task, function, budget=budget, seed=seed)
    return list(final_scores(function, lambda: first))


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
        nlp = load_pipeline(self.model)
        if self.batch_words is not None:
            find_tagger(nlp).batch_words = self.batch_words
        return ShardScorer(self, nlp)


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

    def __init__(self, job: ScoringJob, nlp: Language):
        self.job, self.nlp = job, nlp
        self.function = resolve_acquisition(job.acquisition)
        self.folder = ScoreFolder(job.output)

    def __call__(self, task: ShardTask) -> int:
        """Score a shard and write its file. RETURNS (int): How many sentences have a score."""
        scoring = self.job.scoring
        scores = score_shard(
            self.nlp, task, self.function, budget=scoring.budget, seed=scoring.seed
        )
        return self.folder.write(task, scores, scoring)


def score_pool(
    job: ScoringJob,
    pool: Pool,
    *,
    exclude: Collection[str] = frozenset(),
    engine: ScoringEngine = in_process,
    title: str = "score",
) -> int:
    """Score a pool into the folder of a job: the shards that have no scores there yet, or other
    ones than the job would give.

    For a `PoolFunction` these are the first scores: `PoolScores` makes final ones of them.

    exclude (Collection[str]): The ids of sentences that are left out.
    engine (ScoringEngine): Where the shards are scored. It changes no score.
    title (str): The text before the progress bar.
    RETURNS (int): How many sentences have a score.
    RAISES (DeepALError): As `score_shard`; the folder of the scores holds other things. Shards that
        are finished stay finished.
    """
    folder, excluded = ScoreFolder(job.output), frozenset(exclude)
    folder.begin(pool)
    counts = []

    def due() -> Iterator[ShardTask]:
        tasks = (
            ShardTask(shard, excluded.intersection(index.ids))
            for shard, index in zip(pool.shards, pool.index(), strict=True)
        )
        for task, current in folder.count_current(tasks, job.scoring):
            if current is None:
                yield task
            else:
                counts.append(current)

    with progress_bar(title=title, total=len(pool.shards), unit="shard") as bar:
        for count in engine(job, due()):
            counts.append(count)
            bar.update(len(counts) - bar.n)
    fits = hasattr(resolve_acquisition(job.acquisition), "fit")
    folder.finish(pool, job.scoring, sum(counts), fits=fits)
    return sum(counts)
