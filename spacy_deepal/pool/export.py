"""From a pool, or any .spacy file, to a file of another format."""

from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path

from spacy.tokens import Doc

from ..corpus.brat import BRAT, write_brat
from ..corpus.docbin import write_docs
from ..corpus.formats import ALL_FORMATS
from ..corpus.prodigy import WHOLE
from ..corpus.writing import check_labelled_whole
from ..errors import DeepALError
from ..files import check_output, write_atomically
from ..progress import progress_bar
from ..sentences import KEY
from ..urls import local_path
from .shards import read_plain_shards

SPACY = "spacy"
WRITTEN = sorted([BRAT, SPACY, *(name for name, format in ALL_FORMATS.items() if format.write)])


def export(pool: str | Path, output: str | Path, format: str, *, comments: bool = True) -> int:
    """Write sentences in another format, whole or not at all.

    pool (str | Path): A folder of shards, or any .spacy file, such as a batch; local or a URL. Docs
        without an id are numbered.
    output (str | Path): The file to write; for brat, a new folder.
    format (str): One of WRITTEN.
    comments (bool): Of a format of columns: write ids and texts in comments.
    RETURNS (int): The number of sentences.
    RAISES (DeepALError): There is no such pool or format; the format cannot hold a sentence; or the
        output is the pool, or in it.
    """
    check_written(format, comments)
    output = local_path(output)
    check_output(output, pool)
    counted = _Counted(progress_bar(_docs(pool), "export", unit=" sentences"))
    write_as(counted, output, format, comments)
    return counted.count


def check_written(format: str, comments: bool) -> None:
    """RAISES (DeepALError): There is no such format to write, or it cannot be without comments."""
    if format not in WRITTEN:
        raise DeepALError(f"The format {format!r} is not written. Known: {', '.join(WRITTEN)}.")
    if not comments and ALL_FORMATS[format].write_plain is None:
        columns = ", ".join(name for name, each in ALL_FORMATS.items() if each.write_plain)
        raise DeepALError(f"Leave out --plain for {format}. It is for {columns}.")


def write_as(docs: Iterable[Doc], output: Path, format: str, comments: bool = True) -> None:
    """Write sentences in one of WRITTEN, whole or not at all. Errors are those of `export`."""
    found = ALL_FORMATS[format]
    write = found.write if comments else found.write_plain
    if format == BRAT:
        write_brat(docs, output)
    elif write is None:
        write_docs(docs, output)
    else:
        with write_atomically(output) as stream:
            write(docs, stream)


def why_not_held(doc: Doc, format: str) -> str:
    """RETURNS (str): Why a format cannot hold all that is known of a sentence that `is_looked_at`;
    empty if it can."""
    write = ALL_FORMATS[format].write
    try:
        holds_parts = format == SPACY or (format == WHOLE and doc.has_annotation("ENT_IOB"))
        if not holds_parts:
            check_labelled_whole(doc, format)
        if write is not None:
            write([doc], StringIO())
    except DeepALError as error:
        return str(error)
    return ""


def _docs(pool: str | Path) -> Iterator[Doc]:
    for number, doc in enumerate(read_plain_shards(pool, None), 1):
        if not isinstance(doc.user_data.get(KEY), dict):
            doc.user_data[KEY] = {"id": str(number), "doc_id": None, "genre": None}
        yield doc


class _Counted:
    """Counts what is read of a stream."""

    def __init__(self, docs: Iterable[Doc]) -> None:
        self._docs = docs
        self.count = 0

    def __iter__(self) -> Iterator[Doc]:
        for doc in self._docs:
            self.count += 1
            yield doc
