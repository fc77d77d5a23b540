"""Files at URLs such as s3://bucket/pool, read and written by fsspec. Local paths stay as they are.

A `Path` in this package is either local, or a `UPath` of universal_pathlib, which stands for a URL
and has the same methods. Where these are slow or wrong at a URL, the functions here take their
place: they spare a request for each file, listings that are out of date, and errors that differ
from store to store.
"""

import errno
import io
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, cast

from .errors import DeepALError

URL = re.compile(r"[A-Za-z][\w+.-]+:(:.*:)?/")  # also s3:/bucket, which pathlib makes of a URL
TOGETHER = 64  # files that are read at the same time
BUFFER = 1 << 20  # bytes
NOT_THERE = FileNotFoundError, NotADirectoryError, IsADirectoryError
OF_STORES = OSError, ValueError, RuntimeError, ImportError  # of Python's own errors


def is_url(path: object) -> bool:
    """RETURNS (bool): Whether a path, or the text of one, is a URL. The drive C:/ is none."""
    return URL.match(str(path)) is not None


def is_local(path: Path) -> bool:
    """RETURNS (bool): Whether a path is one of pathlib, and not a URL."""
    return isinstance(path, Path)


def local_path(path: str | Path) -> Path:
    """RETURNS (Path): A path where nothing else than a local one will do.

    RAISES (DeepALError): It is a URL.
    """
    if is_url(path):
        url = str(path) if "://" in str(path) else str(path).replace(":/", "://", 1)
        raise DeepALError(
            f"{url} is a URL, and a local path is needed here. Only a pool and its scores may lie "
            "at a URL: `convert` writes a pool to a local folder, which you upload whole, with its "
            "pool.index. Copy other data to this machine."
        )
    return Path(path)


def as_path(path: str | Path) -> Path:
    """Make a path of what the user names, which may be a URL that fsspec knows: s3://bucket/pool,
    gs://, az://, memory:// (of this process alone), file:// and others. A UPath with options of its
    own stays as it is.

    RETURNS (Path): The path. One for a URL can be pickled: whoever gets it connects anew.
    RAISES (DeepALError): A package is missing; nobody knows such URLs; or the URL has lost a slash
        because pathlib has read it.
    """
    if not isinstance(path, str | Path):
        return path
    if not is_url(path):
        return Path(path)
    if isinstance(path, Path) or "://" not in path:
        raise DeepALError(f"{path} is a URL that has lost a slash. Give it as text: s3://bucket/…")
    try:
        from upath import UPath
    except ImportError as error:
        raise DeepALError(
            f'{path} is a URL. Run `pip install "spacy_deepal[cloud]"`, and install what reads '
            "such URLs: s3fs for s3://, gcsfs for gs://, adlfs for az://."
        ) from error
    with reaching(path):
        found = UPath(path)
        _ = found.fs
    return cast(Path, found)


@contextmanager
def reaching(path: str | Path) -> Iterator[None]:
    """Say in one way what went wrong at a URL. A fault of ours passes.

    RAISES (FileNotFoundError): There is no such file. DeepALError: All else that a store raises.
    """
    try:
        yield
    except DeepALError:
        raise
    except NOT_THERE as error:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from error
    except Exception as error:  # each store has its own; those of botocore are no OSErrors
        if type(error).__module__ == "builtins" and not isinstance(error, OF_STORES):
            raise
        reason = f"{type(error).__name__}: {error}".strip().rstrip(".:")
        raise DeepALError(
            f"{path} cannot be reached. {reason}. Check the URL, the packages that it needs (on "
            "all machines), the network and your rights. Then give the same command again."
        ) from error


def list_files(folder: Path, suffix: str) -> dict[str, int | None]:
    """Find the files in a folder and below it whose names end so. At a URL that is one listing, and
    not a request for each file.

    RETURNS (dict[str, int | None]): By name, relative to the folder and with "/" between folders,
        the size in bytes, as the listing has it; None for local files. For a file, itself under
        an empty name. Nothing if there is no such folder.
    """
    if is_local(folder):
        if not folder.is_dir():
            return {"": None} if folder.exists() else {}
        local = (path.relative_to(folder).as_posix() for path in folder.rglob(f"*{suffix}"))
        return dict.fromkeys(local)
    found = _list_at_url(folder)
    return {name: size for name, size in found.items() if not name or name.endswith(suffix)}


