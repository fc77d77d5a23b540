"""Docs to the tensors of a Batch."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.attrs import IS_SPACE, ORTH
from spacy.tokens import Doc
from spacy.vocab import Vocab

from .inference import Words
from .layers import ONE_DNN
from .layout import lay_out, pack
from .lexicon import Lexicon
from .network import PAD_CHAR, Batch, CnnCnnLstm

STEP = 64 if ONE_DNN else 1  # oneDNN makes a program for each number of flat rows that it meets
BOS_ROW, EOS_ROW = np.asarray([1]), np.asarray([2])  # in the tables of prediction; 0 is [PAD]


def word_orths(doc: Doc) -> NDArray[np.uint64]:
    """RETURNS (array[n_words]): ORTH ids of the real words."""
    table = doc.to_array([ORTH, IS_SPACE])
    return table[table[:, 1] == 0, 0] if len(doc) else np.zeros(0, "uint64")


def real_words(doc: Doc) -> NDArray[np.int64]:
    """RETURNS (array[n_words]): Which tokens are real words."""
    return np.flatnonzero(doc.to_array(IS_SPACE) == 0) if len(doc) else np.zeros(0, "int64")


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
    context: torch.Tensor | None = None,
    device: torch.device | str = "cpu",
) -> Batch:
    """Lay sentences out for the network.

    sentences (Sequence[array]): ORTH ids of each sentence, none empty.
    vocab (Vocab): Where their lexemes and vectors are.
    gap (int), char_gap (int): Rows of padding between sentences and between words.
    context (Tensor[n, width] | None): What a tok2vec says of the words, sentence by sentence.
    RETURNS (Batch): The tensors, on `device`.
    """
    lengths = np.asarray([len(sentence) for sentence in sentences])
    distinct, inverse = np.unique(np.concatenate(sentences), return_inverse=True)
    rows = np.concatenate([[0, 1], lexicon.find(vocab, distinct)])
    index, positions = _lay_out(lengths, inverse + 2, gap)
    active, places = pack(lengths)
    characters, character_places, character_starts = _lay_out_characters(lexicon, rows, char_gap)
    return Batch(
        characters=torch.from_numpy(characters).to(device),
        character_places=torch.from_numpy(character_places).to(device),
        character_starts=torch.from_numpy(character_starts).to(device),
        words=torch.from_numpy(lexicon.words[rows]).to(device),
        attributes=torch.from_numpy(lexicon.attributes[rows]).to(device),
        vectors=torch.from_numpy(lexicon.vectors[rows]).to(device),
        index=torch.from_numpy(index).to(device),
        positions=torch.from_numpy(positions).to(device),
        places=torch.from_numpy(places).to(device),
        active=active.tolist(),
        context=context,
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


def _lay_out(lengths: NDArray, words: NDArray, gap: int) -> tuple[NDArray, NDArray]:
    """Rows of [BOS] words [EOS], `gap` rows of [PAD] behind each sentence; and where words lie."""
    sizes = lengths + 2 + gap
    starts = np.cumsum(sizes) - sizes
    index = np.full(_round_up(sizes.sum()), -1, "int64")
    index[starts] = 0
    index[starts + lengths + 1] = 1
    within = np.arange(len(words)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    positions = np.repeat(starts + 1, lengths) + within
    index[positions] = words
    return index, positions


def _lay_out_characters(
    lexicon: Lexicon, rows: NDArray, gap: int
) -> tuple[NDArray, NDArray, NDArray]:
    """Characters of distinct words one behind the other, `gap` of padding behind each; which are no
    padding; and where words begin among these."""
    lengths = lexicon.lengths[rows]
    places = np.arange(lengths.sum()) + np.repeat(gap * np.arange(len(rows)), lengths)
    characters = np.full(_round_up((lengths + gap).sum()), PAD_CHAR)
    kept = np.arange(lengths.max()) < lengths[:, None]
    characters[places] = lexicon.characters[rows, : lengths.max()][kept]
    return characters, places, np.cumsum(lengths) - lengths


def _round_up(rows: int) -> int:
    """More rows, of padding, so that their number is a multiple of STEP."""
    return -(-int(rows) // STEP) * STEP
