"""Docs to the tensors of a Batch. What is known of a word is worked out once per distinct word."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.attrs import IS_SPACE, NAMES, ORTH
from spacy.strings import get_string_id
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import NumpyOps

from .inference import Words
from .layout import lay_out
from .network import BOS, BOW, EOS, EOW, UNKNOWN_CHAR, Batch, CnnCnnLstm

HASHES = 2  # rows a lexical attribute has in its table (a Bloom embedding)
CACHED_WORDS = 16_000  # distinct words remembered before the lexicon starts anew
BOS_ROW, EOS_ROW = np.asarray([1]), np.asarray([2])  # in the tables of prediction; 0 is [PAD]
TABLES = ("characters", "lengths", "words", "attributes", "vectors")
LEXEME_ATTRIBUTES = ("NORM", "LOWER", "SHAPE", "PREFIX", "SUFFIX")


class Lexicon:
    """The features of distinct words, a row each, computed when a word is first met.

    Rows 0 and 1 are [BOS] and [EOS].

    config (dict): `characters`, `words`, `attrs`, `attr_rows` and `max_chars` of the network.
    """

    def __init__(self, config: dict[str, Any]):
        self.max_chars = config["max_chars"]
        self.attrs = config["attrs"]
        self.attr_rows = np.repeat(np.asarray(config["attr_rows"], "int64"), HASHES)
        self.character_ids = {c: i for i, c in enumerate(config["characters"], EOW + 1)}
        self.word_ids = {get_string_id(w): i for i, w in enumerate(config["words"], EOS + 1)}
        self.vectors_width = config["vectors_width"]
        self._forget()

    def __getstate__(self) -> dict[str, Any]:
        """What was computed can be computed again: leave it out of a pickle."""
        state = self.__dict__.copy()
        for name in ("vocab", "rows", "size", *TABLES):
            del state[name]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    def find(self, vocab: Vocab, orths: NDArray) -> NDArray[np.int64]:
        """Rows of distinct words, new words added.

        vocab (Vocab): Where the words' lexemes are.
        orths (array[U]): ORTH ids, distinct.
        RETURNS (array[U]): Rows of `characters`, `lengths`, `words`, `attributes` and `vectors`.
        """
        if self.vocab is not vocab:
            self._forget(vocab)
        vectors = static_vectors(vocab, orths.tolist(), self.vectors_width)
        found = np.asarray([self.rows.get(orth, -1) for orth in orths.tolist()], "int64")
        new = found < 0
        full = self.size + new.sum() > max(CACHED_WORDS, 2 * len(orths))
        if full or not np.array_equal(self.vectors[found[~new]], vectors[~new]):
            self._forget(vocab)
            new[:] = True
        if new.any():
            found[new] = np.arange(self.size, self.size + new.sum())
            self._add(orths[new].tolist(), vectors[new])
        return found

    def _forget(self, vocab: Vocab | None = None) -> None:
        self.vocab = vocab
        self.rows: dict[int, int] = {}  # by ORTH; another one each time the lexicon starts anew
        self.size = 2
        self.characters = np.zeros((1024, self.max_chars + 2), "int32")
        self.characters[:2, :2] = BOW, EOW
        self.lengths = np.full(1024, 2, "int64")
        self.words = np.zeros(1024, "int64")
        self.words[:2] = BOS, EOS
        self.attributes = np.zeros((1024, len(self.attr_rows)), "int64")
        self.vectors = np.zeros((1024, self.vectors_width), "float32")

    def _add(self, orths: list[int], vectors: NDArray) -> None:
        texts = [self.vocab.strings[orth] for orth in orths]
        start, self.size = self.size, self.size + len(orths)
        while self.size > len(self.words):
            for name in TABLES:
                table = getattr(self, name)
                setattr(self, name, np.concatenate([table, np.zeros_like(table)]))
        for row, (text, orth) in enumerate(zip(texts, orths, strict=True), start):
            characters = [self.character_ids.get(c, UNKNOWN_CHAR) for c in self._clip(text)]
            self.characters[row, : len(characters) + 2] = [BOW, *characters, EOW]
            self.lengths[row] = len(characters) + 2
            self.words[row] = self.word_ids.get(orth, 0)
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


def word_orths(doc: Doc) -> NDArray[np.uint64]:
    """RETURNS (array[n_words]): ORTH ids of the real words."""
    table = doc.to_array([ORTH, IS_SPACE])
    return table[table[:, 1] == 0, 0] if len(doc) else np.zeros(0, "uint64")


def distinct_words(docs: Sequence[Doc]) -> tuple[NDArray[np.uint64], list[NDArray[np.int64]]]:
    """RETURNS (array[U], list[array[n_words]]): ORTH ids of the distinct real words of all Docs,
    and which of them stand in each Doc."""
    sentences = [word_orths(doc) for doc in docs]
    words = np.concatenate(sentences) if sentences else np.zeros(0, "uint64")
    distinct, index = np.unique(words, return_inverse=True)
    return distinct, split(index, [len(sentence) for sentence in sentences])


def split(values: NDArray, lengths: Sequence[int]) -> list[NDArray]:
    """RETURNS (list[array]): Parts of these lengths, one behind the other."""
    ends = np.cumsum(lengths).tolist()
    return [values[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def bucket(lengths: Sequence[int], max_words: int) -> Iterator[list[int]]:
    """Group sentences of like length, longest first, bounded in padded words.

    lengths (Sequence[int]): Words of each sentence; those without a word are left out.
    max_words (int): Most words of a group, padding counted; a longer sentence goes alone.
    YIELDS (list[int]): Indices of the sentences of a group.
    """
    order = sorted((i for i, length in enumerate(lengths) if length), key=lambda i: -lengths[i])
    start = 0
    while start < len(order):
        size = max(1, max_words // lengths[order[start]])
        yield order[start : start + size]
        start += size


def make_batch(
    sentences: Sequence[NDArray],
    vocab: Vocab,
    lexicon: Lexicon,
    *,
    gap: int,
    char_gap: int,
    device: torch.device | str = "cpu",
) -> Batch:
    """Lay sentences out for the network.

    sentences (Sequence[array]): ORTH ids of each sentence, none empty.
    vocab (Vocab): Where their lexemes and vectors are.
    gap (int), char_gap (int): Rows of padding between sentences and between words.
    RETURNS (Batch): The tensors, on `device`.
    """
    lengths = np.asarray([len(sentence) for sentence in sentences])
    distinct, inverse = np.unique(np.concatenate(sentences), return_inverse=True)
    rows = np.concatenate([[0, 1], lexicon.find(vocab, distinct)])
    index, positions = _lay_out(lengths, inverse + 2, gap)
    slots, active = _decoder_slots(lengths)
    characters, character_slots, width = _lay_out_characters(lexicon, rows, char_gap)
    return Batch(
        characters=torch.from_numpy(characters).to(device),
        character_slots=torch.from_numpy(character_slots).to(device),
        character_width=width,
        words=torch.from_numpy(lexicon.words[rows]).to(device),
        attributes=torch.from_numpy(lexicon.attributes[rows]).to(device),
        vectors=torch.from_numpy(lexicon.vectors[rows]).to(device),
        index=torch.from_numpy(index).to(device),
        positions=torch.from_numpy(positions).to(device),
        slots=torch.from_numpy(slots).to(device),
        active=active,
    )


def word_tensors(
    lexicon: Lexicon, rows: NDArray, network: CnnCnnLstm, device: torch.device
) -> Words:
    """RETURNS (Words): What a network's masks do not change of words, by their lexicon rows."""
    lengths = lexicon.lengths[rows]
    table = lexicon.characters[rows, : lengths.max()]
    characters = lay_out(
        table[np.arange(table.shape[1]) < lengths[:, None]],
        lengths,
        kernel=network.config["char_kernel"],
        layers=network.config["char_layers"],
        frame=0,
        device=device,
    )
    features = lexicon.words[rows], lexicon.attributes[rows], lexicon.vectors[rows]
    with torch.no_grad():
        others = network.encoder.others(*(torch.from_numpy(part).to(device) for part in features))
    return Words(characters, others)


