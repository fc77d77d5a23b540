"""A source of text: one file, which can be read repeatedly."""

import codecs
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from ..errors import DeepALError
from ..urls import is_local, read_bytes

BYTE_ORDER_MARK = "\ufeff"
LATIN_1 = "iso8859-1"
C1_CONTROL = re.compile("[\x80-\x84\x86-\x9f]")  # no text has these; in cp1252 they are “ and €
# Encodings that Python has for other things than files.
NOT_OF_FILES = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"}
# What the readers of .gz and .zip raise; for a method that Python does not have, the last one.
DAMAGED = (
    *(gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError),
    NotImplementedError,
)
CHUNK = 1 << 16
FIRST_BYTES = 1_000_000  # of a long file: more takes some seconds to read


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

    @classmethod
    def of_file(cls, path: Path, encoding: str = "utf-8") -> "Source":
        """RETURNS (Source): A file or a pipe, as it is. One at a URL is read in one request."""
        if is_local(path):
            return cls(path, lambda: path.open("rb"), encoding)
        return cls(path, lambda: io.BytesIO(read_bytes(path)), encoding)

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
        except (*DAMAGED, OSError) as error:
            # bzip2 has no error of its own: what it raises is not a failure of the disk.
            if isinstance(error, DAMAGED) or error.errno is None:
                raise DeepALError(f"{self.path} is damaged: {error}. Pack it again.") from error
            raise DeepALError(f"{self.path} cannot be read: {error.strerror}.") from error

    def beginning(self) -> "Source":
        """RETURNS (Source): The first lines of a long file of text, up to a blank line if there are
        some; the source itself if it is short, or cannot be read in part.

        RAISES (DeepALError): It cannot be read.
        """
        if self.suffix == ".spacy" or self.text or "\n".encode(self.encoding) != b"\n":
            return self
        with self.open() as stream:
            content = stream.read(FIRST_BYTES + 1)
        if len(content) <= FIRST_BYTES:
            return self
        block, line = content.rfind(b"\n\n"), content.rfind(b"\n")
        part = content[: (block if block > len(content) // 2 else line) + 1]
        return replace(self, opened=lambda: io.BytesIO(part))

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
                    if "\0" in text or self.encoding != "utf-8":
                        self._check_characters(number, text)
                    yield number, text
        except UnicodeError:
            raise DeepALError(self._wrong_byte()) from None

    def _check_characters(self, number: int, line: str) -> None:
        """RAISES (DeepALError): A line has characters that show that the encoding is another."""
        if "\0" in line:
            raise DeepALError(
                f"{self.path}:{number}: a NUL character, so this is not text in {self.encoding}. "
                "If it is text, name its encoding, for example --encoding utf-16-le."
            )
        if codecs.lookup(self.encoding).name == LATIN_1 and (found := C1_CONTROL.search(line)):
            raise DeepALError(
                f"{self.path}:{number}: the character {found[0]!r}, which Latin-1 has for no text. "
                "Read the file with --encoding cp1252."
            )

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
                    return f"{self.path}: not {name}: {error}. Name its encoding with --encoding."
                if not chunk:
                    return f"{self.path}: not {name}. Name its encoding with --encoding."
                place += len(chunk)


def _other(error: UnicodeDecodeError) -> str:
    """RETURNS (str): What to do about a byte. A wrong encoding of one byte a letter reads anything,
    so none is recommended without the languages that it is for."""
    marks = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF16_LE: "utf-16"}
    marks |= {codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF16_BE: "utf-16"}
    for mark, name in marks.items():
        if error.start == 0 and error.object.startswith(mark):
            return f"Save the file as UTF-8, or read it with --encoding {name}."
    return (
        "Save the file as UTF-8, or name its encoding: --encoding cp1252 (Western Europe), cp1250 "
        "(Central Europe), cp1251 (Cyrillic), gb18030 or big5 (Chinese), shift_jis or euc-kr."
    )


def read_lines(file: Path) -> Iterator[tuple[int, str]]:
    """YIELDS (tuple[int, str]): The lines of a UTF-8 file, as `Source.lines`."""
    return Source.of_file(file).lines()


def check_encoding(encoding: str) -> None:
    """RAISES (DeepALError): Python does not know the encoding of text."""
    try:
        "".encode(encoding)
        known = codecs.lookup(encoding).name not in NOT_OF_FILES
    except (LookupError, UnicodeError, ValueError):
        known = False
    if not known:
        raise DeepALError(
            f"There is no encoding {encoding!r} of files. Some that exist: utf-8, utf-16, latin-1, "
            "cp1252, gb18030, shift_jis."
        )


def seems_to_be_utf8(text: str, encoding: str) -> bool:
    """RETURNS (bool): Whether a text that was read in another encoding makes sense as UTF-8."""
    if text.isascii() or codecs.lookup(encoding).name.startswith("utf"):
        return False
    try:
        return not text.encode(encoding).decode().isascii()
    except UnicodeError:
        return False
