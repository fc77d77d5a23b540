import random
from math import inf, nan

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import DocBin

from spacy_deepal.acquisition.selection import select, select_batch
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.shards import read_shards, write_shards
from spacy_deepal.sentences import count_words, sentence_id

from ..pools import annotation, fill_scores, make_doc, make_docs, make_score, write_three

SCORES = st.lists(
    st.builds(
        make_score,
        id=st.text(max_size=3),
        words=st.integers(0, 30),
        score=st.sampled_from([0.0, 0.5, 1.0]) | st.floats(-1e6, 1e6),
    ),
    unique_by=lambda item: item.id,
)


def ids(batch):
    return [item.id for item in batch]


@pytest.fixture
def vocab():
    return spacy.blank("xx").vocab


@pytest.fixture
def pool(tmp_path):
    return write_three(tmp_path / "pool")


@pytest.fixture
def scores(pool, tmp_path):
    rows = make_score("a", 3, 0.1), make_score("b", 2, 0.3), make_score("c", 4, 0.2)
    return fill_scores(tmp_path / "scores", pool, rows)


def test_the_highest_scores_are_taken_first():
    assert ids(
        select([make_score("a", 2, 1.0), make_score("b", 2, 3.0), make_score("c", 2, 2.0)], 4)
    ) == [
        "b",
        "c",
    ]


def test_ties_are_taken_by_id():
    scores = [make_score(name, 1, 0.5) for name in "dbca"]
    assert ids(select(scores, 3)) == ["a", "b", "c"]


def test_zero_and_minus_zero_are_a_tie():
    assert ids(select([make_score("b", 1, 0.0), make_score("a", 1, -0.0)], 1)) == ["a"]


def test_a_sentence_that_does_not_fit_is_passed_over_and_the_next_is_taken():
    scores = [
        make_score("long", 9, 3.0),
        make_score("b", 3, 2.0),
        make_score("c", 4, 1.0),
        make_score("d", 2, 0.0),
    ]
    assert ids(select(scores, 5)) == ["b", "d"]


def test_a_budget_beyond_the_pool_takes_all_of_it():
    assert ids(select([make_score("a", 2, 1.0), make_score("b", 2, 3.0)], 10**9)) == ["b", "a"]


@pytest.mark.parametrize("score", [nan, inf])
def test_a_score_that_is_no_finite_number_is_refused(score):
    """Which sentences are taken would depend on their order."""
    with pytest.raises(DeepALError, match=r"to sentence b\. A score must be a finite"):
        select([make_score("a", 1, 0.5), make_score("b", 1, score)], 1)


def test_nothing_is_selected_where_nothing_fits():
    assert select([make_score("a", 5, 1.0)], 4) == []
    assert select([], 4) == []


@given(scores=SCORES, budget=st.integers(1, 100), seed=st.integers(0, 9))
def test_the_budget_is_never_exceeded_whatever_the_order(scores, budget, seed):
    batch = select(scores, budget)
    assert sum(item.words for item in batch) <= budget
    assert len(set(ids(batch))) == len(batch)
    assert all(item.words > 0 for item in batch)
    shuffled = list(scores)
    random.Random(seed).shuffle(shuffled)
    assert select(shuffled, budget) == batch


@given(scores=SCORES, budget=st.integers(1, 100))
def test_whoever_is_not_taken_did_not_fit_behind_those_that_rank_higher(scores, budget):
    batch = select(scores, budget)
    rank = sorted(scores, key=lambda item: (-item.score, item.id))
    assert batch == [item for item in rank if item in batch]
    for place, item in enumerate(rank):
        used = sum(other.words for other in rank[:place] if other in batch)
        assert (item in batch) == (0 < item.words <= budget - used)


def test_a_batch_is_spacys_own_format_with_ids(pool, scores, vocab, tmp_path):
    batch = select_batch(scores, pool, tmp_path / "batch.spacy", vocab, budget=6)
    assert ids(batch) == ["b", "c"]
    docs = list(DocBin().from_disk(tmp_path / "batch.spacy").get_docs(vocab))
    assert [doc.text for doc in docs] == ["Nobody knew ", "Bob was in Oslo "]
    assert [sentence_id(doc) for doc in docs] == ["b", "c"]


