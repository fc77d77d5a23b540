"""Engines: where the shards of a pool are scored. Each gives the same scores, to the last bit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..workers import in_processes

if TYPE_CHECKING:
    from .score_folder import ShardTask
    from .scoring import ScoringJob


class ScoringEngine(Protocol):
    """Scores shards. It gets paths, and what it writes are files."""

    def __call__(self, job: "ScoringJob", tasks: "Iterable[ShardTask]") -> Iterator[int]:
        """Score shards. YIELDS (int): The number of scores of each, in any order."""


def in_process(job: "ScoringJob", tasks: "Iterable[ShardTask]") -> Iterator[int]:
    """Score one shard after the other in this process."""
    scorer = None
    for task in tasks:
        scorer = scorer or job.make_scorer()
        yield scorer(task)


@dataclass(frozen=True)
class Processes:
    """Scores shards in processes of this machine, each with one thread of torch.

    count (int): How many processes there are.
    """

    count: int

    def __call__(self, job: "ScoringJob", tasks: "Iterable[ShardTask]") -> Iterator[int]:
        return in_processes(job.begin_worker, tasks, self.count)


def make_engine(n_process: int) -> ScoringEngine:
    """RETURNS (ScoringEngine): The engine with so many processes."""
    return in_process if n_process == 1 else Processes(n_process)
