"""Files that are not text: what they are, by their first bytes, and how to make text of them."""

from typing import NamedTuple

from ..errors import DeepALError
from .sources import Source

TAR_AT, TAR = 257, b"ustar"


class Kind(NamedTuple):
    """A kind of files. start (bytes): How they begin. what, remedy (str): For the message."""

    start: bytes
    what: str
    remedy: str


UNPACK = "Unpack it and name the file, or pack it with gzip or zip"
PANDAS = (
    "Make JSONL of it in Python: `pandas.read_{0}(FILE).to_json('data.jsonl', orient='records', "
    "lines=True, force_ascii=False)`"
)
AS_TEXT = "Save it as text in UTF-8"
KINDS = (
    Kind(b"PAR1", "a Parquet file", PANDAS.format("parquet")),
    Kind(b"ARROW1", "an Arrow file", PANDAS.format("feather")),
    Kind(
        b"PK\x03\x04",
        "a zip archive, or a file of an office program",
        "Name an archive .zip, and "
        "unpack one that is in another. Save a table as CSV in UTF-8, and a document as text",
    ),
    Kind(
        b"\xd0\xcf\x11\xe0",
        "a file of an office program",
        "Save a table as CSV in UTF-8, and a document as text",
    ),
    Kind(b"{\\rtf", "a file of an office program", AS_TEXT),
    Kind(b"%PDF-", "a PDF file", AS_TEXT),
    Kind(b"\x1f\x8b", "packed with gzip", "Let its name end with .gz"),
    Kind(b"BZh", "packed with bzip2", UNPACK),
    Kind(b"\xfd7zXZ\x00", "packed with xz", UNPACK),
    Kind(b"\x28\xb5\x2f\xfd", "packed with zstd", UNPACK),
    Kind(b"7z\xbc\xaf\x27\x1c", "packed with 7-Zip", UNPACK),
    Kind(b"Rar!", "packed with RAR", UNPACK),
    Kind(b"SQLite format 3\x00", "a database of SQLite", "Write its records as JSONL"),
    Kind(b"\x80\x03", "a Python pickle", "Write its content as JSONL"),
    Kind(b"\x80\x04", "a Python pickle", "Write its content as JSONL"),
    Kind(b"\x93NUMPY", "an array of NumPy", "Write its content as JSONL"),
    Kind(b"x\x9c", "packed with zlib", "If spaCy wrote it, let its name end with .spacy"),
)
TAR_KIND = Kind(b"", "a tar archive", "Unpack it and name its folder")


def check_is_text(source: Source) -> None:
    """RAISES (DeepALError): The file is of a known kind that is not text."""
    with source.open() as stream:
        start = stream.read(TAR_AT + len(TAR))
    kinds = [kind for kind in KINDS if start.startswith(kind.start)]
    kinds += [TAR_KIND] * start.startswith(TAR, TAR_AT)
    if kinds:
        what, remedy = kinds[0].what, kinds[0].remedy
        raise DeepALError(f"{source.path} is {what}, which is not read. {remedy}.")
