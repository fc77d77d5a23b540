"""Ids of sentences, kept on disk where there are many: memory does not grow with the pool."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from spacy.tokens import Doc

from ..errors import DeepALError
from ..sentences import KEY, sentence_id
from .summary import ConvertSummary

LATE = "\0"  # behind the id of a labelled sentence that comes after one that is not labelled
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


def _numbered(key: str, number: int) -> str:
    return key if number == 1 else f"{key}-{number}"


class Contradiction(Exception):
    """Something else was said under an id. place (str): Where; empty for an id of a text."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


class GivenId(NamedTuple):
    """What was said under an id that the data gave.

    text, content (int): The hash of the text, and that of the text and its entities.
    labelled (bool): Whether it is labelled.
    place (str): The file and the line.
    """

    text: int
    content: int
    labelled: bool
    place: str


class ContentIds:
    """Gives ids to the sentences of a conversion, and knows those that the data gave.

    Of one text, a sentence that is not labelled counts only if none is labelled. If a labelled one
    comes later, the others are taken out at the end, and it gets the first one's id: until then it
    has that with LATE behind it.
    """

    def __init__(self) -> None:
        self._database = _database(
            "made (id TEXT PRIMARY KEY, copies INTEGER, labelled INTEGER, late INTEGER)",
            "given (id TEXT PRIMARY KEY, text INTEGER, content INTEGER, labelled INTEGER, "
            "place TEXT)",
            "records (key TEXT PRIMARY KEY, content INTEGER, place TEXT)",
            "replaced (id TEXT PRIMARY KEY)",
        )
        self.replaces = False  # whether sentences have to be taken out at the end

    def make(self, *content: str, labelled: bool) -> str | None:
        """RETURNS (str | None): A hash of the content, with the number of this copy from the second
        on. None: the sentence is not labelled, and one of the same content is."""
        key = _hash(*content)
        find = "SELECT copies, labelled, late FROM made WHERE id = ?"
        copies, was_labelled, late = self._database.execute(find, (key,)).fetchone() or (0, 0, 0)
        if was_labelled and not labelled:
            return None
        if copies and labelled and not was_labelled:
            for number in range(1, copies + 1):
                if self.given(_numbered(key, number)) is None:
                    self._replace(_numbered(key, number))
            copies, late = 0, 1
        while True:
            copies += 1
            if self.given(unused := _numbered(key, copies)) is None:
                break
        upsert = "INSERT OR REPLACE INTO made VALUES (?, ?, ?, ?)"
        self._database.execute(upsert, (key, copies, labelled, late))
        return unused + LATE * late

    def take(self, key: str, new: GivenId) -> str | None:
        """Note what is said under an id that the data give.

        RETURNS (str | None): The id. None: it has been said before.
        RAISES (Contradiction): The id is one that `make` has returned, or something else has been
            said under it.
        """
        before = self.given(key)
        if self._is_made(key) or (before and before.text != new.text):
            raise Contradiction(before.place if before else "")
        if before and before.labelled and new.labelled and before.content != new.content:
            raise Contradiction(before.place)
        if before and (before.labelled or not new.labelled):
            return None
        self._database.execute("INSERT OR REPLACE INTO given VALUES (?, ?, ?, ?, ?)", (key, *new))
        if before:
            self._replace(key)
            return key + LATE
        return key

    def settled(self, docs: Iterable[Doc], summary: ConvertSummary) -> Iterator[Doc]:
        """YIELDS (Doc): The sentences that count, with their ids. The others are counted in the
        summary.

        docs (Iterable[Doc]): The sentences that the summary has counted, in the same order.
        """
        find = "SELECT 1 FROM replaced WHERE id = ?"
        for doc, file in summary.in_files(docs):
            name = sentence_id(doc)
            if self._database.execute(find, (name,)).fetchone():
                summary.replace(doc, file)
            else:
                doc.user_data[KEY]["id"] = name.removesuffix(LATE)
                yield doc

    def _replace(self, key: str) -> None:
        self.replaces = True
        self._database.execute("INSERT OR IGNORE INTO replaced VALUES (?)", (key,))

    def _is_made(self, key: str) -> bool:
        """RETURNS (bool): Whether the key is one that `make` has returned."""
        base, _, number = key.rpartition("-")
        copies = self._copies(base) if number.isdecimal() else 0
        return self._copies(key) > 0 or (copies > 0 and int(number[:9]) <= copies)

    def _copies(self, key: str) -> int:
        find = "SELECT copies FROM made WHERE id = ?"
        return (self._database.execute(find, (key,)).fetchone() or (0,))[0]

    def given(self, key: str) -> GivenId | None:
        """RETURNS (GivenId | None): What was said under an id that the data gave."""
        find = "SELECT text, content, labelled, place FROM given WHERE id = ?"
        found = self._database.execute(find, (key,)).fetchone()
        return found and GivenId(*found)

    def first_record(self, document: str, text: str, content: int, place: str) -> tuple[int, str]:
        """RETURNS (tuple): The hash of the content of the first record of a text, and its place:
        those given here, if this is the first."""
        key = _hash(document, text)
        insert = "INSERT OR IGNORE INTO records VALUES (?, ?, ?)"
        self._database.execute(insert, (key, content, place))
        find = "SELECT content, place FROM records WHERE key = ?"
        return self._database.execute(find, (key,)).fetchone()
