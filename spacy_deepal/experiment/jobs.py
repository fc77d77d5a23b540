"""Runs side by side, each in its own process: small models gain little from a second thread."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ..workers import in_processes, one_thread

Job = Callable[[], Any]


def do_jobs(
    jobs: Iterable[Job], processes: int = 1, *, code: Path | None = None, use_gpu: int = -1
) -> None:
    """Do jobs in their order, several at a time. With 1 process, they are done here. A job always
    has one thread of torch, so its result does not depend on how many are done at once.

    jobs (Iterable[Callable]): Functions that pickle finds by name, or partial objects of such.
    processes (int): How many jobs are done at the same time.
    code (Path | None): A Python file that each process imports first.
    use_gpu (int): GPU id. With -1, the CPU.
    RAISES (Exception): What the first failing job raised, after the jobs that had begun have ended.
        The others are not begun. DeepALError: If a process was killed.
    """
    if processes > 1:
        for _ in in_processes(partial(_set_up, code, use_gpu), jobs, processes, ahead=1):
            pass
        return
    with one_thread():
        for job in jobs:
            job()


def _set_up(code: Path | None, use_gpu: int) -> Callable[[Job], Any]:
    """RETURNS (Callable): What does a job in a new process."""
    from spacy.cli._util import import_code, setup_gpu

    torch.set_num_threads(1)
    import_code(code)
    setup_gpu(use_gpu, silent=True)
    return lambda job: job()
