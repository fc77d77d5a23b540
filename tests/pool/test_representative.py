"""Batches that stand for the sentences from which they are chosen."""

from itertools import combinations
from math import log

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.representative import EPSILON, Likeness, sieve
from spacy_deepal.pool.scoring import Score
from spacy_deepal.pool.selection import choose, representatives
from spacy_deepal.pool.shards import write_shards

from ..pools import make_doc, make_docs

SETS = st.lists(st.frozensets(st.sampled_from("abcdefgh"), min_size=1), min_size=1, max_size=8)
VOCAB = spacy.blank("xx").vocab
# Each of four sentences is half alike to its neighbours.
CHAIN = np.array([[1, 0.5, 0, 0], [0.5, 1, 0.5, 0], [0, 0.5, 1, 0.5], [0, 0, 0.5, 1]])


def value(likeness, words, chosen):
    """f of the sieve."""
    return (likeness[list(chosen)].max(axis=0) * words).sum() if chosen else 0.0


def best_value(likeness, words, budget):
    """f of the best set there is, by trying all of them."""
    places = range(len(words))
    sets = (chosen for size in (*places, len(words)) for chosen in combinations(places, size))
    fitting = (chosen for chosen in sets if sum(words[i] for i in chosen) <= budget)
    return max(value(likeness, words, chosen) for chosen in fitting)


@st.composite
def likenesses(draw):
    size = draw(st.integers(1, 7))
    numbers = st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]) | st.floats(0, 1, width=16)
    rows = draw(st.lists(numbers, min_size=size * size, max_size=size * size))
    likeness = np.array(rows).reshape(size, size)
    np.fill_diagonal(likeness, 1)
    return likeness


class TestLikeness:
    def test_it_is_the_cosine_of_weighted_words(self):
        """Of three sentences a is in two, so it weighs ln(1 + 3/2), and the others weigh ln 4."""
        likeness = Likeness([frozenset("ab"), frozenset("ac"), frozenset("d")])
        expected = log(2.5) ** 2 / (log(2.5) ** 2 + log(4) ** 2)  # 0.304
        assert likeness(0) == pytest.approx([1, expected, 0])
        assert likeness(1) == pytest.approx([expected, 1, 0])
        assert likeness(2) == pytest.approx([0, 0, 1])

    def test_a_word_that_all_have_still_counts(self):
        assert Likeness([frozenset("a")] * 2)(0) == pytest.approx([1, 1])

    def test_a_rare_word_in_common_makes_more_alike_than_a_frequent_one(self):
        likeness = Likeness([frozenset(words) for words in ("ax", "bx", "ay", "x", "x")])
        assert likeness(0)[2] > likeness(0)[1] > 0

    @given(SETS)
    def test_it_is_mutual_and_from_0_to_1(self, sets):
        likeness = Likeness(sets)
        matrix = np.array([likeness(place) for place in range(len(sets))])
        assert np.diag(matrix) == pytest.approx(np.ones(len(sets)))
        assert matrix == pytest.approx(matrix.T)
        assert ((matrix >= 0) & (matrix <= 1 + 1e-9)).all()
        for i, j in combinations(range(len(sets)), 2):
            assert (matrix[i, j] > 0) == bool(sets[i] & sets[j])


class TestSieve:
    def test_it_chooses_as_computed_by_hand(self):
        """Two of four. The first adds 1.5, and on it the second 1, the third 1.5, the fourth 1.5.
        Goals up to 4 ask for 1 or less and keep {0, 1} (2.5); the next, 1.1 ** 15 = 4.18, asks for
        1.04 and keeps {0, 2} (3, the most there is). Greedy, not being a stream, begins with 1."""
        assert sieve(CHAIN.__getitem__, [1] * 4, 2) == [0, 2]
        assert value(CHAIN, [1] * 4, [0, 2]) == best_value(CHAIN, [1] * 4, 2) == 3
        assert value(CHAIN, [1] * 4, [0, 1]) == 2.5

    def test_it_takes_them_as_they_come(self):
        assert sieve(CHAIN[::-1, ::-1].__getitem__, [1] * 4, 2) == [0, 2]
        order = [1, 0, 3, 2]  # 1 adds 2, then 3 adds 1: 3 again
        assert sieve(CHAIN[np.ix_(order, order)].__getitem__, [1] * 4, 2) == [0, 2]

    def test_of_copies_it_takes_one(self):
        likeness = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]])
        assert sieve(likeness.__getitem__, [2, 2, 2], 4) == [0, 2]

    def test_what_stands_for_the_most_words_comes_first(self):
        """With a budget for one: 4 words that stand for themselves, or 3 that are like 6 others."""
        likeness = np.array([[1, 0, 0, 0], [0, 1, 0.9, 0.9], [0, 0.9, 1, 0], [0, 0.9, 0, 1]])
        assert sieve(likeness.__getitem__, [4, 3, 3, 3], 4) == [1]

    def test_a_long_sentence_costs_what_it_stands_for(self):
        """Six words for themselves alone are no better bought than two for themselves alone."""
        assert sieve(np.eye(4).__getitem__, [6, 2, 2, 2], 12) == [0, 1, 2, 3]

    def test_one_sentence_may_be_better_than_what_the_sieves_keep(self):
        """The first passes every sieve's bar, and then the second, worth 100, fits no more."""
        likeness, words = np.eye(2), [1, 100]
        assert sieve(likeness.__getitem__, words, 100) == [1]

    def test_nothing_is_chosen_from_nothing(self):
        assert sieve(CHAIN.__getitem__, [], 5) == []

    @given(likeness=likenesses(), budget=st.integers(1, 7))
    def test_it_reaches_nearly_half_of_the_best_where_all_are_equally_long(self, likeness, budget):
        words = [3] * len(likeness)
        chosen = sieve(likeness.__getitem__, words, 3 * budget)
        best = best_value(likeness, words, 3 * budget)
        assert value(likeness, words, chosen) >= (1 / 2 - EPSILON) * best

    @given(likeness=likenesses(), data=st.data(), budget=st.integers(1, 20))
    def test_it_reaches_nearly_a_quarter_of_the_best_and_stays_in_the_budget(
        self, likeness, data, budget
    ):
        size = len(likeness)
        lengths = st.lists(st.integers(1, budget), min_size=size, max_size=size)
        words = data.draw(lengths)
        chosen = sieve(likeness.__getitem__, words, budget)
        assert chosen == sorted(set(chosen))
        assert sum(words[place] for place in chosen) <= budget
        best = best_value(likeness, words, budget)
        reached = value(likeness, words, chosen)
        assert reached >= (1 / 4 - EPSILON) * best
        assert reached >= ((1 - max(words) / budget) / 2 - EPSILON) * best


