"""A source of text: a file, plain, in an archive or out of a pipe, which can be read repeatedly."""

import codecs
import gzip
import io
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from ..errors import DeepALError

BYTE_ORDER_MARK = "\ufeff"
# What grows beyond both limits when it is unpacked is taken for a decompression bomb.
MAX_UNPACKED, MAX_GROWTH = 1 << 28, 200
DAMAGED = (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
CHUNK = 1 << 16


@dataclass(frozen=True)
class Source:
    """A file to read.

    path (Path): The file, as messages name it. A member of an archive is "a.zip/b.txt".
    opened (Callable): Opens it as a stream of bytes.
    encoding (str): Its encoding.
    spool (Any): What must live as long as the source: the copy of what came through a pipe.
    text (Source | None): The text that it annotates, if that is a file of its own.
    """

    path: Path
    opened: Callable[[], IO[bytes]]
    encoding: str = "utf-8"
    spool: Any = None
    text: "Source | None" = None

    @property
    def name(self) -> str:
        """The name of the file, without .gz."""
        return self.path.name.removesuffix(".gz")

    @property
    def stem(self) -> str:
        """The name without its last suffix."""
        return Path(self.name).stem

    @property
    def suffix(self) -> str:
        """The last suffix, in small letters: ".txt"."""
        return Path(self.name).suffix.lower()

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the file. RAISES (DeepALError): It cannot be read, now or later."""
        try:
            with self.opened() as stream:
                yield stream
        except DAMAGED as error:
            raise DeepALError(f"{self.path} is damaged: {error}. Pack it again.") from error
        except OSError as error:
            raise DeepALError(f"{self.path} cannot be read: {error.strerror}.") from error

    def read_bytes(self) -> bytes:
        """RETURNS (bytes): All of the file."""
        with self.open() as stream:
            return stream.read()

    def read_text(self) -> str:
        """RETURNS (str): All of the text, with its line ends as they are.

        RAISES (DeepALError): The file cannot be read, or does not have this encoding.
        """
        try:
            return self.read_bytes().decode(self.encoding)
        except UnicodeError:
            raise DeepALError(self._wrong_byte()) from None

    def lines(self) -> Iterator[tuple[int, str]]:
        r"""Read the lines, which "\n", "\r\n" or "\r" end.

        A byte order mark at the start of a line is left out. Where files were joined there is one
        in the middle: there a blank line comes before, since a file ends a sentence.

        YIELDS (tuple[int, str]): The number of each line, from 1, and its text.
        RAISES (DeepALError): The file cannot be read, or does not have this encoding.
        """
        number, end_before = 0, ""
        try:
            with (
                self.open() as stream,
                io.TextIOWrapper(stream, self.encoding, newline="") as decoded,
            ):
                for line in decoded:
                    text = line.rstrip("\r\n")
                    if not text and end_before == "\r" and line == "\r\n":
                        continue  # \r\r\n, which a careless copy makes of \r\n, ends one line
                    end_before = line[len(text) :]
                    number += 1
                    if text.startswith(BYTE_ORDER_MARK):
                        text = text.lstrip(BYTE_ORDER_MARK)
                        if number > 1:
                            yield number, ""
                    if "\0" in text:
                        raise DeepALError(
                            f"{self.path}:{number}: a NUL character, so this is no text in "
                            f"{self.encoding}. If it is text, name its encoding, for example "
                            "--encoding utf-16-le."
                        )
                    yield number, text
        except UnicodeError:
            raise DeepALError(self._wrong_byte()) from None

    def _wrong_byte(self) -> str:
        """RETURNS (str): Where the first byte stands that the encoding does not have."""
        decoder = codecs.getincrementaldecoder(self.encoding)()
        place = line = 0
        name = self.encoding.upper()
        with self.open() as stream:
            while True:
                chunk = stream.read(CHUNK)
                pending = len(decoder.getstate()[0])
                try:
                    line += decoder.decode(chunk, final=not chunk).count("\n")
                except UnicodeDecodeError as error:
                    line += error.object[: error.start].count(b"\n")
                    byte = error.object[error.start]
                    at = f"byte {place - pending + error.start} of the file is {byte:#04x}"
                    return f"{self.path}:{line + 1}: not {name}: {at}. {_other(error)}"
                except UnicodeError as error:
                    return f"{self.path}: not {name}: {error}."
                if not chunk:
                    return f"{self.path}: not {name}."
                place += len(chunk)


def _other(error: UnicodeDecodeError) -> str:
    start = error.object[:2]
    utf16 = error.start == 0 and start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    name = "utf-16" if utf16 else "latin-1"
    return f"Save the file as UTF-8, or name its encoding, for example --encoding {name}."


def read_lines(file: Path) -> Iterator[tuple[int, str]]:
    """YIELDS (tuple[int, str]): The lines of a UTF-8 file, as `Source.lines`."""
    return Source(file, lambda: file.open("rb")).lines()


def check_encoding(encoding: str) -> None:
    """RAISES (DeepALError): Python does not know the encoding of text."""
    try:
        "".encode(encoding)
    except (LookupError, UnicodeError) as error:
        raise DeepALError(
            f"There is no encoding {encoding!r}. Some that exist: utf-8, utf-16, latin-1, cp1252, "
            "gb18030, shift_jis."
        ) from error


def open_sources(path: Path, encoding: str = "utf-8") -> list[Source]:
    """RETURNS (list[Source]): The file itself; or the files in a .zip archive, sorted. What comes
    through a pipe is copied, since it can be read only once.

    RAISES (DeepALError): It cannot be read.
    """
    if not path.is_file():
        spool = NamedTemporaryFile()  # noqa: SIM115 (it lives as long as the source)
        with Source(path, lambda: path.open("rb")).open() as stream:
            shutil.copyfileobj(stream, spool)
        spool.flush()
        return [Source(path, lambda: open(spool.name, "rb"), encoding, spool)]
    if path.suffix.lower() == ".gz":
        size = path.stat().st_size
        return [Source(path, lambda: _unpacked(gzip.open(path), size), encoding)]
    if path.suffix.lower() == ".zip":
        return _members(path, encoding)
    return [Source(path, lambda: path.open("rb"), encoding)]


def _members(path: Path, encoding: str) -> list[Source]:
    def member(info: zipfile.ZipInfo) -> Source:
        def opened() -> IO[bytes]:
            try:
                return _unpacked(zipfile.ZipFile(path).open(info), info.compress_size)
            except RuntimeError as error:  # it is encrypted
                raise DeepALError(f"{path}: {error}. Unpack it first.") from error

        return Source(path / info.filename, opened, encoding)

    with Source(path, lambda: path.open("rb")).open() as stream:
        infos = [info for info in zipfile.ZipFile(stream).infolist() if not info.is_dir()]
    return [member(info) for info in sorted(infos, key=lambda info: info.filename)]


class _Unpacked(io.RawIOBase):
    """Counts what is unpacked. RAISES (DeepALError): It is far more than was packed."""

    def __init__(self, stream: IO[bytes], packed: int) -> None:
        self._stream = stream
        self._left = max(MAX_UNPACKED, MAX_GROWTH * packed)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise DeepALError(
                f"{getattr(self._stream, 'name', 'An archive')} grows to more than "
                f"{MAX_GROWTH} times its size when it is unpacked. If that is right, unpack it "
                "yourself."
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _unpacked(stream: Any, packed: int) -> IO[bytes]:
    return io.BufferedReader(_Unpacked(stream, packed))
