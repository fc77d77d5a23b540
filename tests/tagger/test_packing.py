import numpy
from hypothesis import given
from hypothesis import strategies as st

from spacy_deepal.tagger.packing import bucket, pack


@given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, 100))
def test_buckets_hold_each_sentence_with_words_once_longest_first_and_bounded(lengths, most):
    groups = list(bucket(lengths, most))
    order = [i for group in groups for i in group]
    assert sorted(order) == [i for i, length in enumerate(lengths) if length]
    assert [lengths[i] for i in order] == sorted((n for n in lengths if n), reverse=True)
    for group in groups:
        assert len(group) == 1 or max(lengths[i] for i in group) * len(group) <= most


def test_rows_lie_time_by_time_the_longest_sequence_first():
    active, places, ranks, times = pack(numpy.asarray([2, 1, 3]))
    assert active.tolist() == [3, 2, 1]
    assert places.tolist() == [1, 4, 2, 0, 3, 5]
    assert ranks.tolist() == [1, 1, 2, 0, 0, 0]
    assert times.tolist() == [0, 1, 0, 0, 1, 2]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_each_row_has_a_place_of_its_own_among_those_of_its_time(lengths):
    active, places, *_ = pack(numpy.asarray(lengths))
    assert sorted(places.tolist()) == list(range(sum(lengths)))
    starts = numpy.cumsum([0, *active])
    times = numpy.searchsorted(starts, places, side="right") - 1
    assert times.tolist() == [time for length in lengths for time in range(length)]
