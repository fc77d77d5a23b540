"""Drafts: files and folders on their way to their place, and what a dead process left of them."""

import errno
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from .errors import DeepALError

PART, EARLIER = ".part", ".earlier"
# A process is known by its number and the machine: several machines may share a disk.
MACHINE = blake2b(platform.node().encode(), digest_size=4).hexdigest()
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, None}  # None: numpy's own errors
_mine: dict[Path, Path] = {}  # by draft, what it will be


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """Reserve a hidden name beside a path. What is left there at the end is removed, and so is what
    a process that is dead left of an earlier draft of the same path.

    RAISES (DeepALError): Nothing can be written there, or the disk is full.
    """
    draft = path.with_name(f".{path.name}.{MACHINE}-{os.getpid()}{PART}")
    with writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            remove_dead_drafts(path)
        except OSError as error:
            raise DeepALError(
                f"{_shown(path)} cannot be written: {error.strerror}. Name another path."
            ) from error
        _mine[draft] = path
        try:
            yield draft
        finally:
            del _mine[draft]
            _remove(draft)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """RAISES (DeepALError): The disk became full, or read only, while a path was written."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise DeepALError(
            f"{_shown(path)} cannot be written: {error.strerror or error}. Make room there, or "
            "name another path."
        ) from error


def _shown(path: Path) -> Path:
    """RETURNS (Path): A path as people know it: in the place of a draft, what it will be."""
    for draft, target in reversed(_mine.items()):  # a draft may lie in an older one
        if path.is_relative_to(draft):
            return _shown(target / path.relative_to(draft))
    return path


def remove_dead_drafts(path: Path) -> None:
    """Remove the drafts of a path whose processes are dead. If such a process had just moved the
    path itself out of the way, the path is put back."""
    start, end = f".{path.name}.{MACHINE}-", (PART, PART + EARLIER)
    if not path.parent.is_dir():
        return
    for found in sorted(path.parent.iterdir()):
        if found.name.startswith(start) and found.name.endswith(end):
            process = found.name.removeprefix(start).partition(".")[0]
            draft = found.with_name(found.name.removesuffix(EARLIER))
            if process.isdecimal() and draft not in _mine and not _is_alive(int(process)):
                settle_earlier(found, path) if found != draft else _remove(found)


def settle_earlier(earlier: Path, folder: Path) -> None:
    """End the replacement of a folder: put the earlier one back if the new one did not come, or
    else remove it."""
    if earlier.exists() and not folder.exists():
        earlier.replace(folder)
    _remove(earlier)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    """RETURNS (bool): Whether another process runs; on Windows, where asking could end it, True."""
    if process == os.getpid() or os.name == "nt":
        return process != os.getpid()
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to someone else
        return True
    return True
