"""Runs side by side, each in its own process: small models gain little from a second thread."""

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from ..errors import DeepALError
from ..progress import above_progress_bars, hide_progress_bars, progress_bar

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
    """Do jobs in their order, several at a time. With 1 process, they are done here.

    The processes share the number of threads of this one.

    jobs (Mapping[str, Callable]): What to do, by title: functions that pickle finds by name, or
        partial objects of such. Each is called with `on_round`, a function that takes what is to be
        told, such as the metrics of a round.
    processes (int): How many jobs are done at the same time.
    code (Path | None): A Python file that each process imports first.
    use_gpu (int): GPU id. With -1, the CPU.
    begin (Callable): Called here with the title of a job that begins.
    progress (Callable): Called here with the title of a job and what it tells.
    RAISES (Exception): What the first failing job raised, after the jobs that had begun have ended.
        The others are not begun. DeepALError: If a process was killed.
    """
    if processes == 1:
        for title, job in jobs.items():
            begin(title)
            job(on_round=partial(progress, title))
        return
    context = get_context("spawn")
    messages, stop = context.SimpleQueue(), context.Event()
    initial = (messages, stop, thread_share(processes), code, use_gpu)
    with (
        ProcessPoolExecutor(processes, context, _set_up, initial) as pool,
        progress_bar(title="runs", total=len(jobs), unit="run", leave=True) as bar,
        ExitStack() as interrupted,
    ):
        interrupted.callback(stop.set)
        futures = [pool.submit(_do, title, job) for title, job in jobs.items()]
        for future in futures:
            future.add_done_callback(lambda _: messages.put(ENDED))
        for _ in jobs:
            for title, *line in iter(messages.get, ENDED):
                with above_progress_bars():
                    progress(title, *line) if line else begin(title)
            bar.update()
        try:
            for future in futures:
                future.result()
        except BrokenProcessPool as error:
            raise DeepALError(
                "One of the processes was killed. That happens when memory is full. What is "
                "finished is kept. Give the same command again, with --processes 1 to need less "
                "memory."
            ) from error


def thread_share(processes: int) -> int:
    """RETURNS (int): The number of torch threads for each of several processes."""
    return max(1, torch.get_num_threads() // processes)


_shared: dict[str, Any] = {}  # how the jobs of this process talk to the process that began it


def _set_up(messages: Any, stop: Any, threads: int, code: Path | None, use_gpu: int) -> None:
    from spacy.cli._util import import_code, setup_gpu

    _shared.update(messages=messages, stop=stop)
    hide_progress_bars()  # the lines of several processes would run together
    torch.set_num_threads(threads)
    import_code(code)
    setup_gpu(use_gpu, silent=True)


def _do(title: str, job: Job) -> None:
    """Do a job, unless another one has failed. A pool hands out one job more than its processes can
    do, and that job cannot be cancelled any more; so each job looks for itself."""
    messages, stop = _shared["messages"], _shared["stop"]
    if stop.is_set():
        return
    messages.put((title,))
    with ExitStack() as failed:
        failed.callback(stop.set)
        job(on_round=lambda line: messages.put((title, line)))
        failed.pop_all()
