"""Ids of sentences, kept on disk where there are many: memory does not grow with the pool."""

import hashlib
import sqlite3
from collections.abc import Iterable

from ..errors import DeepALError

CACHE = 16 << 10  # KiB of ids in memory; the rest lies in a temporary file that vanishes by itself


def _database(*tables: str) -> sqlite3.Connection:
    """RETURNS (Connection): A database that is nobody else's."""
    database = sqlite3.connect("", isolation_level=None)
    pragmas = "journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE}"
    for pragma in pragmas:
        database.execute(f"PRAGMA {pragma}")
    for table in tables:
        database.execute(f"CREATE TABLE {table} WITHOUT ROWID")
    database.execute("BEGIN")  # without it, each statement ends a transaction, which takes longest
    return database


class UniqueIds:
    """Notices when two sentences of a pool have the same id."""

    def __init__(self) -> None:
        self._database = _database("ids (id TEXT PRIMARY KEY)")

    def add(self, ids: Iterable[str]) -> None:
        """RAISES (DeepALError): One of the ids has been added before."""
        insert = "INSERT OR IGNORE INTO ids VALUES (?)"
        for name in ids:
            if not self._database.execute(insert, (name,)).rowcount:
                raise DeepALError(
                    f"Two sentences of the pool have the id {name}. Convert all its sources "
                    "together, each of them once."
                )


def _hash(*content: str) -> str:
    return hashlib.blake2b("\0".join(content).encode(), digest_size=8).hexdigest()


class ContentIds:
    """Gives ids to the sentences of a conversion, and knows those that the data gave."""

    def __init__(self) -> None:
        self._database = _database(
            "made (id TEXT PRIMARY KEY, copies INTEGER)",
            "given (id TEXT PRIMARY KEY, content INTEGER, place TEXT)",
            "records (key TEXT PRIMARY KEY, content INTEGER, place TEXT)",
        )

    def make(self, *content: str) -> str:
        """RETURNS (str): A hash of the content, with the number of this copy from the second on."""
        key = _hash(*content)
        upsert = (
            "INSERT INTO made VALUES (?, 1) ON CONFLICT DO UPDATE SET copies = copies + 1 "
            "RETURNING copies"
        )
        while True:
            (copies,) = self._database.execute(upsert, (key,)).fetchone()
            unused = key if copies == 1 else f"{key}-{copies}"
            if self.given(unused) is None:
                return unused

    def is_made(self, key: str) -> bool:
        """RETURNS (bool): Whether the key is one that `make` has returned."""
        base, _, number = key.rpartition("-")
        copies = self._copies(base) if number.isdecimal() else 0
        return self._copies(key) > 0 or (copies > 0 and int(number[:9]) <= copies)

    def _copies(self, key: str) -> int:
        find = "SELECT copies FROM made WHERE id = ?"
        return (self._database.execute(find, (key,)).fetchone() or (0,))[0]

    def given(self, key: str) -> tuple[int, str] | None:
        """RETURNS (tuple | None): The hash of the content that has this id, and its place."""
        find = "SELECT content, place FROM given WHERE id = ?"
        return self._database.execute(find, (key,)).fetchone()

    def give(self, key: str, content: int, place: str) -> None:
        """Note that the data gave an id."""
        self._database.execute("INSERT INTO given VALUES (?, ?, ?)", (key, content, place))

    def first_record(self, document: str, text: str, content: int, place: str) -> tuple[int, str]:
        """RETURNS (tuple): The hash of the content of the first record of a text, and its place:
        those given here, if this is the first."""
        key = _hash(document, text)
        insert = "INSERT OR IGNORE INTO records VALUES (?, ?, ?)"
        self._database.execute(insert, (key, content, place))
        find = "SELECT content, place FROM records WHERE key = ?"
        return self._database.execute(find, (key,)).fetchone()
