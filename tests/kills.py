"""Kills a command right before its n-th change of the disk, as SIGKILL would: nothing is cleared
away, and what was not flushed is lost.

A command runs in a fork of this process, so that nothing is imported again. Any command can be
tried: `ends_the_same_after_any_kill` needs its arguments and the folder that it writes in.
"""

import os
import re
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from .pools import call

NEVER = -1
KILLED = 77  # the exit status of a process that was killed
FAILED = 78
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink"}
Work = Callable[[Path], None]


def command(*args: object, ends: int = 0, says: str = "") -> Work:
    """RETURNS (Callable): Runs `spacy deepal …`; FOLDER in an argument is the folder given.

    ends (int), says (str): Its exit status, and what is in its output.
    """

    def work(folder: Path) -> None:
        status, output = call(*(str(arg).replace("FOLDER", str(folder)) for arg in args))
        assert (status, says in output) == (ends, True), output

    return work


def _die() -> None:
    os._exit(KILLED)


def interrupt() -> None:
    """Ctrl-C, for `in_a_fork`."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells may have had it ignored
    os.kill(os.getpid(), signal.SIGINT)


def in_a_fork(
    work: Work, folder: Path, kill_at: int = NEVER, stop: Callable[[], None] = _die
) -> tuple[int, list[str]]:
    """Do something in a fork, and kill it right before one of its changes in a folder.

    kill_at (int): The number of the change, from 0.
    stop (Callable): What is done in place of a kill.
    RETURNS (int, list[str]): The exit status, and the changes that were made: what was done, and in
        which folder.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _do(work, folder, kill_at, writer, stop)
    os.close(writer)
    with os.fdopen(reader, "rb") as counted:
        steps = counted.read().decode().splitlines()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), steps


def _do(
    work: Work, folder: Path, kill_at: int, writer: int, stop: Callable[[], None] = _die
) -> None:
    status = FAILED
    try:
        torch.set_num_threads(1)
        count = 0

        def change(what: str) -> None:
            nonlocal count
            count += 1
            if count == kill_at + 1:
                stop()
            os.write(writer, f"{what}\n".encode())

        inside = f"{folder}{os.sep}"

        def audited(event: str, args: tuple) -> None:
            if event == "open":
                path, _, flags = args
                if isinstance(path, str | Path) and str(path).startswith(inside) and flags & WRITES:
                    change(f"open in {_place(path)}")
            elif event == "os.mkdir" and Path(args[0]).exists():
                return
            elif event in CHANGES and str(args[0]).startswith(inside):
                change(f"{event} in {_place(args[0])}")

        fsync = os.fsync

        def counted_fsync(descriptor: int) -> None:
            change("fsync")
            fsync(descriptor)

        os.fsync = counted_fsync
        sys.addaudithook(audited)
        work(folder)
        status = 0
    finally:
        try:
            if status == FAILED:
                traceback.print_exc()  # which fails itself on a full disk
        finally:
            os._exit(status)  # nothing of this process's end is the child's


def _place(path: str | Path) -> str:
    """RETURNS (str): The folder of a path; of all that is in a pipeline's folder, this one."""
    folder = str(Path(path).parent)
    return re.sub(r"(/model-(last|best)).*", r"\1", folder)


def content(folder: Path) -> dict[str, bytes]:
    """RETURNS (dict): All files of a folder, hidden ones too."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def ends_the_same_after_any_kill(
    work: Work,
    begin: Path,
    here: Path,
    seen: Callable[[Path], object] = content,
    *,
    alike: bool = True,
    every: int = 1,
) -> int:
    """Assert that after a kill at any change, the next start ends as if nothing had happened.

    begin (Path): The folder as it is before; it is copied for each try.
    here (Path): Where the copy lies: always the same place, which may be written into files.
    seen (Callable): What must be the same in the end.
    alike (bool): Also try the changes between the first and the last of several in a row that do
        the same in the same folder, as when a pipeline is saved.
    every (int): Try each n-th of these changes alone, where a try takes seconds.
    RETURNS (int): The number of changes that were tried.
    """

    def start_anew() -> None:
        shutil.rmtree(here, ignore_errors=True)
        shutil.copytree(begin, here)

    start_anew()
    status, steps = in_a_fork(work, here)
    assert status == 0
    expected = seen(here)
    tried = [
        step
        for step, what in enumerate(steps)
        if alike or not steps[max(step - 1, 0)] == what == steps[min(step + 1, len(steps) - 1)]
    ][::every]
    for step in tried:
        start_anew()
        assert in_a_fork(work, here, step)[0] == KILLED, step
        assert in_a_fork(work, here)[0] == 0, step
        assert seen(here) == expected, step
    return len(tried)


def killed_after(work: Work, folder: Path, seconds: float) -> bool:
    """Kill something after some time. RETURNS (bool): It was killed before it ended."""
    child = os.fork()
    if child == 0:
        _do(work, folder, NEVER, os.open(os.devnull, os.O_WRONLY))
    for _ in _ticks(seconds):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            assert os.waitstatus_to_exitcode(status) == 0
            return False
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def _ticks(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.01)
