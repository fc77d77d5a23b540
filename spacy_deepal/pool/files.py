"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import srsly


@contextmanager
def write_atomically(path: str | Path, mode: str = "w") -> Iterator[IO]:
    """Open a file for writing that takes its place when all is written, and on any error is gone.

    path (str | Path): Where it goes; folders above it are made.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with draft.open(mode, encoding=None if "b" in mode else "utf8") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_json(path: str | Path, data: Any) -> None:
    """Write JSON, indented, whole or not at all."""
    with write_atomically(path) as stream:
        stream.write(srsly.json_dumps(data, indent=2) + "\n")
