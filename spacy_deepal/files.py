"""Files and folders that are there whole or not at all, and JSON that says where it is wrong."""

import glob
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar
from uuid import uuid4

from pydantic import BaseModel, ValidationError

from .errors import DeepALError, describe_error

REPLACEMENT, EARLIER = ".replacement", ".earlier"  # folders while others are being replaced


class Row(BaseModel):
    """A row whose values have exactly the types that it declares, and no NaN among them."""

    model_config = {"strict": True, "frozen": True, "allow_inf_nan": False}


RowType = TypeVar("RowType", bound=Row)


@contextmanager
def write_atomically(path: str | Path, mode: str = "w") -> Iterator[IO]:
    """Open a file for writing. It appears under its name when all is written; after an error it
    does not. Missing folders above it are made.

    mode (str): "w" for text, "wb" for bytes.
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
    """Write an indented JSON file, whole or not at all."""
    with write_atomically(path) as stream:
        print(json.dumps(data, indent=2, ensure_ascii=False), file=stream)


def read_json(path: str | Path) -> Any:
    """Read a JSON file. Floats come back to the last bit; those of srsly do not.

    RAISES (DeepALError): There is no such file, or it is not JSON.
    """
    with _open_to_read(path) as stream:
        return _parse_json(stream.read(), str(path))


def write_jsonl(path: str | Path, lines: Iterable[Any]) -> int:
    """Write a JSON value on each line, whole or not at all. RETURNS (int): The number of lines."""
    count = 0
    with write_atomically(path) as stream:
        for line in lines:
            print(json.dumps(line, ensure_ascii=False), file=stream)
            count += 1
    return count


def placed_jsonl(path: str | Path) -> Iterator[tuple[str, Any]]:
    """Read a file with a JSON value on each line as a stream. Blank lines are skipped.

    YIELDS (tuple[str, Any]): The place for an error message ("FILE, line 3"), and the value.
    RAISES (DeepALError): There is no such file, or a line is not JSON.
    """
    with _open_to_read(path) as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                place = f"{path}, line {number}"
                yield place, _parse_json(line, place)


def parse_row(row: type[RowType], value: Any, where: str, remedy: str) -> RowType:
    """RETURNS (Row): A value read from JSON, checked.

    where, remedy (str): For the message: file and line, and what the user can do.
    RAISES (DeepALError): For the first key that is missing or wrong.
    """
    try:
        return row.model_validate(value)
    except ValidationError as error:
        raise DeepALError(f"{where}: {describe_error(error.errors()[0])}. {remedy}") from error


def read_rows(row: type[RowType], path: Path, remedy: str) -> list[RowType]:
    """Read a JSONL file of rows, with the errors of `placed_jsonl` and `parse_row`."""
    return [parse_row(row, value, where, remedy) for where, value in placed_jsonl(path)]


def _open_to_read(path: str | Path) -> IO[bytes]:
    try:
        return Path(path).open("rb")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DeepALError(f"There is no file {path}.") from error
    except OSError as error:
        raise DeepALError(f"{path} cannot be read: {error.strerror}.") from error


def _parse_json(text: bytes, place: str) -> Any:
    try:
        return json.loads(text.decode("utf-8-sig"))
    except ValueError as error:
        raise DeepALError(f"{place} is not JSON: {error}.") from error
    except RecursionError as error:
        raise DeepALError(f"{place} is nested too deeply.") from error


@contextmanager
def draft_beside(folder: Path) -> Iterator[Path]:
    """Make a new hidden folder beside the given one, or raise a DeepALError. What is left of it at
    the end is removed."""
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
    """Put a finished folder in another one's place. The old one is removed when the new one is
    there; if anything goes wrong before, the old one is put back, at the latest by the next
    `put_back`."""
    folder = folder.resolve()
    earlier = draft.with_name(f"{draft.name}.earlier")
    try:
        if folder.exists():
            folder.replace(earlier)
        draft.replace(folder)
    finally:
        if earlier.exists() and not folder.exists():
            earlier.replace(folder)
    shutil.rmtree(earlier, ignore_errors=True)


def put_back(folder: Path) -> None:
    """Put a folder back, if `replace_folder` was killed when it had taken it away."""
    folder = folder.resolve()
    if not folder.exists():
        for earlier in sorted(folder.parent.glob(f".{glob.escape(folder.name)}.*.earlier")):
            earlier.replace(folder)
            return


def replace_together(draft: Path, folder: Path) -> None:
    """Put the finished folders of a draft in the places of those of the same names in a folder: all
    of them or none.

    At no moment are old and new ones there side by side. If the process is killed on the way, some
    are missing, and `finish_replacement` puts the new ones there.

    draft (Path): A folder on the same disk. It is used up.
    """
    draft.replace(folder / REPLACEMENT)  # from here on the new ones count
    finish_replacement(folder)


def finish_replacement(folder: Path) -> None:
    """Finish what `replace_together` has begun, if it was killed."""
    waiting = folder / REPLACEMENT
    if not waiting.is_dir():
        return
    earlier = waiting / EARLIER
    earlier.mkdir(exist_ok=True)
    new = [path for path in waiting.iterdir() if path.name != EARLIER]
    for path in new:
        if (folder / path.name).exists():
            (folder / path.name).replace(earlier / path.name)
    for path in new:
        path.replace(folder / path.name)
    shutil.rmtree(waiting, ignore_errors=True)


def check_replaceable(folder: Path, is_ours: Callable[[Path], bool], what: str) -> None:
    """Make sure that a folder can be replaced and nothing is lost but an earlier version of it. If
    that was taken away by a process that was killed, put it back.

    is_ours (Callable): Whether a path in the folder is part of such an earlier version.
    what (str): What the folder is to hold, such as "a pool".
    RAISES (DeepALError): The folder is a file, or it holds other things.
    """
    put_back(folder)
    if folder.exists() and not folder.is_dir():
        raise DeepALError(f"{folder} is a file. Name a folder to write {what} to.")
    if others := sorted(path.name for path in folder.glob("*") if not is_ours(path)):
        raise DeepALError(
            f"{folder} holds other things than {what} ({others[0]!r}, {len(others)} in all). It is "
            "left as it is. Name a new or an empty folder."
        )