def test_a_batch_carries_no_gold(pool, scores, vocab, tmp_path):
    file = tmp_path / "batch.spacy"
    select_batch(scores, pool, file, vocab, budget=9)
    for doc in read_shards(file, vocab):
        assert not doc.has_annotation("ENT_IOB")
        assert {token.ent_iob_ for token in doc} == {""}
    doc_bin = DocBin().from_disk(file)
    assert not {"PER", "LOC"} & set(doc_bin.strings)
    assert (pool / "shard_0000.spacy").exists()


def test_a_batch_with_gold_carries_it_as_it_is(pool, scores, vocab, tmp_path):
    file = tmp_path / "batch.spacy"
    select_batch(scores, pool, file, vocab, budget=9, with_gold=True)
    b, c, a = read_shards(file, vocab)
    assert annotation(b) == [("Nobody", "O", ""), ("knew", "O", "")]
    assert [token.ent_type_ for token in c] == ["PER", "", "", "LOC"]
    assert [token.ent_type_ for token in a] == ["PER", "", "LOC"]


def test_white_space_does_not_count_as_words(tmp_path, vocab):
    write_shards([make_doc("a", ["Hi", " ", "you", "\n"])], tmp_path / "pool")
    fill_scores(tmp_path / "scores", tmp_path / "pool", [make_score("a", 2, 1.0)])
    args = tmp_path / "scores", tmp_path / "pool", tmp_path / "batch.spacy", vocab
    assert ids(select_batch(*args, budget=2)) == ["a"]


@pytest.mark.parametrize("budget", [0, -5])
def test_a_budget_below_one_word_is_refused(pool, scores, vocab, tmp_path, budget):
    with pytest.raises(DeepALError, match=f"budget is {budget} words; it must be at least 1"):
        select_batch(scores, pool, tmp_path / "batch.spacy", vocab, budget=budget)


def test_a_budget_in_which_no_sentence_fits_is_refused_with_the_shortest(
    pool, scores, vocab, tmp_path
):
    with pytest.raises(
        DeepALError, match=r"budget is 1 word, and the shortest sentence of 3 has 2"
    ):
        select_batch(scores, pool, tmp_path / "batch.spacy", vocab, budget=1)
    assert not (tmp_path / "batch.spacy").exists()


def test_scores_of_another_pool_are_refused(scores, vocab, tmp_path):
    write_shards(make_docs(3, 1), tmp_path / "other")
    with pytest.raises(DeepALError, match=r"scores of 2 shards, and the pool .*other has 1\."):
        select_batch(scores, tmp_path / "other", tmp_path / "b.spacy", vocab, budget=9)


def test_scores_of_a_pool_with_other_tokens_are_refused(pool, scores, vocab, tmp_path):
    docs = [make_doc(name, list("abcdefgh")) for name in "abc"]
    write_shards(docs, tmp_path / "other", sentences_per_shard=2)
    with pytest.raises(DeepALError, match=r"shard_0000.json has scores of another shard than"):
        select_batch(scores, tmp_path / "other", tmp_path / "b.spacy", vocab, budget=9)
    assert not (tmp_path / "b.spacy").exists()


def test_scores_of_your_own_must_have_the_words_of_the_pool(pool, vocab, tmp_path):
    """Or else the budget would be counted in words that are not there."""
    file = fill_scores(tmp_path / "scores", pool, [make_score("b", 1, 0.3)])
    with pytest.raises(DeepALError, match=r"Sentence b has 1 word in .* and 2 in the pool"):
        select_batch(file, pool, tmp_path / "b.spacy", vocab, budget=9)
    assert not (tmp_path / "b.spacy").exists()


def test_missing_scores_are_named(pool, vocab, tmp_path):
    with pytest.raises(DeepALError, match=r"no folder of scores .*nope"):
        select_batch(tmp_path / "nope", pool, tmp_path / "b.spacy", vocab, budget=9)


def test_scores_without_a_sentence_are_refused(pool, vocab, tmp_path):
    fill_scores(tmp_path / "s", pool, [])
    with pytest.raises(DeepALError, match="nothing left to select"):
        select_batch(tmp_path / "s", pool, tmp_path / "b.spacy", vocab, budget=9)


def test_a_batch_may_replace_an_earlier_one(pool, scores, vocab, tmp_path):
    file = tmp_path / "batch.spacy"
    select_batch(scores, pool, file, vocab, budget=2)
    select_batch(scores, pool, file, vocab, budget=9)
    assert sum(count_words(doc) for doc in read_shards(file, vocab)) == 9
    assert list(tmp_path.glob(".*")) == []
