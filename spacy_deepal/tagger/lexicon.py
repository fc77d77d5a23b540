"""From Docs to the distinct words that the network reads, and the features of each of them."""

from collections.abc import Sequence
from contextlib import ExitStack
from threading import RLock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.attrs import IS_SPACE, NAMES, ORTH
from spacy.strings import get_string_id
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import NumpyOps
from thinc.backends import get_array_ops
from torch import Tensor

from .network import BOS, BOW, EOS, EOW, PAD_CHAR, UNKNOWN_CHAR
from .packing import split
from .sizes import LEXEME_ATTRIBUTES, Sizes, Vocabulary

HASHES = 2  # rows a lexical attribute has in its table (a Bloom embedding)
CACHED_WORDS = 16_000  # distinct words remembered before the lexicon starts anew
TABLES = ("characters", "lengths", "ids", "attributes", "vectors")


def distinct_words(docs: Sequence[Doc]) -> tuple[NDArray[np.uint64], list[NDArray[np.int64]]]:
    """RETURNS (array[U], list[array[n_words]]): ORTH ids of the distinct real words of all Docs,
    and which of them stand in each Doc."""
    tables = [doc.to_array([ORTH, IS_SPACE]) for doc in docs]
    sentences = [table[table[:, 1] == 0, 0] for table in tables]
    words = np.concatenate([np.zeros(0, "uint64"), *sentences])
    distinct, index = np.unique(words, return_inverse=True)
    return distinct, split(index, list(map(len, sentences)))