def static_vectors(vocab: Vocab, orths: Sequence[int], width: int) -> NDArray[np.float32]:
    """Vectors of words; the lower-case form's where the table lacks the word, else zeros.

    orths (Sequence[int]): ORTH ids.
    width (int): Columns of the vectors; 0: none are read.
    RETURNS (array[U, width]): A row each.
    """
    if not (width and len(orths)):
        return np.zeros((len(orths), width), "float32")
    table = vocab.vectors
    attr = NAMES[getattr(table, "attr", ORTH)].lower()  # what the table's keys are
    keys = [int(orth) if attr == "orth" else getattr(vocab[orth], attr) for orth in orths]
    if getattr(table, "mode", None) != "default":
        return np.asarray(table.get_batch(keys), "float32")
    rows = np.asarray(
        [
            row if row >= 0 else table.key2row.get(vocab[orth].lower, -1)
            for orth, row in zip(orths, table.find(keys=keys).tolist(), strict=True)
        ]
    )
    return np.where(rows[:, None] >= 0, np.asarray(table.data)[rows], 0).astype("float32")


def _lay_out(lengths: NDArray, words: NDArray, gap: int) -> tuple[NDArray, NDArray]:
    """Rows of [BOS] words [EOS], `gap` rows of [PAD] behind each sentence; and where words lie."""
    sizes = lengths + 2 + gap
    starts = np.cumsum(sizes) - sizes
    index = np.full(sizes.sum(), -1, "int64")
    index[starts] = 0
    index[starts + lengths + 1] = 1
    within = np.arange(len(words)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    positions = np.repeat(starts + 1, lengths) + within
    index[positions] = words
    return index, positions


def _decoder_slots(lengths: NDArray) -> tuple[NDArray, list[int]]:
    """Place of each word in a (time, sentence) table, longest sentence first."""
    rank = np.empty(len(lengths), "int64")
    rank[np.argsort(-lengths, kind="stable")] = np.arange(len(lengths))
    time = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    active = np.bincount(time, minlength=lengths.max())
    return time * len(lengths) + np.repeat(rank, lengths), active.tolist()


def _lay_out_characters(lexicon: Lexicon, rows: NDArray, gap: int) -> tuple[NDArray, NDArray, int]:
    """Characters of distinct words one behind the other; those of padding go to a scrap row."""
    lengths = lexicon.lengths[rows]
    width = int(lengths.max()) + gap
    columns = np.arange(width)
    kept = columns < (lengths + gap)[:, None]
    table = np.zeros((len(rows), width), "int64")
    within = min(width, lexicon.characters.shape[1])
    table[:, :within] = lexicon.characters[rows, :within]
    slots = np.arange(table.size).reshape(table.shape)
    slots = np.where(columns < lengths[:, None], slots, table.size)
    return table[kept], slots[kept], width
