import numpy
import pytest
import spacy
import torch
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_deepal.tagger.features import STEP, bucket, make_batch, word_orths
from spacy_deepal.tagger.lexicon import Lexicon
from spacy_deepal.tagger.network import BOS, BOW, EOS, EOW, PAD_CHAR

from .build import LEXICON, orths


def test_white_space_is_no_word(vocab):
    doc = Doc(vocab, words=["\n", "Ada", " ", "\u200b", "\u00a0", "sings", "\t\t"])
    assert word_orths(doc).tolist() == orths(vocab, "Ada", "\u200b", "sings").tolist()


@pytest.mark.parametrize("words", [[], ["\n"], ["Ada"]])
def test_docs_with_less_than_two_words_have_arrays_of_their_length(vocab, words):
    doc = Doc(vocab, words=words)
    assert word_orths(doc).shape == (words.count("Ada"),)


@given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, 100))
def test_buckets_hold_each_sentence_with_words_once_longest_first_and_bounded(lengths, most):
    groups = list(bucket(lengths, most))
    order = [i for group in groups for i in group]
    assert sorted(order) == [i for i, length in enumerate(lengths) if length]
    assert [lengths[i] for i in order] == sorted((n for n in lengths if n), reverse=True)
    for group in groups:
        assert len(group) == 1 or max(lengths[i] for i in group) * len(group) <= most


def lay_out(vocab, sentences, gap=1, char_gap=1):
    lexicon = Lexicon(LEXICON)
    words = [orths(vocab, *sentence.split()) for sentence in sentences]
    return make_batch(words, vocab, lexicon, gap=gap, char_gap=char_gap)


def test_sentences_lie_framed_and_padded_one_behind_the_other(vocab):
    batch = lay_out(vocab, ["Ada sings", "sings", "Ada Ada sings"], gap=2)
    word = batch.words[batch.index.clamp(min=0)].tolist()
    laid = ["pad" if i < 0 else w for i, w in zip(batch.index.tolist(), word, strict=True)]
    pad = ["pad"] * 2
    framed = [BOS, 3, 4, EOS, *pad, BOS, 4, EOS, *pad, BOS, 3, 3, 4, EOS, *pad]
    assert laid == framed + ["pad"] * (-len(framed) % STEP)


def test_only_real_words_have_a_position(vocab):
    """[BOS], [EOS] and [PAD] are never scored."""
    batch = lay_out(vocab, ["Ada sings", "sings", "Ada Ada sings"], gap=2)
    assert batch.words[batch.index[batch.positions]].tolist() == [3, 4, 4, 3, 3, 4]
    assert len(batch.places) == 6


def test_decoder_reads_words_time_by_time_the_longest_sentence_first(vocab):
    batch = lay_out(vocab, ["Ada sings", "sings", "Ada Ada sings"])
    assert batch.active == [3, 2, 1]
    assert batch.places.tolist() == [1, 4, 2, 0, 3, 5]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_each_word_has_a_place_of_its_own_among_those_of_its_time(lengths):
    vocab = spacy.blank("en").vocab
    batch = lay_out(vocab, [" ".join(["Ada"] * length) for length in lengths])
    assert sorted(batch.places.tolist()) == list(range(sum(lengths)))
    starts = numpy.cumsum([0, *batch.active])
    times = numpy.searchsorted(starts, batch.places.numpy(), side="right") - 1
    assert times.tolist() == [time for length in lengths for time in range(length)]


@pytest.mark.parametrize("char_gap", [0, 1, 3])
def test_characters_of_distinct_words_lie_once_with_padding_between(vocab, char_gap):
    batch = lay_out(vocab, ["Ada d", "d Ada"], char_gap=char_gap)
    assert batch.words.shape == (4,)  # [BOS], [EOS] and two words
    pad = [PAD_CHAR] * char_gap
    frame = [BOW, EOW, *pad]
    ada, d = [BOW, 4, 7, 5, EOW, *pad], [BOW, 7, EOW, *pad]
    flat = batch.characters.tolist()
    end = len([*frame, *frame, *ada, *d])
    assert flat[:end] in ([*frame, *frame, *ada, *d], [*frame, *frame, *d, *ada])
    assert flat[end:] == [PAD_CHAR] * (len(flat) - end)
    assert len(flat) % STEP == 0
    assert len(flat) - end < STEP
    places = batch.character_places
    assert torch.equal(places, (batch.characters != PAD_CHAR).nonzero().squeeze(1))
    first = batch.characters[places[batch.character_starts]]
    assert first.tolist() == [BOW] * 4


def test_vectors_of_a_pipeline_without_any_are_not_asked_for(vocab):
    assert lay_out(vocab, ["Ada"]).vectors.shape == (3, 0)
