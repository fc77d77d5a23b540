"""Runs side by side, each in a process of its own: with small models a second process does twice
the work, where a second thread does a tenth more (docs/benchmarks.md)."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from queue import Queue
from typing import Any

import torch
from tqdm import tqdm

ENDED = None


Job = Callable[..., Any]


def do_jobs(
    jobs: Mapping[str, Job],
    processes: int = 1,
    *,
    code: Path | None = None,
    use_gpu: int = -1,
    begin: Callable[[str], None] = lambda title: None,
    progress: Callable[[str, Any], None] = lambda title, line: None,
) -> None:
    """Do the jobs in their order, so many at a time; 1: here, one after the other.

    The processes share the number of threads of this one.

    jobs (Mapping[str, Callable]): What to do, by its title: functions that pickle finds by name, or
        partial objects of such. They are called with `report`, a function for what is to be told.
    code (Path | None): Python file that a process imports first.
    begin, progress (Callable): Are called here: with the title of a job that begins; with a job's
        title and what it reports.
    RAISES (Exception): What the first job that failed raised, when those that had begun have ended;
        the others are not begun.
    """
    if processes == 1:
        for title, job in jobs.items():
            begin(title)
            job(report=partial(progress, title))
        return
    context = get_context("spawn")
    initial = (thread_share(processes), code, use_gpu)
    with (
        context.Manager() as manager,
        ProcessPoolExecutor(processes, context, _set_up, initial) as pool,
        tqdm(desc="runs", total=len(jobs), unit="run", disable=None) as bar,
    ):
        queue = manager.Queue()
        futures = [pool.submit(_do, title, job, queue) for title, job in jobs.items()]
        for future in futures:
            future.add_done_callback(lambda _: queue.put(ENDED))
        for _ in jobs:
            while (message := queue.get()) is not ENDED:
                title, *line = message
                with tqdm.external_write_mode():
                    progress(title, *line) if line else begin(title)
            bar.update()
            if any(map(_failed, futures)):
                pool.shutdown(wait=False, cancel_futures=True)
        for future in futures:
            future.result()


def thread_share(processes: int) -> int:
    """RETURNS (int): Torch threads of each of so many processes."""
    return max(1, torch.get_num_threads() // processes)


def _failed(future: Future) -> bool:
    return future.done() and not future.cancelled() and future.exception() is not None


def _set_up(threads: int, code: Path | None, use_gpu: int) -> None:
    from spacy.cli._util import import_code, setup_gpu

    tqdm.display = lambda *args, **kwargs: None  # the lines of several bars would run together
    torch.set_num_threads(threads)
    import_code(code)
    setup_gpu(use_gpu, silent=True)


def _do(title: str, job: Job, queue: Queue) -> None:
    queue.put((title,))
    job(report=lambda line: queue.put((title, line)))