@pytest.fixture
def choose_from(tmp_path):
    """Choose from sentences given in the order of their scores; the ids are a, b, c, …"""

    def choose_from(*texts, budget, **options):
        named = dict(zip("abcdefghij", texts, strict=False))
        docs = [make_doc(name, text.split()) for name, text in named.items()]
        write_shards(docs[::-1], tmp_path / "pool", sentences_per_shard=2)
        scores = [Score(doc.user_data["deepal"]["id"], len(doc), -i) for i, doc in enumerate(docs)]
        batch = choose(scores, budget, tmp_path / "pool", VOCAB, **options)
        return "".join(item.id for item in batch)

    return choose_from


TEXTS = "It rained", "It rained", "Ada sings", "it RAINED", "We won"


def test_what_a_batch_would_have_twice_goes_to_others(choose_from):
    assert choose_from(*TEXTS, budget=4) == "ab"
    assert choose_from(*TEXTS, budget=4, representative_of=3) == "ac"


def test_only_the_highest_scores_are_chosen_from(choose_from):
    """Twice the budget: the first four."""
    texts = "It rained", "It rained", "It rained", "it RAINED", "We won", "Ada sings"
    assert choose_from(*texts, budget=4, representative_of=2) == "ab"
    assert choose_from(*texts, budget=4, representative_of=2.5) == "ae"


def test_what_they_leave_of_the_budget_goes_to_the_highest_scores(choose_from):
    """One sentence stands for all of "It rained", and another has no better claim than its rank."""
    texts = "It rained", "It rained", "It rained", "It rained", "It rained"
    assert choose_from(*texts, budget=6, representative_of=1.5) == "abc"


def test_the_budget_may_be_that_of_all(choose_from):
    assert sorted(choose_from(*TEXTS, budget=100, representative_of=5)) == list("abcde")


def test_near_copies_are_passed_over_as_well(choose_from):
    texts = "Ada sings in Rome", "Ada sings in Rome now", "It rained", "We won", "We lost"
    both = {"representative_of": 2, "max_similarity": 0.8}
    batch = choose_from(*texts, budget=12, **both)
    assert len(batch) == 4
    assert not {"a", "b"} <= set(batch)


def test_a_sentence_that_is_longer_than_the_budget_is_no_candidate(choose_from):
    texts = "one two three four five six", "It rained", "It rained", "We won"
    assert choose_from(*texts, budget=4, representative_of=2) == "bd"


def test_nothing_is_chosen_where_nothing_fits(choose_from):
    assert choose_from("It rained", budget=1, representative_of=2) == ""


def test_the_choice_does_not_depend_on_the_order_of_scores_and_pool(tmp_path):
    docs = list(make_docs(60, 1))
    scores = [Score(doc.user_data["deepal"]["id"], len(doc), i % 7) for i, doc in enumerate(docs)]
    chosen = []
    for number in range(2):
        write_shards(docs, tmp_path / str(number), sentences_per_shard=7 + number)
        chosen.append(representatives(scores, 40, tmp_path / str(number), VOCAB, 4))
        docs, scores = docs[::-1], scores[::-1]
    assert chosen[0] == chosen[1]
    assert len(chosen[0]) > 3


def test_candidates_that_the_pool_lacks_are_an_error(tmp_path):
    write_shards(make_docs(3, 1), tmp_path / "pool")
    with pytest.raises(DeepALError, match=r"not in the pool .*first: x.* score this one"):
        representatives([Score("x", 2, 1.0)], 9, tmp_path / "pool", VOCAB, 2)
