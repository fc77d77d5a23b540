"""Batches that stand for the sentences from which they are chosen."""

from itertools import combinations
from math import log

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_deepal.acquisition.representative import EPSILON, sieve, word_weights
from spacy_deepal.acquisition.scoring import Score
from spacy_deepal.acquisition.selection import choose, representatives
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.shards import write_shards

from ..pools import make_doc, make_docs

WORDS = "abcdefgh"
SETS = st.lists(st.frozensets(st.sampled_from(WORDS), min_size=1), min_size=1, max_size=7)
WEIGHTS = st.fixed_dictionaries({word: st.sampled_from([0.1, 0.7, 1.0, 5.0]) for word in WORDS})
VOCAB = spacy.blank("xx").vocab


def value(sets, weights, chosen):
    """f of the sieve."""
    return sum(weights[word] for word in frozenset().union(*(sets[place] for place in chosen)))


def best_value(sets, costs, budget, weights):
    """f of the best set there is, by trying all of them."""
    subsets = (c for size in range(len(sets) + 1) for c in combinations(range(len(sets)), size))
    fitting = (chosen for chosen in subsets if sum(costs[place] for place in chosen) <= budget)
    return max(value(sets, weights, chosen) for chosen in fitting)


def run_sieve(*texts, costs, budget, **weights):
    """RETURNS (list[int]): What the sieve chooses; a letter is a word, and weighs 1 or as given."""
    ones = dict.fromkeys("".join(texts), 1.0)
    return sieve([frozenset(text) for text in texts], costs, budget, ones | weights)


def test_a_word_weighs_by_the_logarithm_of_how_many_have_it():
    weights = word_weights([frozenset("ab"), frozenset("ac"), frozenset("d")])
    assert weights == pytest.approx({"a": log(3), "b": log(2), "c": log(2), "d": log(2)})


class TestSieve:
    def test_it_chooses_as_computed_by_hand(self):
        """Two of three, which are worth 5, 5.5 and 3.5. On the first the second adds 1.5, so goals
        above 6 let it fall through, and the third adds 3.5: 8.5, the most there is. Greedy, being
        no stream, begins with the second and ends at 7.5."""
        weights = {"b": 2.0, "c": 2.0, "d": 1.5}
        assert run_sieve("abc", "bcd", "def", costs=[1, 1, 1], budget=2, **weights) == [0, 2]

    def test_goals_that_are_too_low_keep_what_comes_first(self):
        """With so large an epsilon the goals are 1 and 11, the bars 1/4 and 11/4."""
        sets = [frozenset(text) for text in ("abc", "bcd", "def")]
        weights = dict.fromkeys("abcdef", 1.0)
        assert sieve(sets, [1, 1, 1], 2, weights, epsilon=10) == [0, 2]
        assert sieve(sets[:2], [1, 1], 2, weights, epsilon=10) == [0, 1]

    def test_of_copies_it_takes_one(self):
        assert run_sieve("ab", "ab", "cd", costs=[2, 2, 2], budget=4) == [0, 2]

    def test_a_long_sentence_has_to_be_worth_its_words(self):
        assert run_sieve("abcd", "ef", "ghi", costs=[2, 1, 1], budget=3) == [0, 1]
        assert run_sieve("abcd", "ef", "ghi", costs=[9, 1, 1], budget=9) == [1, 2]

    def test_one_sentence_may_be_better_than_what_the_sieves_keep(self):
        """The first passes every sieve's bar, and then the second, worth 100, fits no more."""
        assert run_sieve("a", "b", costs=[1, 100], budget=100, b=100.0) == [1]

    def test_nothing_is_chosen_from_nothing(self):
        assert sieve([], [], 5, {}) == []

    @given(sets=SETS, budget=st.integers(1, 7), weights=WEIGHTS)
    def test_it_reaches_nearly_half_of_the_best_where_all_cost_the_same(
        self, sets, budget, weights
    ):
        costs = [3] * len(sets)
        chosen = sieve(sets, costs, 3 * budget, weights)
        best = best_value(sets, costs, 3 * budget, weights)
        assert value(sets, weights, chosen) >= (1 / 2 - EPSILON) * best

    @given(sets=SETS, data=st.data(), budget=st.integers(1, 20), weights=WEIGHTS)
    def test_it_reaches_nearly_a_quarter_of_the_best_and_stays_in_the_budget(
        self, sets, data, budget, weights
    ):
        lengths = st.lists(st.integers(1, budget), min_size=len(sets), max_size=len(sets))
        costs = data.draw(lengths)
        chosen = sieve(sets, costs, budget, weights)
        assert chosen == sorted(set(chosen))
        assert sum(costs[place] for place in chosen) <= budget
        reached, best = value(sets, weights, chosen), best_value(sets, costs, budget, weights)
        assert reached >= (1 / 4 - EPSILON) * best
        assert reached >= ((1 - max(costs) / budget) / 2 - EPSILON) * best


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