class Lexicon:
    """The features of distinct words, a row each, computed when a word is first met.

    Rows 0 and 1 are [BOS] and [EOS].
    """

    def __init__(self, sizes: Sizes, vocabulary: Vocabulary):
        embed = sizes.embed
        self.max_chars = embed.max_chars
        self.attrs = embed.attrs
        self.attr_rows = np.repeat(np.asarray(embed.attr_rows, "int64"), HASHES)
        self.character_ids = {c: i for i, c in enumerate(vocabulary.characters, EOW + 1)}
        self.word_ids = {get_string_id(w): i for i, w in enumerate(vocabulary.words, EOS + 1)}
        self.vectors_width = sizes.vectors_width
        self.vectors_scale = vocabulary.vectors_scale
        self.lock = RLock()  # one thread at a time adds words
        self._forget()

    def __getstate__(self) -> dict[str, Any]:
        """What was computed can be computed again: leave it out of a pickle."""
        computed = ("lock", "vocab", "table", "rows", "size", *TABLES)
        return {name: part for name, part in self.__dict__.items() if name not in computed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.lock = RLock()
        self._forget()

    def find(self, vocab: Vocab, orths: NDArray) -> NDArray[np.int64]:
        """RETURNS (array[U]): Rows of distinct words, by ORTH id. New words are added.

        vocab (Vocab): Where the words' lexemes are.
        """
        with self.lock, ExitStack() as interrupted:
            interrupted.callback(self._forget)
            if self.vocab is not vocab:
                self._forget(vocab)
            found = np.asarray([self.rows.get(orth, -1) for orth in orths.tolist()], "int64")
            new = found < 0
            full = self.size + new.sum() > max(CACHED_WORDS, 2 * len(orths))
            if full or self._outdated(orths[~new], found[~new]):
                self._forget(vocab)
                new[:] = True
            if new.any():
                found[new] = np.arange(self.size, self.size + new.sum())
                self._add(orths[new].tolist(), self._vectors(orths[new]))
            interrupted.pop_all()
        return found

    def features(self, rows: NDArray, device: torch.device) -> list[Tensor]:
        """RETURNS: `ids`, `attributes` and `vectors` of these rows."""
        parts = self.ids, self.attributes, self.vectors
        return [torch.from_numpy(part[rows]).to(device) for part in parts]

    def forget(self) -> None:
        """Drop all words. They are computed again when they are met again."""
        with self.lock:
            self._forget()

    def _vectors(self, orths: NDArray) -> NDArray[np.float32]:
        if not self.vectors_width:
            return np.zeros((len(orths), 0), "float32")
        return np.float32(self.vectors_scale) * static_vectors(self.vocab, orths.tolist())

    def _outdated(self, orths: NDArray, rows: NDArray) -> bool:
        """Whether the vectors have changed since the known words were added. A floret table is not
        checked word by word: it cannot be edited that way, and checking is slow."""
        if _data(self.vocab) is not self.table:
            return True
        if not _stores_words(self.vocab.vectors):
            return False
        return not np.array_equal(self.vectors[rows], self._vectors(orths))

    def _forget(self, vocab: Vocab | None = None) -> None:
        self.vocab: Any = vocab  # None: none yet
        self.table = _data(vocab) if vocab else None
        self.rows: dict[int, int] = {}  # by ORTH; another one each time the lexicon starts anew
        self.size = 2
        self.characters = np.full((1024, self.max_chars + 2), PAD_CHAR, "int32")
        self.characters[:2, :2] = BOW, EOW
        self.lengths = np.full(1024, 2, "int64")
        self.ids = np.zeros(1024, "int64")
        self.ids[:2] = BOS, EOS
        self.attributes = np.zeros((1024, len(self.attr_rows)), "int64")
        self.vectors = np.zeros((1024, self.vectors_width), "float32")

    def _add(self, orths: list[int], vectors: NDArray) -> None:
        texts = [self.vocab.strings[orth] for orth in orths]
        start, self.size = self.size, self.size + len(orths)
        while self.size > len(self.ids):
            for name in TABLES:
                table = getattr(self, name)
                setattr(self, name, np.concatenate([table, np.zeros_like(table)]))
        for row, (text, orth) in enumerate(zip(texts, orths, strict=True), start):
            characters = [self.character_ids.get(c, UNKNOWN_CHAR) for c in self._clip(text)]
            self.characters[row, : len(characters) + 2] = [BOW, *characters, EOW]
            self.lengths[row] = len(characters) + 2
            self.ids[row] = self.word_ids.get(orth, 0)
            self.rows[orth] = row
        self.vectors[start : self.size] = vectors
        if self.attrs:
            self.attributes[start : self.size] = self._hash_attributes(texts, orths)

    def _clip(self, text: str) -> str:
        """A word longer than `max_chars` keeps its first and last characters."""
        if len(text) <= self.max_chars:
            return text
        half = self.max_chars // 2
        return text[: self.max_chars - half] + text[-half:]

    def _hash_attributes(self, texts: list[str], orths: list[int]) -> NDArray[np.int64]:
        hashed = []
        for seed, attr in enumerate(self.attrs):
            if attr in LEXEME_ATTRIBUTES:
                ids = [getattr(self.vocab[orth], attr.lower()) for orth in orths]
            else:
                length = int(attr[6:])
                cut = slice(length) if attr.startswith("PREFIX") else slice(-length, None)
                ids = [get_string_id(text[cut]) for text in texts]
            hashed.append(NumpyOps().hash(np.asarray(ids, "uint64"), seed)[:, :HASHES])
        return (np.concatenate(hashed, 1) % self.attr_rows.astype("uint32")).astype("int64")


def static_vectors(vocab: Vocab, orths: Sequence[int]) -> NDArray[np.float32]:
    """Look up the vectors of words. A word that the table lacks gets the vector of its lower-case,
    title-case or upper-case form, or else zeros.

    RETURNS (array[U, D]): A row for each ORTH id.
    """
    table = vocab.vectors
    if not len(orths):
        return np.zeros((0, table.shape[1]), "float32")
    attr = NAMES[getattr(table, "attr", ORTH)].lower()  # what the table's keys are
    keys = [int(orth) if attr == "orth" else getattr(vocab[orth], attr) for orth in orths]
    if not _stores_words(table):
        found = table.get_batch(keys)
        return get_array_ops(found).to_numpy(found).astype("float32")
    ops = get_array_ops(table.data)  # spaCy keeps tables on the GPU that it uses
    rows = ops.to_numpy(table.find(keys=keys))
    for i in np.flatnonzero(rows < 0).tolist():
        forms = (get_string_id(form) for form in case_forms(vocab.strings[orths[i]]))
        rows[i] = next((table.key2row[form] for form in forms if form in table.key2row), -1)
    if not (rows >= 0).any():
        return np.zeros((len(orths), table.shape[1]), "float32")  # the table may have no row
    values = ops.to_numpy(table.data[ops.xp.asarray(rows)])
    return np.where(rows[:, None] >= 0, values, 0).astype("float32")


def _data(vocab: Vocab) -> Any:
    """What identifies a table: its array, or the table itself if it has none."""
    return getattr(vocab.vectors, "data", vocab.vectors)


def _stores_words(table: Any) -> bool:
    """Whether a table has a row a word. Others, floret and those that `[nlp.vectors]` may name,
    have a vector for any word."""
    return getattr(table, "mode", None) == "default"


def find_vectors_scale(vocab: Vocab, orths: Sequence[int]) -> float:
    """RETURNS (float): What the vectors of words must be multiplied by for a root mean square of 1.
    Words without a vector do not count. Tables differ twentyfold in it, and one learning rate for
    all layers does not make up for that."""
    rows = static_vectors(vocab, orths).astype("float64")
    square = np.square(rows[rows.any(1)]).mean() if rows.any() else 1.0
    return float(square**-0.5)


def case_forms(word: str) -> list[str]:
    """A word and its forms in lower, title and upper case. The first of them that has a vector
    lends it to the word."""
    return [word, word.lower(), word.capitalize(), word.upper()]
