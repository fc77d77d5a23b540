"""The index of a pool: what each shard holds, so that nobody has to read the shards to know it.

It is a sealed file of JSON lines: a `ShardIndex` for each shard, in their order, then the
`TextCounts` of them all in parts, so that whoever passes over them needs little memory.
`shards.write_shards` writes it beside the shards.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import cast

import numpy as np
from pydantic import model_validator
from spacy.attrs import IS_SPACE, ORTH
from spacy.tokens import Doc
from thinc.types import Ints2d

from ..files import Row, parse_row
from ..sealed import read_sealed, write_sealed
from ..sentences import count_words, sentence_info
from .ids import UniqueIds

POOL_INDEX = "pool.index"
MOST_WORDS = 200_000  # distinct words; beyond twice as many, the rarest are forgotten
WORDS_OF_PART = 10_000  # distinct words that are written in one line
NO_GENRE = "-"
EMPTY = np.zeros(0, "uint64")


class GenreCount(Row):
    """The sentences and words of one genre; sentences without words do not count."""

    sentences: int
    words: int


class ShardIndex(Row):
    """What one shard holds.

    name (str): Its file, relative to the pool, with "/" between folders.
    fingerprint (str), size (int): The hash of its bytes, and their number.
    ids (list[str]), words (list[int]): The id and the real words of each sentence in its place.
    genres (dict): By genre, with "-" for sentences that have none.
    """

    name: str
    fingerprint: str
    size: int
    ids: list[str]
    words: list[int]
    genres: dict[str, GenreCount]

    @model_validator(mode="after")
    def _check(self) -> "ShardIndex":
        if len(self.ids) != len(self.words):
            raise ValueError("it has not as many words as ids")
        return self


class TextCounts(Row):
    """How often each word, character and entity type occurs in some shards."""

    words: dict[str, int]
    characters: dict[str, int]
    labels: dict[str, int]

    @classmethod
    def total(cls, parts: Iterable["TextCounts"]) -> "TextCounts":
        """RETURNS (TextCounts): The sum."""
        sums: list[Counter[str]] = [Counter(), Counter(), Counter()]
        for part in parts:
            for counter, more in zip(sums, (part.words, part.characters, part.labels), strict=True):
                counter.update(more)
        words, characters, labels = map(dict, sums)
        return cls(words=words, characters=characters, labels=labels)

    def parts(self) -> Iterator["TextCounts"]:
        """YIELDS (TextCounts): Parts with few words each, whose `total` this is."""
        yield TextCounts(words={}, characters=self.characters, labels=self.labels)
        words = iter(self.words.items())
        while part := dict(islice(words, WORDS_OF_PART)):
            yield TextCounts(words=part, characters={}, labels={})


class Indexer:
    """Makes the index of shards while they are written or read.

    known (Iterable[ShardIndex]): Shards that are in an index already.
    """

    def __init__(self, known: Iterable[ShardIndex] = ()):
        self._ids = UniqueIds()
        for shard in known:
            self._ids.add(shard.ids)
        self._words: Counter[str] = Counter()
        self._characters: Counter[str] = Counter()
        self._labels: Counter[str] = Counter()

    def add(self, name: str, content: bytes, docs: Sequence[Doc]) -> ShardIndex:
        """Count the sentences of a shard.

        content (bytes): The bytes of its file.
        RAISES (DeepALError): A sentence has no id, or that of another one.
        """
        infos = [sentence_info(doc) for doc in docs]
        ids = [info["id"] for info in infos]
        self._ids.add(ids)
        words = self._count_words(docs)
        self._labels.update(entity.label_ for doc in docs for entity in doc.ents)
        genres = _count_genres(zip((info["genre"] for info in infos), words, strict=True))
        return ShardIndex(
            name=name,
            fingerprint=hash_bytes(content),
            size=len(content),
            ids=ids,
            words=words,
            genres=genres,
        )

    def _count_words(self, docs: Sequence[Doc]) -> list[int]:
        """RETURNS (list[int]): The real words of each sentence."""
        tables = [cast(Ints2d, doc.to_array([ORTH, IS_SPACE])) for doc in docs]
        orths = [table[table[:, 1] == 0, 0] for table in tables]
        stores = {id(doc.vocab): doc.vocab.strings for doc in docs}.values()
        words, counts = np.unique(np.concatenate([EMPTY, *orths]), return_counts=True)
        for orth, count in zip(words.tolist(), counts.tolist(), strict=True):
            word = next(strings[orth] for strings in stores if orth in strings)
            self._words[word] += count
            for character in word:
                self._characters[character] += count
        if len(self._words) > 2 * MOST_WORDS:
            self._words = Counter(dict(self._words.most_common(MOST_WORDS)))
        return list(map(len, orths))

    def text(self) -> TextCounts:
        """RETURNS (TextCounts): What all added shards hold."""
        return TextCounts(
            words=dict(self._words), characters=dict(self._characters), labels=dict(self._labels)
        )


def count_genres(docs: Iterable[Doc]) -> dict[str, GenreCount]:
    """RETURNS (dict[str, GenreCount]): By genre, sorted. Sentences without one count as "-";
    sentences without words do not count."""
    return _count_genres((sentence_info(doc)["genre"], count_words(doc)) for doc in docs)


def _count_genres(sentences: Iterable[tuple[str | None, int]]) -> dict[str, GenreCount]:
    numbers: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for genre, count in sentences:
        if count:
            numbers[genre or NO_GENRE] += 1
            words[genre or NO_GENRE] += count
    return {name: GenreCount(sentences=numbers[name], words=words[name]) for name in sorted(words)}


def write_index(path: Path, shards: Iterable[ShardIndex], text: Callable[[], TextCounts]) -> None:
    """Write an index, whole or not at all. text: Called when the shards have been read."""

    def rows() -> Iterator[Row]:
        yield from shards
        yield from text().parts()

    write_sealed(path, rows())


def read_index(path: Path, remedy: str) -> Iterator[ShardIndex | TextCounts]:
    """Read what `write_index` wrote, as a stream.

    RAISES (DeepALError): It is damaged. remedy (str): What the user can do about it.
    """
    for place, value in read_sealed(path, remedy):
        is_shard = isinstance(value, dict) and "name" in value
        if is_shard:
            yield parse_row(ShardIndex, value, place, remedy)
        else:
            yield parse_row(TextCounts, value, place, remedy)


def hash_bytes(content: bytes) -> str:
    """RETURNS (str): The fingerprint of a file of these bytes."""
    return hashlib.sha256(content).hexdigest()
