"""Runs side by side, each in its own process: small models gain little from a second thread."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

import torch

from ..errors import DeepALError
from ..progress import hide_progress_bars

Job = Callable[[], Any]


def do_jobs(
    jobs: Iterable[Job], processes: int = 1, *, code: Path | None = None, use_gpu: int = -1
) -> None:
    """Do jobs in their order, several at a time. With 1 process, they are done here.

    The processes share the number of threads of this one.

    jobs (Iterable[Callable]): Functions that pickle finds by name, or partial objects of such.
    processes (int): How many jobs are done at the same time.
    code (Path | None): A Python file that each process imports first.
    use_gpu (int): GPU id. With -1, the CPU.
    RAISES (Exception): What the first failing job raised, after the jobs that had begun have ended.
        The others are not begun. DeepALError: If a process was killed.
    """
    if processes == 1:
        for job in jobs:
            job()
        return
    initial = (max(1, torch.get_num_threads() // processes), code, use_gpu)
    running: set[Future] = set()
    try:
        with (
            ProcessPoolExecutor(processes, get_context("spawn"), _set_up, initial) as pool,
            _ended_with_us(),
        ):
            for job in jobs:  # one by one: what the pool has been given cannot be called back
                if len(running) == processes:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()
                running.add(pool.submit(job))
            for future in as_completed(running):
                future.result()
    except BrokenProcessPool as error:
        raise DeepALError(
            "One of the processes was killed. That happens when memory is full. What is finished "
            "is kept. Give the same command again, with --processes 1 to need less memory."
        ) from error


@contextmanager
def _ended_with_us() -> Iterator[None]:
    """End the processes of the jobs if this one is asked to end. Ctrl-C reaches them by itself."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception | KeyboardInterrupt):
            for process in active_children():
                process.terminate()
        raise


def _set_up(threads: int, code: Path | None, use_gpu: int) -> None:
    from spacy.cli._util import import_code, setup_gpu

    hide_progress_bars()  # those of several processes would overwrite each other
    torch.set_num_threads(threads)
    import_code(code)
    setup_gpu(use_gpu, silent=True)
