"""Engines: where the shards of a pool are scored. Each gives the same scores, to the last bit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from ..errors import DeepALError
from ..workers import in_processes
from .ray_cluster import RayCluster

if TYPE_CHECKING:
    from .score_folder import ShardTask
    from .scoring_job import ScoringJob


EngineName = Literal["processes", "ray"]


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


def make_engine(
    n_process: int, engine: EngineName = "processes", address: str | None = None
) -> ScoringEngine:
    """Choose an engine.

    n_process (int): How many processes score at once. With 1, it is this one.
    engine (str): Where they are: "processes" of this machine, or those of a cluster of "ray".
    address (str | None): As for `RayCluster`.
    RAISES (DeepALError): There is an address, and no Ray to look there.
    """
    if engine == "ray":
        return RayCluster(n_process, address)
    if address is not None:
        raise DeepALError("--address is that of a Ray cluster. Add --engine ray.")
    return in_process if n_process == 1 else Processes(n_process)
