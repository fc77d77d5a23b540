"""Files as sources: plain, out of a pipe, in .gz, in .zip, or .gz in .zip."""

import gzip
import io
import shutil
import zipfile
from collections import Counter
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from ..errors import DeepALError
from .sources import Source

# What grows beyond both limits when it is unpacked is taken for a decompression bomb.
MAX_UNPACKED, MAX_GROWTH = 1 << 28, 200


def open_sources(path: Path, encoding: str = "utf-8") -> list[Source]:
    """RETURNS (list[Source]): The file itself; or the files in a .zip archive, sorted. What comes
    through a pipe is copied, since it can be read only once.

    RAISES (DeepALError): It cannot be read.
    """
    if not path.is_file():
        spool = NamedTemporaryFile()  # noqa: SIM115 (it lives as long as the source)
        with Source.of_file(path).open() as stream:
            shutil.copyfileobj(stream, spool)
        spool.flush()
        return [Source(path, lambda: open(spool.name, "rb"), encoding, spool)]
    if path.suffix.lower() == ".gz":
        size = path.stat().st_size
        return [Source(path, lambda: _unpacked(gzip.open(path), path, size), encoding)]
    if path.suffix.lower() == ".zip":
        return _members(path, encoding)
    return [Source.of_file(path, encoding)]


def _members(path: Path, encoding: str) -> list[Source]:
    def member(info: zipfile.ZipInfo) -> Source:
        place = path / info.filename.replace("\\", "/").lstrip("/")

        def opened() -> IO[bytes]:
            try:
                with zipfile.ZipFile(path) as archive:
                    packed = archive.open(info)  # which does not need the archive any more
            except RuntimeError as error:  # it is encrypted
                raise DeepALError(f"{path}: {error}. Unpack it first.") from error
            stream = _unpacked(packed, place, info.compress_size)
            if info.filename.lower().endswith(".gz"):
                return _unpacked(gzip.open(stream), place, info.compress_size)
            return stream

        return Source(place, opened, encoding)

    with Source.of_file(path).open() as stream:
        infos = [info for info in zipfile.ZipFile(stream).infolist() if not info.is_dir()]
    names = Counter(info.filename for info in infos)
    if twice := [name for name, count in names.items() if count > 1]:
        raise DeepALError(f"{path} has two files of the name {twice[0]}. Unpack them one by one.")
    return [member(info) for info in sorted(infos, key=lambda info: info.filename)]


class _Unpacked(io.RawIOBase):
    """Counts what is unpacked. RAISES (DeepALError): It is far more than was packed."""

    def __init__(self, stream: IO[bytes], path: Path, packed: int) -> None:
        self._stream, self._path = stream, path
        self._left = max(MAX_UNPACKED, MAX_GROWTH * packed)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise DeepALError(
                f"{self._path} grows to more than {MAX_GROWTH} times its size when it is unpacked. "
                "If that is right, unpack it yourself."
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _unpacked(stream: Any, path: Path, packed: int) -> IO[bytes]:
    return io.BufferedReader(_Unpacked(stream, path, packed))
