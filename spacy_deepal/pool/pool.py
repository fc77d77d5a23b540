"""A pool: its shards, checked against the index, and what the index says of them."""

from collections import Counter
from collections.abc import Callable, Container, Iterator
from itertools import chain, zip_longest
from pathlib import Path
from typing import NamedTuple

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..arguments import takes_types
from ..corpus.sources import Source
from ..errors import DeepALError
from ..progress import progress_bar
from ..urls import NOT_THERE, as_path, is_file, read_bytes
from .index import (
    POOL_INDEX,
    GenreCount,
    Indexer,
    ShardIndex,
    TextCounts,
    hash_bytes,
    read_index,
    write_index,
)
from .shards import (
    FoundShards,
    find_shards,
    in_order,
    join_fingerprints,
    read_shard,
)


class Shard(NamedTuple):
    """A shard of an open pool. name (str): Its file, relative to the folder. fingerprint (str): The
    hash of its bytes. sentences, words (int): How many it holds."""

    name: str
    folder: Path
    fingerprint: str
    sentences: int
    words: int

    @property
    def path(self) -> Path:
        """Its file."""
        return self.folder / self.name

    def read(self, vocab: Vocab | None = None, ids: Container[str] | None = None) -> Iterator[Doc]:
        """YIELDS (Doc): The sentences, with the errors of `read_shards`. The file is read once.

        vocab (Vocab | None): The vocabulary of the Docs. None: a new one.
        ids (Container[str] | None): Those of the sentences that are read. None: all are.
        RAISES (DeepALError): The file was removed since the pool was opened, or changed since it
            was indexed.
        """
        path = self.path
        try:
            content = read_bytes(path)
        except NOT_THERE as error:
            raise DeepALError(f"{path} was removed while the pool is used. Put it back.") from error
        if hash_bytes(content) != self.fingerprint:
            raise DeepALError(
                f"{path} was changed after it was indexed. Put back what it was, or convert the "
                "pool again."
            )
        return read_shard(path, vocab, content, ids)


