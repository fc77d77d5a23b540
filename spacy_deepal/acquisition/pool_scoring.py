"""Score a pool into a folder: the shards that have no scores there yet, wherever an engine runs."""

from collections.abc import Collection, Iterator

from ..pool.pool import Pool
from ..progress import progress_bar
from .engines import ScoringEngine, in_process
from .registry import resolve_acquisition
from .score_folder import ScoreFolder, ShardTask
from .scoring_job import ScoringJob
from .whole_pool import is_pool_function


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
    fits = is_pool_function(resolve_acquisition(job.acquisition))
    folder.finish(pool, job.scoring, sum(counts), fits=fits)
    return sum(counts)
