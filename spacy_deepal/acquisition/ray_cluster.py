"""Ray: the shards of a pool are scored on many machines that share a disk, or read a URL."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DeepALError
from ..extras import import_extra
from ..progress import hide_progress_bars

if TYPE_CHECKING:
    from .score_folder import ShardTask
    from .scoring_job import ScoringJob, ShardScorer

ANSWER_WITHIN = 10.0  # seconds to wait for a cluster to answer
RETRIES = 3  # how often a worker that died is started again, and a shard that it was scoring


@dataclass(frozen=True)
class RayCluster:
    """Scores shards by Ray actors. Each loads the model once, and gets paths alone: the model must
    have the same path on all machines, and so must the pool and the scores, unless they are at
    URLs. If a worker dies, another one takes its place and its shard.

    count (int): How many workers there are.
    address (str | None): The cluster. With None, it is what RAY_ADDRESS says, or else this machine.
    """

    count: int
    address: str | None = None

    def __call__(self, job: "ScoringJob", tasks: "Iterable[ShardTask]") -> Iterator[int]:
        ray = _import_ray()
        job = replace(job, model=_absolute(job.model), output=job.output.absolute())
        if job.code is not None:
            job = replace(job, code=job.code.absolute())
        options: dict[str, Any] = {}
        if job.use_gpu >= 0:  # Ray gives each worker a GPU of its own, the only one that it sees
            job, options = replace(job, use_gpu=0), {"num_cpus": 1, "num_gpus": 1}
        with _connected(ray, self.address, self.count):
            if options:
                _check_gpus(ray, self.count)
            worker = ray.remote(max_restarts=RETRIES, max_task_retries=RETRIES, **options)(_Worker)
            idle = [worker.remote(job) for _ in range(self.count)]
            busy: dict[Any, Any] = {}  # the worker of each result that is awaited
            for task in tasks:
                folder = task.shard.folder.absolute()
                task = task._replace(shard=task.shard._replace(folder=folder))
                if not idle:
                    yield from _await_one(ray, busy, idle)
                actor = idle.pop()
                busy[actor.score.remote(task)] = actor
            while busy:
                yield from _await_one(ray, busy, idle)


class _Worker:
    """An actor. It loads the model with its first shard: an error then belongs to that shard."""

    def __init__(self, job: "ScoringJob"):
        self._job = job
        self._scorer: ShardScorer | None = None

    def score(self, task: "ShardTask") -> int:
        if self._scorer is None:
            hide_progress_bars()
            self._scorer = self._job.begin_worker()
        return self._scorer(task)


def _check_gpus(ray: Any, count: int) -> None:
    """RAISES (DeepALError): There are fewer GPUs than workers. Ray would wait for more."""
    gpus = int(ray.cluster_resources().get("GPU", 0))
    if gpus < count:
        fewer = f"Set n_process to {gpus} or less" if gpus else "Score on the CPU (--gpu-id -1)"
        raise DeepALError(
            f"GPUs in the Ray cluster: {gpus}. Each of {count} processes needs one. {fewer}, or "
            "add machines with GPUs."
        )


def _await_one(ray: Any, busy: dict[Any, Any], idle: list[Any]) -> Iterator[int]:
    """Wait for a shard. Its worker is idle then. YIELDS (int): The number of its scores.

    RAISES (Exception): What scoring it raised. DeepALError: Its worker died again and again.
    """
    (done,), _ = ray.wait(list(busy))
    idle.append(busy.pop(done))
    try:
        yield ray.get(done)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except (ray.exceptions.RayActorError, ray.exceptions.OutOfMemoryError) as error:
        raise DeepALError(
            f"A worker of Ray died {RETRIES + 1} times. That happens when memory is full. What is "
            "finished is kept. Give the same command again, with fewer processes on each machine."
        ) from error


@contextmanager
def _connected(ray: Any, address: str | None, count: int) -> Iterator[None]:
    """Connect to a cluster, or start one on this machine and end it."""
    if ray.is_initialized():
        yield
        return
    address = address or os.environ.get("RAY_ADDRESS")
    local: dict[str, Any] = {"include_dashboard": False, "num_cpus": count}
    options = {"address": address} if address else local
    try:
        host, _, port = (address or "").removeprefix("ray://").rpartition(":")
        if host:  # Ray itself would try for minutes
            socket.create_connection((host, int(port)), timeout=ANSWER_WITHIN).close()
        with _sigterm_as_before():
            ray.init(log_to_driver=False, logging_level=logging.ERROR, **options)
    except (OSError, ValueError) as error:
        raise DeepALError(
            f"There is no Ray cluster at {address}: {error}. Start one with `ray start --head`, or "
            "leave the address out to use this machine alone."
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _sigterm_as_before() -> Iterator[None]:
    """Keep what SIGTERM does here. `ray.init` would have it end the process without a message."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def _absolute(model: str) -> str:
    return str(Path(model).absolute()) if Path(model).exists() else model


def _import_ray() -> Any:
    """RETURNS (module): Ray. RAISES (DeepALError): It is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    return import_extra("ray", "ray", " on all machines")
