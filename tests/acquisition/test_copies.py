"""Batches without near-copies."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_deepal.acquisition import copies
from spacy_deepal.acquisition.copies import CopyFilter, CopyIndex, without_copies, word_set
from spacy_deepal.acquisition.selection import select
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import write_shards

from ..pools import make_doc, make_score

WORDS = st.frozensets(st.sampled_from(["a", "b", "of", "in", "Rome", "Lima", "Oslo"]), min_size=1)


def write(folder, texts, sentences_per_shard=2):
    """Write a pool; texts (dict): sentences by id."""
    docs = [make_doc(name, text.split()) for name, text in texts.items()]
    write_shards(docs, folder, sentences_per_shard=sentences_per_shard)
    return Pool(folder)


def scores(texts):
    """Scores that fall from sentence to sentence."""
    return [make_score(name, len(text.split()), -float(i)) for i, (name, text) in enumerate(texts)]


@pytest.fixture
def choose(tmp_path):
    """Select from sentences given in the order of their scores; the ids are a, b, c, …"""

    def choose(*texts, budget=100, max_similarity=0.8, earlier=()):
        named = dict(zip("abcdefghij", texts, strict=False))
        pool = write(tmp_path / "pool", named)
        docs = [make_doc(f"earlier {text}", text.split()) for text in earlier]
        without = CopyFilter(pool, max_similarity, docs)
        return "".join(item.id for item in select(scores(named.items()), budget, without))

    return choose


def test_the_words_of_a_sentence_are_folded_and_real():
    assert word_set(make_doc("a", ["The", " ", "STRASSE", "the", "straße", "."])) == {
        *("the", "strasse", ".")
    }


@pytest.mark.parametrize("max_similarity", [0.1, 0.8, 1.0])
def test_exact_copies_are_always_passed_over(choose, max_similarity):
    texts = "It rained", "It rained", "it RAINED", "Ada sings"
    assert choose(*texts, max_similarity=max_similarity) == "ad"


def test_near_copies_are_those_that_reach_the_similarity(choose):
    # 4 words of 5 in common; 4 of 6
    texts = "Ada sings in Rome", "Ada sings in Rome now", "Ada sings in Rome right now"
    assert choose(*texts, max_similarity=0.8) == "ac"
    assert choose(*texts, max_similarity=0.81) == "ab"  # b and c: 5 words of 6
    assert choose(*texts, max_similarity=0.9) == "abc"
    assert choose(*texts, max_similarity=0.6) == "a"


def test_what_was_passed_over_stands_in_nobodys_way(choose):
    """b is a near-copy of a, and c of b alone."""
    texts = "a b c d e f g h i", "a b c d e f g h i j", "a b c d e f g h j k"
    assert choose(*texts, max_similarity=0.8) == "ac"
    assert choose(*texts[1:], max_similarity=0.8) == "a"


def test_the_higher_score_of_two_copies_is_taken(tmp_path):
    pool = write(tmp_path, {"a": "It rained", "b": "It rained"})
    batch = select([make_score("a", 2, 0.1), make_score("b", 2, 0.9)], 9, CopyFilter(pool, 0.8))
    assert batch == [make_score("b", 2, 0.9)]


def test_the_budget_goes_to_the_next_that_differ(choose):
    texts = "It rained", "It rained", "We met Ada there", "It snowed", "Nobody knew"
    assert choose(*texts, budget=6) == "ac"
    assert choose(*texts, budget=4) == "ad"
    assert choose(*texts, budget=3) == "a"


def test_near_copies_of_earlier_batches_are_passed_over(choose):
    texts = "It rained", "Ada sings in Rome", "Ada sings in Oslo today", "We won"
    earlier = "Ada sings in Rome now", "ada SINGS in rome NOW", "it rained"
    assert choose(*texts, earlier=earlier) == "cd"
    assert choose(*texts, earlier=earlier, max_similarity=1.0) == "bcd"


def test_what_is_left_of_a_pool_is_without_near_copies_of_earlier_batches():
    earlier = [make_doc("e", "Ada sings in Rome now".split())]
    docs = [make_doc(*item) for item in (("a", ["It"]), ("b", "now Ada sings in Rome".split()))]
    assert list(without_copies([*docs, docs[0]], earlier, 0.8)) == [docs[0], docs[0]]


def test_a_sentence_that_did_not_fit_stands_in_nobodys_way(choose):
    texts = "Ada sings", "one two three four five", "one two three four"
    assert choose(*texts, budget=6) == "ac"


@given(
    texts=st.lists(WORDS.map(lambda words: " ".join(sorted(words))), min_size=1, max_size=12),
    max_similarity=st.sampled_from([0.3, 0.5, 0.55, 0.75, 1.0]),
    budget=st.integers(1, 30),
    ahead=st.integers(1, 4),
)
def test_selection_does_not_depend_on_how_far_it_looks_ahead(texts, max_similarity, budget, ahead):
    sets = {f"s{i:02}": frozenset(text.split()) for i, text in enumerate(texts)}
    candidates, left, taken = scores(zip(sets, texts, strict=True)), budget, []
    for item in candidates:
        words, others = sets[item.id], [sets[other.id] for other in taken]
        near = any(len(words & o) / len(words | o) >= max_similarity for o in others)
        if item.words <= left and not near:
            taken.append(item)
            left -= item.words
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copies, "LOOK_AHEAD", ahead)
        patch.setattr(copies, "look_up", lambda _, ids, *rest: {i: sets[i] for i in ids})
        assert select(candidates, budget, CopyFilter("pool", max_similarity)) == taken


def test_selection_does_not_depend_on_the_order_of_the_pool(tmp_path):
    draw = random.Random(0)
    texts = {f"s{i:02}": " ".join(draw.choices("abcde", k=3)) for i in range(60)}
    batches = []
    for folder in ("one", "two"):
        pool = write(tmp_path / folder, texts, sentences_per_shard=7 if folder == "one" else 20)
        batches.append(select(scores(sorted(texts.items())), 45, CopyFilter(pool, 0.8)))
        texts = dict(draw.sample(sorted(texts.items()), len(texts)))
    assert batches[0] == batches[1]
    assert batches[0] != select(scores(sorted(texts.items())), 45)


@given(
    sets=st.lists(WORDS, max_size=20), max_similarity=st.floats(0, 1, exclude_min=True, width=16)
)
def test_no_two_sentences_of_an_index_are_near_copies(sets, max_similarity):
    index, kept = CopyIndex(max_similarity), []
    for words in sets:
        near = any(len(words & other) / len(words | other) >= max_similarity for other in kept)
        assert index.add(words) is not near
        if not near:
            kept.append(words)


def test_only_as_much_is_looked_up_as_is_needed(tmp_path, monkeypatch):
    """Lookups of 2 and up to 4 sentences; the budget is met at the fifth."""
    texts = {f"s{i:02}": f"word{i}" for i in range(20)}
    pool, asked = write(tmp_path, texts), []
    look_up = copies.look_up

    def counted(pool, ids, *rest):
        asked.append(ids)
        return look_up(pool, ids, *rest)

    monkeypatch.setattr(copies, "LOOK_AHEAD", 2)
    monkeypatch.setattr(copies, "look_up", counted)
    assert len(select(scores(texts.items()), 5, CopyFilter(pool, 0.8))) == 5
    assert asked == [["s00", "s01"], ["s02", "s03", "s04"]]


def test_candidates_that_the_pool_lacks_are_an_error(tmp_path):
    pool = write(tmp_path, {"a": "It rained"})
    with pytest.raises(
        DeepALError, match=r"cannot be found in the pool .*first: b.* score this one"
    ):
        select([make_score("b", 2, 1.0)], 9, CopyFilter(pool, 0.8))


@pytest.mark.parametrize("value", [0, -0.5, 1.1, float("nan")])
def test_a_similarity_out_of_range_is_refused(value):
    with pytest.raises(DeepALError, match=rf"is {value}; it must be above 0 and at most 1"):
        CopyIndex(value)
