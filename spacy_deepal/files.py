"""Files and folders that are there whole or not at all, and JSON that says where it is wrong."""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import IO, Any, TypeVar

from pydantic import BaseModel, ValidationError

from .drafts import EARLIER, draft_of, remove_dead_drafts, settle_earlier
from .errors import DeepALError, describe_error
from .urls import as_path, is_local, is_url, list_files, open_to_read, uploaded

REPLACEMENT = ".replacement"  # a folder while others are being replaced
READ_AT_ONCE = 1 << 20  # bytes


class Row(BaseModel):
    """A row whose values have exactly the types that it declares, and no NaN among them."""

    model_config = {"strict": True, "frozen": True, "allow_inf_nan": False}


RowType = TypeVar("RowType", bound=Row)


@contextmanager
def write_atomically(path: str | Path, mode: str = "w") -> Iterator[IO]:
    """Open a file for writing. It appears under its name when all is written; after an error it
    does not. Missing folders above it are made. At a URL, it is `uploaded`.

    mode (str): "w" for text, "wb" for bytes.
    RAISES (DeepALError): Nothing can be written there.
    """
    path = as_path(path)
    if not isinstance(path, os.PathLike):
        with uploaded(path, mode) as stream:
            yield stream
        return
    path = Path(path)  # file:// is on a disk too
    if path.is_dir():
        raise DeepALError(f"{path} is a folder. Name a file to write to.")
    if path.exists() and not path.is_file():
        raise DeepALError(f"{path} is a device or a pipe, which a file would replace. Name a file.")
    with draft_of(path) as draft:
        try:
            stream = draft.open(mode, encoding=None if "b" in mode else "utf8")
        except OSError as error:
            raise DeepALError(
                f"{path} cannot be written: {error.strerror}. Name another path."
            ) from error
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)


def write_json(path: str | Path, data: Any) -> None:
    """Write an indented JSON file, whole or not at all."""
    with write_atomically(path) as stream:
        print(json.dumps(data, indent=2, ensure_ascii=False), file=stream)


def read_json(path: str | Path, remedy: str = "") -> Any:
    """Read a JSON file. Floats come back to the last bit; those of srsly do not.

    remedy (str): As for `placed_jsonl`.
    RAISES (DeepALError): There is no such file, or it is not JSON.
    """
    with _open_to_read(path, remedy) as stream:
        return _parse_json(stream.read(), str(path), remedy)


def write_jsonl(path: str | Path, lines: Iterable[Any]) -> int:
    """Write a JSON value on each line, whole or not at all. RETURNS (int): The number of lines."""
    count = 0
    with write_atomically(path) as stream:
        for line in lines:
            print(to_json_line(line), file=stream)
            count += 1
    return count


def to_json_line(value: Any) -> str:
    """RETURNS (str): A value as a line of JSONL, without its line end."""
    return json.dumps(value, ensure_ascii=False)


def placed_jsonl(
    path: str | Path, remedy: str = "", content: bytes | None = None
) -> Iterator[tuple[str, Any]]:
    """Read a file with a JSON value on each line as a stream. Blank lines are skipped.

    remedy (str): For the message: what the user can do about a line that is not JSON.
    content (bytes | None): What the file holds, if it has been read.
    YIELDS (tuple[str, Any]): The place for an error message ("FILE, line 3"), and the value.
    RAISES (DeepALError): There is no such file, or a line is not JSON.
    """
    with BytesIO(content) if content is not None else _open_to_read(path, remedy) as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                place = f"{path}, line {number}"
                yield place, _parse_json(line, place, remedy)


def parse_row(row: type[RowType], value: Any, where: str, remedy: str) -> RowType:
    """RETURNS (Row): A value read from JSON, checked.

    where, remedy (str): For the message: file and line, and what the user can do.
    RAISES (DeepALError): For the first key that is missing or wrong.
    """
    try:
        return row.model_validate(value)
    except ValidationError as error:
        raise DeepALError(f"{where}: {describe_error(error.errors()[0])}. {remedy}") from error


@contextmanager
def _open_to_read(path: str | Path, remedy: str) -> Iterator[IO[bytes]]:
    try:
        with open_to_read(as_path(path)) as stream:
            yield stream
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DeepALError(f"There is no file {path}.") from error
    except IsADirectoryError as error:
        raise DeepALError(
            f"{path} is a folder, and a file must be there. Move the folder away. {remedy}".strip()
        ) from error
    except OSError as error:
        raise DeepALError(f"{path} cannot be read: {error.strerror}.") from error


