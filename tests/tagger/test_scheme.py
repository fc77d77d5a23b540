import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_deepal.tagger.scheme import MISSING, decode, encode, tag_count

from .build import tag_names

LABELS = ["LOC", "PER"]
O = 0  # noqa: E741
B_LOC, I_LOC, E_LOC, S_LOC, B_PER, I_PER, E_PER, S_PER = range(1, 9)
# spaCy's ENT_IOB codes
m, i, o, b = 0, 1, 2, 3


def encoded(iob, types, starts=(0,)):
    first = numpy.zeros(len(iob), bool)
    first[list(starts)] = True
    return encode(numpy.asarray(iob), numpy.asarray(types), first).tolist()


def test_there_are_four_tags_a_label_and_one_for_outside():
    names = tag_names(LABELS)
    assert names == ["O", "B-LOC", "I-LOC", "E-LOC", "S-LOC", "B-PER", "I-PER", "E-PER", "S-PER"]
    assert tag_count(LABELS) == len(names)
    assert tag_count([]) == len(tag_names([])) == 1


def test_entities_of_one_two_and_three_words_are_encoded():
    assert encoded([b, o, b, i, b, i, i], [1, -1, 0, 0, 1, 1, 1]) == [
        *(S_PER, O, B_LOC, E_LOC, B_PER, I_PER, E_PER)
    ]


def test_entities_of_one_type_that_touch_stay_two():
    assert encoded([b, b, i], [0, 0, 0]) == [S_LOC, B_LOC, E_LOC]


def test_entity_ends_with_its_sentence():
    assert encoded([b, i, b, i], [0, 0, 0, 0], starts=[0, 2]) == [B_LOC, E_LOC, B_LOC, E_LOC]
    assert encoded([b, i, i, i], [0, 0, 0, 0], starts=[0, 2]) == [B_LOC, E_LOC, B_LOC, E_LOC]


def test_unannotated_words_are_missing_and_blocked_words_are_outside():
    assert encoded([m, o, b, m, b, i], [-1, -1, -1, -1, 0, 0]) == [
        *(MISSING, O, O, MISSING, B_LOC, E_LOC)
    ]


def test_entity_next_to_an_unannotated_word_is_whole():
    assert encoded([m, b, m], [-1, 1, -1]) == [MISSING, S_PER, MISSING]


def test_no_words_have_no_tags():
    assert encode(numpy.zeros(0, int), numpy.zeros(0, int), numpy.zeros(0, bool)).shape == (0,)
    assert decode([]) == []


@st.composite
def annotated_sentences(draw):
    """A few sentences: their lengths, and their entities as (first, end, type) by sentence."""
    sentences = []
    for _ in range(draw(st.integers(1, 4))):
        length, entities, at = draw(st.integers(1, 12)), [], 0
        while at < length:
            size = draw(st.integers(0, 4))  # 0: a word outside
            if size:
                end = min(length, at + size)
                entities.append((at, end, draw(st.integers(0, len(LABELS) - 1))))
            at += max(1, size)
        sentences.append((length, entities))
    return sentences


@given(annotated_sentences())
def test_decoding_reads_back_what_was_encoded(sentences):
    iob, types, starts = [], [], []
    for length, entities in sentences:
        starts.append(len(iob))
        offset = len(iob)
        iob += [o] * length
        types += [-1] * length
        for first, end, label in entities:
            for word in range(first, end):
                iob[offset + word] = b if word == first else i
                types[offset + word] = label
    tags = encoded(iob, types, starts)
    for (length, entities), start in zip(sentences, starts, strict=True):
        assert decode(tags[start : start + length]) == entities


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        pytest.param([I_LOC, E_LOC], [(0, 2, 0)], id="no B"),
        pytest.param([B_LOC, I_LOC], [(0, 2, 0)], id="no E at the end of the sentence"),
        pytest.param([B_LOC, O], [(0, 1, 0)], id="no E before O"),
        pytest.param([B_LOC, E_PER], [(0, 1, 0), (1, 2, 1)], id="type changes"),
        pytest.param([B_LOC, B_LOC, E_LOC], [(0, 1, 0), (1, 3, 0)], id="B after B"),
        pytest.param([S_LOC, I_LOC], [(0, 1, 0), (1, 2, 0)], id="I after S"),
        pytest.param([B_LOC, S_LOC], [(0, 1, 0), (1, 2, 0)], id="S after B"),
        pytest.param([E_LOC, E_LOC], [(0, 1, 0), (1, 2, 0)], id="E after E"),
    ],
)
def test_inconsistent_path_keeps_its_entities(tags, spans):
    assert decode(tags) == spans


@given(st.lists(st.integers(0, 8), max_size=20))
def test_every_word_with_an_entity_tag_is_in_one_span_of_its_type(tags):
    covered = {}
    for first, end, label in decode(tags):
        assert first < end
        for word in range(first, end):
            assert word not in covered
            covered[word] = label
    assert covered == {word: (tag - 1) // 4 for word, tag in enumerate(tags) if tag != O}