class Pool:
    """A pool on disk, or at a URL, whose shards have been compared with its index. In memory are
    the list of the shards and, if no file holds it, the index.

    Local shards are compared by their hashes. Those at a URL would all have to be fetched for that,
    so their names and sizes are compared, out of one listing. Wherever a shard is, its hash is
    compared when it is read.

    Shards that no index has are read once, and indexed. That index is written to `beside`, because
    the folder may be a person's own, or be read by others at the same time.

    path (Path): The folder, or the single file.
    shards (list[Shard]): Those of the pool's own index, then those of `beside`, then new ones.
    """

    @takes_types
    def __init__(
        self,
        path: str | Path,
        beside: Path | None = None,
        tell: Callable[[str], None] = lambda text: None,
        found: FoundShards | None = None,
    ):
        """path (str | Path): As for `find_shards`.

        beside (Path | None): The file for the index of shards that no index has. With None, it is
            kept in memory.
        tell (Callable): Called with a sentence if there are such shards.
        found (FoundShards | None): What `find_shards` has found, so that it need not look again.
        RAISES (DeepALError): A shard was removed or changed since it was indexed, with its name; or
            two sentences have the same id.
        """
        self.path = as_path(path)
        self.shards: list[Shard] = []
        self._genres: dict[str, Counter[str]] = {}
        self._indexes: list[Path] = []
        self._in_memory: list[ShardIndex | TextCounts] = []
        self._open(beside, tell, find_shards(self.path) if found is None else found)

    def _open(self, beside: Path | None, tell: Callable[[str], None], found: FoundShards) -> None:
        folder, sizes = found
        own = [self.path / POOL_INDEX] if folder == self.path else []
        for index in (*own, beside):
            if index is not None and is_file(index):
                self._take_index(index, folder, sizes)
        known = {shard.name for shard in self.shards}
        if new := [name for name in sizes if name not in known]:
            if known:
                tell(f"{self.path}: shards were added: {len(new)}, from {new[0]} on.")
            elif own:
                tell(f"{self.path} has no index, so its shards are read once: {len(new)}.")
            self._index_new(new, folder, beside)

    @property
    def genres(self) -> dict[str, GenreCount]:
        """Sentences and words by genre."""
        return {name: GenreCount(**self._genres[name]) for name in sorted(self._genres)}

    @property
    def sentences(self) -> int:
        """How many sentences have words."""
        return sum(shard.sentences for shard in self.shards)

    @property
    def words(self) -> int:
        """How many real words there are."""
        return sum(shard.words for shard in self.shards)

    @property
    def fingerprint(self) -> str:
        """The hash of all shards, as `shards.fingerprint` has it."""
        in_files_order = sorted(self.shards, key=lambda shard: in_order(shard.name))
        return join_fingerprints(shard.fingerprint for shard in in_files_order)

    def index(self) -> Iterator[ShardIndex]:
        """YIELDS (ShardIndex): What each shard holds, in the order of the shards.

        RAISES (DeepALError): An index is not what it was when the pool was opened.
        """
        rows = (row for row in self._rows() if isinstance(row, ShardIndex))
        for shard, row in zip_longest(list(self.shards), rows):
            if not (shard and row and shard.fingerprint == row.fingerprint):
                raise DeepALError(
                    f"The index of {self.path} was changed while the pool is used. Give the same "
                    "command again."
                )
            yield row

    def text(self) -> TextCounts:
        """RETURNS (TextCounts): The words, characters and entity types of the whole pool."""
        return TextCounts.total(row for row in self._rows() if isinstance(row, TextCounts))

    def docs(self) -> Iterator[Doc]:
        """YIELDS (Doc): All sentences. The Docs of each shard have a vocab of their own."""
        return chain.from_iterable(shard.read() for shard in self.shards)

    def _rows(self) -> Iterator[ShardIndex | TextCounts]:
        stored = (read_index(path, remedy_of(path)) for path in self._indexes)
        return chain(chain.from_iterable(stored), self._in_memory)

    def _add(self, row: ShardIndex, folder: Path) -> None:
        """Add a shard that is indexed."""
        sentences = sum(map(bool, row.words))
        self.shards.append(Shard(row.name, folder, row.fingerprint, sentences, sum(row.words)))
        for name, count in row.genres.items():
            self._genres.setdefault(name, Counter()).update(count.model_dump())

    def _take_index(self, index: Path, folder: Path, sizes: dict[str, int | None]) -> None:
        """Add the shards of an index, and compare them with their files.

        sizes (dict[str, int | None]): As `find_shards` has them.
        RAISES (DeepALError): A shard was removed or changed, or another index has it too.
        """
        known = {shard.name for shard in self.shards}
        for row in read_index(index, remedy_of(index)):
            if isinstance(row, TextCounts):
                continue
            if row.name in known:
                raise DeepALError(
                    f"{index} has the shard {row.name}, and so has {self._indexes[0]}. Delete "
                    f"{index}: then the shards that the other one lacks are read again."
                )
            changed = None
            if row.name not in sizes:
                changed = "was removed"
            elif _has_changed(row, folder, sizes[row.name]):
                changed = "was changed"
            if changed:
                raise DeepALError(
                    f"{folder / row.name} {changed} after {index} was written. Put back what it "
                    f"was. If the change is meant, do this: {remedy_of(index)}"
                )
            self._add(row, folder)
        self._indexes.append(index)

    def _index_new(self, new: list[str], folder: Path, beside: Path | None) -> None:
        """Read shards that no index has, and index them in `beside`, as `__init__` says."""
        indexer = Indexer(self.index())
        earlier = [] if beside not in self._indexes else self._indexes[-1:]

        def rows() -> Iterator[ShardIndex]:
            for path in earlier:
                yield from (r for r in read_index(path, "") if isinstance(r, ShardIndex))
            for name in progress_bar(new, "index", unit="shard"):
                content = Source.of_file(folder / name).read_bytes()
                docs = list(read_shard(folder / name, None, content))
                yield (row := indexer.add(name, content, docs))
                self._add(row, folder)

        def text() -> TextCounts:
            stored = chain.from_iterable(read_index(path, "") for path in earlier)
            before = [row for row in stored if isinstance(row, TextCounts)]
            return TextCounts.total([*before, indexer.text()])

        if beside is None:
            self._in_memory = [*rows(), text()]
        else:
            write_index(beside, rows(), text)
            self._indexes = list(dict.fromkeys([*self._indexes, beside]))


def _has_changed(row: ShardIndex, folder: Path, size: int | None) -> bool:
    """RETURNS (bool): Whether a file is not what the index says. size (int | None): If it is known,
    it alone is compared."""
    if size is not None:
        return size != row.size
    return hash_bytes(read_bytes(folder / row.name)) != row.fingerprint


def read_counts(path: str, beside: str | None = None) -> dict[str, dict[str, int]]:
    """`spacy_deepal.PoolCounts.v1`: how often each word, character and label occurs in a pool, for
    `DeepNER.initialize`. The shards are not read if they have an index.

    path, beside (str): As for `Pool`.
    RETURNS (dict): The `TextCounts`.
    """
    return Pool(path, as_path(beside) if beside else None).text().model_dump()


def remedy_of(index: Path) -> str:
    """RETURNS (str): What the user can do about an index that does not fit."""
    if index.name == POOL_INDEX:
        return f"Convert the pool again, or delete {index}: then the shards are read instead."
    return f"Delete {index}: then the shards are read again."