def _list_at_url(folder: Any) -> dict[str, int | None]:
    found: dict[str, Any] = {}
    with suppress(FileNotFoundError), reaching(folder):
        folder.fs.invalidate_cache()  # others may have written there
        found = folder.fs.find(folder.path, detail=True)
    start = folder.path.rstrip("/")
    return {name.removeprefix(start).lstrip("/"): info.get("size") for name, info in found.items()}


def is_file(path: Path) -> bool:
    """RETURNS (bool): Whether there is such a file. RAISES (DeepALError): Nobody can tell."""
    return path.is_file() if is_local(path) else _type_at_url(path) == "file"


def is_folder(path: Path) -> bool:
    """RETURNS (bool): Whether there is such a folder. RAISES (DeepALError): Nobody can tell."""
    return path.is_dir() if is_local(path) else _type_at_url(path) == "directory"


def _type_at_url(path: Any) -> str:
    with suppress(FileNotFoundError), reaching(path):
        return path.fs.info(path.path)["type"]
    return ""


def read_bytes(path: Path) -> bytes:
    """RETURNS (bytes): All of a file.

    RAISES (OSError): It cannot be read. DeepALError: The URL cannot be reached.
    """
    if is_local(path):
        return path.read_bytes()
    remote: Any = path
    with reaching(path):
        return remote.fs.cat_file(remote.path)


def read_each(paths: Iterable[Path | None]) -> Iterator[bytes | None]:
    """Read files of one place as a stream. At a URL, TOGETHER of them are read at the same time.

    paths (Iterable[Path | None]): The files; None for one of which it is known that it is not
        there, because a store has to search for those that are missing.
    YIELDS (bytes | None): What each file holds, in their order; None if there is no such file.
    RAISES (OSError, DeepALError): As `read_bytes`.
    """
    paths = iter(paths)
    while some := list(islice(paths, TOGETHER)):
        there = [path for path in some if path is not None]
        local = all(map(is_local, there))
        contents = map(_read_if_there, there) if local else _read_together(there)
        yield from (None if path is None else next(contents) for path in some)


def _read_if_there(path: Path) -> bytes | None:
    with suppress(*NOT_THERE):
        return path.read_bytes()
    return None


def _read_together(paths: list[Any]) -> Iterator[bytes | None]:
    with reaching(paths[0]):
        names = [path.path for path in paths]
        contents = paths[0].fs.cat_ranges(names, None, None, on_error="return")
    for path, content in zip(paths, contents, strict=True):
        with suppress(FileNotFoundError), reaching(path):
            if isinstance(content, Exception):
                raise content
        yield None if isinstance(content, Exception) else content


@contextmanager
def open_to_read(path: Path) -> Iterator[IO[bytes]]:
    """Open a file as a stream of bytes.

    RAISES (OSError, DeepALError): As `read_bytes`, now or later.
    """
    if is_local(path):
        with path.open("rb") as stream:
            yield stream
        return
    remote: Any = path
    with reaching(path), io.BufferedReader(remote.fs.open(remote.path, "rb"), BUFFER) as buffered:
        yield buffered


@contextmanager
def uploaded(path: Path, mode: str) -> Iterator[IO]:
    """Open a file of this machine for writing. When all is written, it is uploaded in one go; after
    an error it is not. An object store (S3, Google, Azure) then has it whole or not at all, and an
    earlier one until then.

    mode (str): "w" for text, "wb" for bytes.
    RAISES (DeepALError): Nothing can be written there.
    """
    remote: Any = path
    with TemporaryDirectory(prefix="spacy_deepal_") as folder:
        draft = Path(folder, path.name)
        with draft.open(mode, encoding=None if "b" in mode else "utf8") as stream:
            yield stream
        try:
            with reaching(path):
                remote.fs.put_file(str(draft), remote.path)
        except FileNotFoundError as error:
            raise DeepALError(
                f"{path} cannot be written: there is no such bucket or folder. Make it, or name "
                "another URL."
            ) from error


def remove(path: Path) -> None:
    """Remove a file, if it is there."""
    if is_local(path):
        path.unlink(missing_ok=True)
        return
    remote: Any = path
    with suppress(FileNotFoundError), reaching(path):
        remote.fs.rm_file(remote.path)
