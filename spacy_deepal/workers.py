"""Worker processes: each does one item after the other, and ends with the process that began it."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.connection import wait as wait_for
from typing import Any, TypeVar

import torch

from .errors import DeepALError
from .progress import hide_progress_bars

Item = TypeVar("Item")
Result = TypeVar("Result")
AHEAD = 2  # items that a process has been given before it asks for them

_work: Callable[[Any], Any] | None = None  # of this process, if it is a worker


def in_processes(
    make: Callable[[], Callable[[Item], Result]],
    items: Iterable[Item],
    processes: int,
    *,
    ahead: int = AHEAD,
) -> Iterator[Result]:
    """Have worker processes do items.

    make (Callable): Makes the function that does an item, once in each process. It must be one that
        pickle finds by name, or a partial object or method of such.
    items (Iterable): They are read when a process is free.
    ahead (int): How many items each process gets before it has done those that it has.
    YIELDS (Result): What the items give, in the order in which they are done.
    RAISES (Exception): What the first failing item raised, when those that were handed over are
        done.
        DeepALError: A process was killed.
    """
    running: set[Future] = set()
    executor = ProcessPoolExecutor(processes, get_context("spawn"), _begin, (make,))
    try:
        with executor, _ended_with_us():
            for item in items:  # one by one: what was handed over cannot be called back
                if len(running) == ahead * processes:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
                running.add(executor.submit(_do, item))
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
    except BrokenProcessPool as error:
        raise DeepALError(
            "One of the processes was killed. That happens when memory is full. What is finished "
            "is kept. Give the same command again, with fewer processes to need less memory."
        ) from error


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread of torch, wherever that is: another number changes the last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _begin(make: Callable[[], Callable[[Any], Any]]) -> None:
    global _work
    threading.Thread(target=_end_with_parent, daemon=True).start()
    hide_progress_bars()  # those of several processes would overwrite each other

    def first(item: Any) -> Any:  # an error in `make` belongs to an item; here it would be lost
        global _work
        _work = make()
        return _work(item)

    _work = first


def _do(item: Any) -> Any:
    assert _work is not None
    return _work(item)


def _end_with_parent() -> None:
    """Wait until the parent has ended, even if it was killed, and end this process."""
    parent = parent_process()
    assert parent is not None
    wait_for([parent.sentinel])
    os._exit(1)


@contextmanager
def _ended_with_us() -> Iterator[None]:
    """End the processes if this one is asked to end. Ctrl-C reaches them by itself."""
    others = active_children()
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception | KeyboardInterrupt):
            for process in active_children():
                if process not in others:
                    process.terminate()
        raise
