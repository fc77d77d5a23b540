"""Teacher forcing over flat rows: a convolution is one matrix product, and no row is padding of an
LSTM.

Sentences lie one behind the other, [BOS] words [EOS], with rows of [PAD] between them as wide as a
kernel reaches, so that no window sees a neighbour. With a kernel of 3, two sentences of two words
and one word:

    row     0      1    2    3      4      5      6    7      8
    what    [BOS]  w1   w2   [EOS]  [PAD]  [BOS]  w3   [EOS]  [PAD]

The characters of the distinct words of a batch lie in the same way.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ..lexicon import Lexicon
from ..network import PAD_CHAR, PAD_ROW, CnnCnnLstm, Convolutions
from ..packing import pack
from .packed_lstm import packed_lstm
from .products import drop, find_one_dnn, linear

ROW_STEP = 64  # oneDNN compiles a kernel for each number of rows: round up to a multiple of this


class FlatBatch(NamedTuple):
    """Sentences as flat rows. U distinct words, N flat rows, n words, K flat characters."""

    characters: Tensor  # [K] int64: PAD_CHAR between words
    character_places: Tensor  # [k] int64: which of them are no PAD_CHAR
    character_starts: Tensor  # [U] int64: where each word begins among these places
    features: list[Tensor]  # of the distinct words: see `Lexicon.features`
    rows: Tensor  # [N] int64: which distinct word stands in a row; PAD_ROW: none
    positions: Tensor  # [n] int64: row of each real word, sentence by sentence
    places: Tensor  # [n] int64: where the LSTM reads each word, time by time
    active: list[int]  # how many sentences have a word at each time, longest first


def lay_out_flat(
    sentences: Sequence[NDArray], lexicon: Lexicon, network: CnnCnnLstm, device: torch.device
) -> FlatBatch:
    """sentences: Lexicon rows of the real words of each, none empty."""
    encode, embed = network.sizes.encode, network.sizes.embed
    lengths = np.asarray([len(sentence) for sentence in sentences])
    distinct, inverse = np.unique(np.concatenate(sentences), return_inverse=True)
    rows = np.concatenate([[0, 1], distinct])
    active, packed, _, times = pack(lengths)
    index, positions = _lay_out_words(lengths, times, inverse + 2, encode.kernel // 2)
    characters, places, starts = _lay_out_characters(lexicon, rows, embed.char_kernel // 2)

    def tensor(values: NDArray) -> Tensor:
        return torch.from_numpy(values).to(device)

    return FlatBatch(
        characters=tensor(characters),
        character_places=tensor(places),
        character_starts=tensor(starts),
        features=lexicon.features(rows, device),
        rows=tensor(index),
        positions=tensor(positions),
        places=tensor(packed),
        active=active.tolist(),
    )


def teacher_forced(
    network: CnnCnnLstm, batch: FlatBatch, previous: Tensor, context: Tensor | None
) -> Tensor:
    """What `Engine.teacher_forced` computes."""
    decoder = network.decoder
    h_enc = _encode(network, batch, context)
    before = decoder.embedding(_packed(previous, batch))
    rows = torch.cat([drop(decoder.input_dropout, h_enc), before], 1)
    for layer, dropout in zip(decoder.layers, decoder.dropouts, strict=True):
        rows = drop(dropout, packed_lstm(layer, rows, batch.active))
    return decoder.output(rows).index_select(0, batch.places)


def _encode(network: CnnCnnLstm, batch: FlatBatch, context: Tensor | None) -> Tensor:
    """RETURNS: h^Enc [n, width] where the LSTM reads it."""
    encoder = network.encoder
    index = batch.rows.clamp(min=0)
    mask = (batch.rows != PAD_ROW).unsqueeze(1).float()
    ids, attributes, vectors = batch.features
    known = F.embedding(index, encoder.embedding(ids))
    if encoder.training and encoder.word_drop:
        known = known * (torch.rand_like(mask) >= encoder.word_drop)
    others = [_encode_characters(network, batch), *encoder.features(attributes, vectors)]
    rows = torch.cat([encoder.unknown + known, F.embedding(index, torch.cat(others, 1))], 1)
    if encoder.context is not None and context is not None:
        context = linear(context, encoder.context.weight, encoder.context.bias)
        table = context.new_zeros((len(rows), context.shape[1]))
        rows = torch.cat([rows, table.index_copy(0, batch.positions, context)], 1)
    w_full = drop(encoder.dropout, rows) * mask
    h_last = convolve(encoder.convolutions, w_full, mask)
    return torch.cat([h_last, w_full], 1).index_select(0, _packed(batch.positions, batch))


def _encode_characters(network: CnnCnnLstm, batch: FlatBatch) -> Tensor:
    characters = network.encoder.characters
    mask = (batch.characters != PAD_CHAR).unsqueeze(1).float()
    rows = convolve(characters.convolutions, characters.embedding(batch.characters), mask)
    return F.embedding_bag(batch.character_places, rows, batch.character_starts, mode="max")


def convolve(module: Convolutions, rows: Tensor, mask: Tensor) -> Tensor:
    """What a `Convolutions` computes: rows [N, width_in], mask [N, 1] (0 at [PAD]) -> [N, width]"""
    reach = module.kernel // 2
    for layer, (dropout, convolution, residual, norm) in enumerate(
        zip(module.dropouts, module.convolutions, module.residuals, module.norms, strict=True)
    ):
        rows = drop(dropout, rows * mask if layer else rows)
        padded = F.pad(rows, (0, 0, reach, reach))
        windows = torch.cat([padded[k : k + len(rows)] for k in range(module.kernel)], 1)
        weight = convolution.weight.transpose(1, 2).flatten(1)  # [width, kernel * width_in]
        connected = linear(rows, residual.weight) if isinstance(residual, nn.Linear) else rows
        rows = norm(connected + F.relu(linear(windows, weight, convolution.bias)))
    return rows


def _packed(values: Tensor, batch: FlatBatch) -> Tensor:
    """[n] of the real words, sentence by sentence -> [n], where the LSTM reads them"""
    return torch.empty_like(values).index_copy_(0, batch.places, values)


def _lay_out_words(
    lengths: NDArray, times: NDArray, words: NDArray, gap: int
) -> tuple[NDArray, NDArray]:
    """RETURNS: Which word stands in each row, with `gap` rows of [PAD] behind each sentence, and
    the rows of the real words."""
    sizes = lengths + 2 + gap
    starts = np.cumsum(sizes) - sizes
    index = np.full(_round_up(sizes.sum()), PAD_ROW)
    index[starts], index[starts + lengths + 1] = 0, 1
    positions = np.repeat(starts + 1, lengths) + times
    index[positions] = words
    return index, positions


def _lay_out_characters(
    lexicon: Lexicon, rows: NDArray, gap: int
) -> tuple[NDArray, NDArray, NDArray]:
    """RETURNS: As `FlatBatch` has them, with `gap` of padding behind each word."""
    lengths = lexicon.lengths[rows]
    places = np.arange(lengths.sum()) + np.repeat(gap * np.arange(len(rows)), lengths)
    characters = np.full(_round_up((lengths + gap).sum()), PAD_CHAR)
    table = lexicon.characters[rows]
    characters[places] = table[table != PAD_CHAR]
    return characters, places, np.cumsum(lengths) - lengths


def _round_up(rows: int) -> int:
    """RETURNS (int): More rows, of padding, so that oneDNN meets few numbers of them."""
    return int(rows) if find_one_dnn() is None else -(-int(rows) // ROW_STEP) * ROW_STEP
