"""Each sentence is encoded once, whoever asks."""

import os
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context

import numpy
import pytest
from spacy.strings import hash_string

from spacy_deepal.errors import DeepALError
from spacy_deepal.vectors.encoder_cache import EncoderCache


def sentence(number):
    return orths(*(f"w{number}-{i}" for i in range(1 + number % 5)))


def orths(*words):
    return numpy.asarray([hash_string(word) for word in words], "uint64")


def vectors_of(number):
    words = len(sentence(number))
    return numpy.arange(number, number + 3 * words, dtype="float16").reshape(words, 3)


def write_some(file, start, end, step=1):
    cache = EncoderCache(file, 1)
    for number in range(start, end, step):
        cache.write([sentence(number)], [vectors_of(number)])


def write_and_die(file):
    write_some(file, 0, 10)
    os._exit(1)


def assert_all_there(file, count):
    found = EncoderCache(file, 1).read([sentence(number) for number in range(count)])
    for number, vectors in enumerate(found):
        assert vectors.tolist() == vectors_of(number).tolist()


def test_what_is_written_is_read_and_what_is_not_is_none(tmp_path):
    write_some(tmp_path / "c", 0, 9)
    assert_all_there(tmp_path / "c", 9)
    swapped = sentence(3)[::-1].copy()
    assert EncoderCache(tmp_path / "c", 1).read([sentence(9), swapped]) == [None, None]


def test_sentences_of_the_same_text_but_other_words_differ(tmp_path):
    cache = EncoderCache(tmp_path / "c", 1)
    cache.write([orths("can", "not")], [vectors_of(1)])
    assert cache.read([orths("cannot"), orths("can not"), orths("not", "can")]) == [None] * 3


def test_what_a_killed_process_has_written_stays(tmp_path):
    process = get_context("spawn").Process(target=write_and_die, args=(tmp_path / "c",))
    process.start()
    process.join()
    assert process.exitcode == 1
    assert_all_there(tmp_path / "c", 10)


def test_threads_share_a_file(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda start: write_some(tmp_path / "c", start, 40, 4), range(4)))
    assert_all_there(tmp_path / "c", 40)


def test_a_full_cache_keeps_what_it_has_and_warns_once(tmp_path):
    cache = EncoderCache(tmp_path / "c", 64 * 1024 / 2**30)
    wide = numpy.ones((10, 1000), "float16")
    kept, *others = (orths(*[f"w{i}"] * 10) for i in range(9))
    cache.write([kept], [wide])
    with pytest.warns(UserWarning, match=r"is full or its disk is"):
        cache.write(others[:-1], [wide] * 7)
    cache.write(others[-1:], [wide])
    assert cache.file.stat().st_size <= 64 * 1024
    found = cache.read([kept, *others])
    assert found[0].tolist() == wide.tolist()
    assert found[1:] == [None] * 8


def test_a_cache_too_small_for_any_sentence_is_full(tmp_path):
    cache = EncoderCache(tmp_path / "c", 1e-9)
    with pytest.warns(UserWarning, match=r"is full or its disk is \(at most 1e-09 GB\)"):
        cache.write([orths("a")], [numpy.ones((1, 100_000), "float16")])
    assert cache.read([orths("a")]) == [None]


def test_a_file_that_is_no_cache_is_named(tmp_path):
    (tmp_path / "c").write_bytes(b"something else" * 1000)
    with pytest.raises(DeepALError, match=r"c cannot be used .* Delete it, or name another"):
        EncoderCache(tmp_path / "c", 1).read([orths("a")])
