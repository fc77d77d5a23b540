"""What a pretrained encoder says of sentences, on disk: each sentence is encoded once."""

import sqlite3
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DeepALError

PAGE = 16384  # bytes; a sentence takes several
LEAST_PAGES = 4  # an empty store takes three
MAPPED = 1 << 40  # bytes that may be mapped into memory: as many as SQLite allows
PATIENCE = 120  # seconds to wait for other processes

WordIds = NDArray[np.uint64]  # [n_words], 1 or more: ORTH ids, which spaCy hashes from the words


class EncoderCache:
    """A memory-mapped store of the vectors of sentences, for one encoder. Threads and processes may
    share it. What a process has written stays there when it is killed.

    file (Path): A database of SQLite. Its folder exists.
    gigabytes (float): The largest size of the file. What does not fit is not kept.
    """

    def __init__(self, file: Path, gigabytes: float):
        self.file, self.gigabytes = file, gigabytes
        self.full = False

    def read(self, sentences: Sequence[WordIds]) -> list[NDArray[np.float16] | None]:
        """RETURNS (list[array[n_words, D] | None]): The vectors of each sentence, if known."""
        query = "SELECT vectors FROM sentences WHERE words = ?"
        with self._open() as rows:
            found = [rows.execute(query, (sentence_key(each),)).fetchone() for each in sentences]
        return [
            None if row is None else np.frombuffer(row[0], "float16").reshape(len(each), -1)
            for each, row in zip(sentences, found, strict=True)
        ]

    def write(self, sentences: Sequence[WordIds], vectors: Sequence[NDArray[np.float16]]) -> None:
        """Add sentences and their vectors [n_words, D], all or none. Warns once when the store is
        full."""
        if self.full:
            return
        keys = map(sentence_key, sentences)
        new = [(key, each.tobytes()) for key, each in zip(keys, vectors, strict=True)]
        with self._open() as rows, rows:
            try:
                rows.executemany("INSERT OR IGNORE INTO sentences VALUES (?, ?)", new)
            except sqlite3.OperationalError as error:
                if "full" not in str(error):  # Python 3.10 has no error code
                    raise
                rows.rollback()
                self.full = True
        if self.full:
            warnings.warn(
                f"{self.file} is full or its disk is (at most {self.gigabytes:g} GB). Sentences "
                "that are not in it are encoded each time. Raise `cache_gb` of the encoder's "
                f"layer, or delete the files of other encoders in {self.file.parent}.",
                stacklevel=2,
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the store for one call: a connection must not go from thread to thread, nor from a
        process to its forks."""
        try:
            with closing(sqlite3.connect(self.file, timeout=PATIENCE)) as rows:
                rows.execute(f"PRAGMA page_size = {PAGE}")
                pages = max(LEAST_PAGES, int(self.gigabytes * 2**30) // PAGE)
                rows.execute(f"PRAGMA max_page_count = {pages}")
                rows.execute(f"PRAGMA mmap_size = {MAPPED}")
                rows.execute("PRAGMA synchronous = NORMAL")
                rows.execute(
                    "CREATE TABLE IF NOT EXISTS sentences (words BLOB PRIMARY KEY, vectors BLOB)"
                )
                yield rows
        except sqlite3.Error as error:
            raise DeepALError(
                f"The encoder's cache {self.file} cannot be used ({error}). Delete it, or name "
                "another folder with --paths.encoder_cache, or null to do without."
            ) from error


def sentence_key(sentence: WordIds) -> bytes:
    """RETURNS (bytes): A hash of the words of a sentence."""
    return blake2b(sentence.tobytes(), digest_size=16).digest()