def _parse_json(text: bytes, place: str, remedy: str) -> Any:
    try:
        return json.loads(text.decode("utf-8-sig"))
    except ValueError as error:
        wrong: Any = error
        if isinstance(error, json.JSONDecodeError):
            wrong = f"{error.msg}, character {error.pos + 1}"
        raise DeepALError(f"{place} is not JSON: {wrong}. {remedy}".strip()) from error
    except RecursionError as error:
        raise DeepALError(f"{place} is nested too deeply. {remedy}".strip()) from error


def hash_files(files: Iterable[Path], folder: Path | None = None) -> str:
    """RETURNS (str): A hash of what files hold, in their order.

    folder (Path | None): The names that the files have in this folder count too. None: a copy under
        other names has the same hash.
    """
    digest = blake2b(digest_size=16)
    for file in files:
        name = "" if folder is None else file.relative_to(folder).as_posix()
        digest.update(f"{name}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as stream:
            while block := stream.read(READ_AT_ONCE):
                digest.update(block)
    return digest.hexdigest()


@contextmanager
def draft_beside(folder: Path) -> Iterator[Path]:
    """Make a new hidden folder beside the given one, or raise a DeepALError. What is left of it at
    the end is removed."""
    folder = folder.resolve()
    with draft_of(folder) as draft:
        try:
            draft.mkdir()
        except OSError as error:
            raise DeepALError(
                f"{folder} cannot be written: {error.strerror}. Name another path."
            ) from error
        yield draft


def replace_folder(draft: Path, folder: Path, name: str = "") -> None:
    """Put a finished folder in another one's place. The old one is removed when the new one is
    there; if anything goes wrong before, the old one is put back, at the latest by the next
    `check_replaceable` or `draft_beside`.

    name (str): The finished folder in the draft. If empty, it is the draft itself.
    """
    folder = folder.resolve()
    earlier = draft.with_name(draft.name + EARLIER)
    try:
        if folder.exists():
            folder.replace(earlier)
        (draft / name).replace(folder)
    finally:
        settle_earlier(earlier, folder)


def check_output(
    output: str | Path,
    *inputs: str | Path | None,
    inside: bool = False,
    around: bool = False,
) -> None:
    """Make sure that what a command writes neither replaces what it reads nor becomes part of it,
    by whatever names: symbolic and hard links are followed.

    inputs (str | Path | None): Files and folders. None, and what does not exist, is passed over.
    inside (bool): The output may lie in an input, which is read without it.
    around (bool): The output may be a folder that has an input, as nothing else in it is replaced.
    RAISES (DeepALError): The output is one of the inputs, lies in one, or is a folder that has one.
    """
    place = as_path(output).resolve()
    for given, source in _resolved(inputs, is_url(output)):
        if source == place or _is_same_file(source, place):
            raise DeepALError(f"{output} is read here, so it cannot be written. Name another path.")
        if source in place.parents and not inside:
            raise DeepALError(f"{output} is in {given}, which is read here. Name a path elsewhere.")
        if place in source.parents and not around:
            raise DeepALError(f"{given}, which is read here, is in {output}. Name another path.")


def _is_same_file(one: Path, other: Path) -> bool:
    """RETURNS (bool): Whether two local paths are one file: a hard link, or a name in other
    letters where the disk does not care."""
    return is_local(one) and one.exists() and other.exists() and one.samefile(other)


def _resolved(
    inputs: Iterable[str | Path | None], at_url: bool
) -> Iterator[tuple[str | Path, Path]]:
    """YIELDS (tuple): Each input and its whole path: of those at URLs, or of local ones that are
    there."""
    for given in inputs:
        if given is not None and is_url(given) == at_url:
            source = as_path(given).resolve()
            if at_url or source.exists():
                yield given, source


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
    if is_local(folder):
        remove_dead_drafts(folder.resolve())
        if folder.exists() and not folder.is_dir():
            raise DeepALError(f"{folder} is a file. Name a folder to write {what} to.")
        found = list(folder.glob("*"))
    else:
        names = {name.partition("/")[0] for name in list_files(folder, "")}
        found = [folder / name for name in names]
    if others := sorted(path.name for path in found if not is_ours(path)):
        raise DeepALError(
            f"{folder} holds other things than {what} ({others[0]!r}, {len(others)} in all). It is "
            "left as it is. Name a new or an empty folder."
        )
