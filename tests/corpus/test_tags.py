import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.training import iob_to_biluo

from spacy_deepal.corpus.reading import BadLine
from spacy_deepal.corpus.tags import SchemeFinder, from_iob2, tags_among, to_iob2

IOB2 = st.lists(st.sampled_from(["O", "B-X", "I-X", "B-Y", "I-Y"]), max_size=9).filter(
    lambda tags: all(
        tag[0] != "I" or before[2:] == tag[2:]
        for before, tag in zip(["O", *tags], tags, strict=False)
    )
)


def numbered(tags):
    return list(enumerate(tags, 1))


@pytest.mark.parametrize("scheme", ["iob1", "iob2", "bioes"])
@given(tags=IOB2)
def test_tags_go_into_each_scheme_and_back(scheme, tags):
    assert to_iob2(numbered(from_iob2(tags, scheme)), scheme) == tags


@given(tags=IOB2)
def test_bioes_is_what_spacy_calls_biluo(tags):
    biluo = iob_to_biluo(tags)
    assert [tag.replace("L-", "E-").replace("U-", "S-") for tag in biluo] == from_iob2(
        tags, "bioes"
    )
    assert to_iob2(numbered(biluo), "bioes") == tags


@pytest.mark.parametrize(
    ("tags", "line"),
    [("B-X O", 2), ("O I-X", 2), ("B-X I-X", 2), ("B-X E-Y", 2), ("S-X E-X", 2), ("O O E-X", 3)],
)
def test_entities_that_do_not_begin_or_end_are_reported(tags, line):
    with pytest.raises(BadLine) as caught:
        to_iob2(numbered(tags.split()), "bioes")
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ("O B-X I-X", "iob2"),
        ("O I-X I-X O", "iob1"),
        ("I-X B-X", "iob1"),
        ("B-X O I-X", "iob2"),
        ("S-X O", "bioes"),
        ("B-X L-X", "bioes"),
        ("B-X M-X E-X", "bioes"),
        ("O O", "iob2"),
    ],
)
def test_the_scheme_is_told_by_the_tags(tags, scheme):
    finder = SchemeFinder()
    for tag in tags.split():
        finder.add(tag)
    assert finder.scheme == scheme


@pytest.mark.parametrize(
    "pair", ["B-PER I-PER", "B-B-PER I-B-PER", "B-PER L-PER", "B_PER I_PER", "PER-B PER-I", "B I"]
)
def test_two_types_that_say_where_in_an_entity_a_word_is_are_tags(pair):
    assert tags_among(["LOC", *pair.split()])[:2] == tuple(pair.split())


@pytest.mark.parametrize(
    "types",
    ["B-CELL T-CELL", "I-95 I-80", "E-MAIL", "S-BAHN U-BAHN", "U-BOAT", "HEPATITIS-B HEPATITIS-E"],
)
def test_a_type_that_is_only_spelt_like_a_tag_is_none(types):
    assert tags_among([*types.split(), "PER", "B"]) == ()


def test_a_small_o_is_no_type():
    with pytest.raises(BadLine, match="o is not a type"):
        to_iob2([(1, "I-per"), (2, "I-o")], "io")
