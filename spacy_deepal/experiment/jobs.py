"""Runs side by side, each in a process of its own: small models gain little from a second thread
(docs/benchmarks.md)."""

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from ..errors import DeepALError

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
        the others are not begun. DeepALError: A process was killed.
    """
    if processes == 1:
        for title, job in jobs.items():
            begin(title)
            job(report=partial(progress, title))
        return
    context = get_context("spawn")
    messages, stop = context.SimpleQueue(), context.Event()
    initial = (messages, stop, thread_share(processes), code, use_gpu)
    with (
        ProcessPoolExecutor(processes, context, _set_up, initial) as pool,
        tqdm(desc="runs", total=len(jobs), unit="run", disable=None) as bar,
        ExitStack() as interrupted,
    ):
        interrupted.callback(stop.set)
        futures = [pool.submit(_do, title, job) for title, job in jobs.items()]
        for future in futures:
            future.add_done_callback(lambda _: messages.put(ENDED))
        for _ in jobs:
            while (message := messages.get()) is not ENDED:
                title, *line = message
                with tqdm.external_write_mode():
                    progress(title, *line) if line else begin(title)
            bar.update()
        try:
            for future in futures:
                future.result()
        except BrokenProcessPool as error:
            raise DeepALError(
                "One of the processes was killed, as happens when memory is full. What is finished "
                "is kept: give the same command again, with --processes 1 to need less memory."
            ) from error


def thread_share(processes: int) -> int:
    """RETURNS (int): Torch threads of each of so many processes."""
    return max(1, torch.get_num_threads() // processes)


_shared: dict[str, Any] = {}  # of a process: what its jobs tell to the one that began it


def _set_up(messages: Any, stop: Any, threads: int, code: Path | None, use_gpu: int) -> None:
    from spacy.cli._util import import_code, setup_gpu

    _shared.update(messages=messages, stop=stop)
    tqdm.display = lambda *args, **kwargs: None  # the lines of several bars would run together
    torch.set_num_threads(threads)
    import_code(code)
    setup_gpu(use_gpu, silent=True)


def _do(title: str, job: Job) -> None:
    """A pool has given its processes a job more than they can do before it can be cancelled: after
    a failure or Ctrl+C each job is to look for itself."""
    messages, stop = _shared["messages"], _shared["stop"]
    if stop.is_set():
        return
    messages.put((title,))
    with ExitStack() as failed:
        failed.callback(stop.set)
        job(report=lambda line: messages.put((title, line)))
        failed.pop_all()
