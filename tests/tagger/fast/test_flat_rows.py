"""Sentences as flat rows, and what training computes over them."""

import numpy
import pytest
import torch

from spacy_deepal.tagger.fast import flat_rows
from spacy_deepal.tagger.fast.flat_rows import ROW_STEP, lay_out_flat
from spacy_deepal.tagger.network import BOS, BOW, EOS, EOW, PAD_CHAR

from ..build import initialized, make_doc, make_lexicon, network_of, orths, tagger_in


@pytest.fixture(params=[True, False], ids=["oneDNN", "MKL"])
def step(request, monkeypatch):
    """The multiple of rows that there are."""
    monkeypatch.setattr(flat_rows, "find_one_dnn", lambda: object() if request.param else None)
    return ROW_STEP if request.param else 1


def lay_out(vocab, sentences, **sizes):
    lexicon = make_lexicon()
    words = [lexicon.find(vocab, orths(vocab, *sentence.split())) for sentence in sentences]
    return lay_out_flat(words, lexicon, network_of(initialized(**sizes)), torch.device("cpu"))


def test_sentences_lie_framed_and_padded_one_behind_the_other(vocab, step):
    batch = lay_out(vocab, ["Ada sings", "sings", "Ada Ada sings"], encode_kernel=5)
    word = batch.features[0][batch.rows.clamp(min=0)].tolist()
    laid = ["pad" if i < 0 else w for i, w in zip(batch.rows.tolist(), word, strict=True)]
    pad = ["pad"] * 2
    framed = [BOS, 3, 4, EOS, *pad, BOS, 4, EOS, *pad, BOS, 3, 3, 4, EOS, *pad]
    assert laid == framed + ["pad"] * (-len(framed) % step)


def test_only_real_words_have_a_position(vocab):
    """[BOS], [EOS] and [PAD] are never scored."""
    batch = lay_out(vocab, ["Ada sings", "sings", "Ada Ada sings"], encode_kernel=5)
    assert batch.features[0][batch.rows[batch.positions]].tolist() == [3, 4, 4, 3, 3, 4]
    assert len(batch.places) == 6


def test_decoder_reads_words_time_by_time_the_longest_sentence_first(vocab):
    batch = lay_out(vocab, ["Ada sings", "sings", "Ada Ada sings"])
    assert batch.active == [3, 2, 1]
    assert batch.places.tolist() == [1, 4, 2, 0, 3, 5]


@pytest.mark.parametrize("char_gap", [0, 1, 3])
def test_characters_of_distinct_words_lie_once_with_padding_between(vocab, char_gap, step):
    batch = lay_out(vocab, ["Ada d", "d Ada"], char_kernel=2 * char_gap + 1)
    assert batch.features[0].shape == (4,)  # [BOS], [EOS] and two words
    pad = [PAD_CHAR] * char_gap
    frame = [BOW, EOW, *pad]
    ada, d = [BOW, 4, 7, 5, EOW, *pad], [BOW, 7, EOW, *pad]
    flat = batch.characters.tolist()
    end = len([*frame, *frame, *ada, *d])
    assert flat[:end] in ([*frame, *frame, *ada, *d], [*frame, *frame, *d, *ada])
    assert flat[end:] == [PAD_CHAR] * (len(flat) - end)
    assert len(flat) % step == 0
    assert len(flat) - end < step
    places = batch.character_places
    assert torch.equal(places, (batch.characters != PAD_CHAR).nonzero().squeeze(1))
    first = batch.characters[places[batch.character_starts]]
    assert first.tolist() == [BOW] * 4


def test_vectors_of_a_pipeline_without_any_are_not_asked_for(vocab):
    assert lay_out(vocab, ["Ada"]).features[2].shape == (3, 0)


def test_the_lstm_reads_the_words_alone(monkeypatch):
    nlp = initialized(decode_layers=2)
    rows, packed_lstm = [], flat_rows.packed_lstm
    monkeypatch.setattr(
        flat_rows,
        "packed_lstm",
        lambda layer, values, active: (
            rows.append(len(values)),
            packed_lstm(layer, values, active),
        )[1],
    )
    docs = [make_doc(nlp.vocab, words) for words in ("Ada", "Ada met Khan", "Khan met")]
    previous = [numpy.zeros(len(doc), "int64") for doc in docs]
    tagger_in(nlp).teacher_forced(docs, previous, None)
    assert rows == [6, 6]
