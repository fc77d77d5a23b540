"""Files that are there whole or not at all."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from .errors import DeepALError


@contextmanager
def write_atomically(path: str | Path, mode: str = "w") -> Iterator[IO]:
    """Open a file for writing that takes its place when all is written, and on any error is gone.

    path (str | Path): Where it goes; folders above it are made.
    RAISES (DeepALError): Nothing can be written there.
    """
    path = Path(path)
    if path.is_dir():
        raise DeepALError(f"{path} is a folder. Name a file to write to.")
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = draft.open(mode, encoding=None if "b" in mode else "utf8")
    except OSError as error:
        raise DeepALError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_json(path: str | Path, data: Any) -> None:
    """Write JSON, indented, whole or not at all."""
    with write_atomically(path) as stream:
        stream.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def read_json(path: str | Path) -> Any:
    """RETURNS: What `write_json` wrote. Floats come back to the last bit, which srsly's do not."""
    return json.loads(Path(path).read_text(encoding="utf8"))


def write_jsonl(path: str | Path, lines: Iterable[Any]) -> int:
    """Write JSON, a line an item, whole or not at all. RETURNS (int): The number of lines."""
    count = 0
    with write_atomically(path) as stream:
        for line in lines:
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            count += 1
    return count


def read_jsonl(path: str | Path) -> list[Any]:
    """RETURNS (list): What `write_jsonl` wrote."""
    with Path(path).open(encoding="utf8", newline="\n") as stream:
        return [json.loads(line) for line in stream]


@contextmanager
def draft_beside(folder: Path) -> Iterator[Path]:
    """A new hidden folder beside the given one; at the end what is left of it is removed.

    RAISES (DeepALError): It cannot be made.
    """
    folder = folder.resolve()
    draft = folder.with_name(f".{folder.name}.{uuid4().hex[:8]}")
    try:
        draft.mkdir(parents=True)
    except OSError as error:
        raise DeepALError(f"{folder} cannot be written: {error.strerror}.") from error
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def replace_folder(draft: Path, folder: Path) -> None:
    """Put the finished draft in the folder's place; the earlier one is kept until it is there, and
    goes back where anything interrupts that."""
    folder = folder.resolve()
    earlier = draft.with_name(f"{draft.name}.earlier")
    try:
        if folder.exists():
            folder.rename(earlier)
        draft.rename(folder)
    finally:
        if earlier.exists() and not folder.exists():
            earlier.rename(folder)
    shutil.rmtree(earlier, ignore_errors=True)


def move_folder(draft: Path, folder: Path) -> None:
    """Put a finished folder in its place, whole or not at all; what was there before goes."""
    if folder.exists():
        shutil.rmtree(folder)
    draft.replace(folder)
