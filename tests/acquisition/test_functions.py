"""The scores of Shen et al. (2017), section 4, worked out by hand."""

import numpy
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.util import registry

from spacy_deepal.acquisition.functions import (
    BALD,
    LC,
    MNLP,
    RAND,
    DecoderBALD,
    Needs,
    needs_of,
)
from spacy_deepal.acquisition.registry import make_acquisition
from spacy_deepal.acquisition.scoring import score_docs
from spacy_deepal.errors import DeepALError
from spacy_deepal.sentences import KEY
from spacy_deepal.tagger.decoding import Paths
from spacy_deepal.tagger.evidence import Evidence, make_evidence

from ..tagger.build import SENTENCES, initialized, make_doc


def path(*probabilities, id="a"):
    """Evidence of a greedy path whose tags have these probabilities."""
    log_probs = numpy.log(numpy.asarray(probabilities, "float32"))
    return Evidence(id=id, words=len(probabilities), uniform=0.5, log_probs=log_probs)


def votes(*samples):
    table = numpy.asarray(samples, "int16")
    return Evidence(id="a", words=table.shape[1], uniform=0.5, samples=table)


# Least confidence and maximum normalised log-probability


def test_lc_of_three_words_by_hand():
    # 0.5 * 0.8 * 0.25 = 0.1
    assert LC()(path(0.5, 0.8, 0.25)) == pytest.approx(-numpy.log(0.1), rel=1e-6)
    assert LC()(path(0.5, 0.8, 0.25)) == pytest.approx(2.302585, rel=1e-6)


def test_mnlp_of_three_words_by_hand():
    assert MNLP()(path(0.5, 0.8, 0.25)) == pytest.approx(2.302585 / 3, rel=1e-6)


def test_path_of_certainty_scores_nothing():
    assert LC()(path(1.0, 1.0, 1.0)) == 0
    assert MNLP()(path(1.0, 1.0, 1.0)) == 0


def test_lc_prefers_long_sentences_and_mnlp_does_not():
    long, short = path(*[0.9] * 20), path(0.8, 0.8)
    assert LC()(long) > LC()(short)
    assert MNLP()(long) < MNLP()(short)


probabilities = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=6)


@given(probabilities, probabilities)
def test_lc_ranks_as_one_minus_the_product_does(one, other):
    products = [1 - numpy.prod(p) for p in (one, other)]
    scores = [LC()(path(*p)) for p in (one, other)]
    if abs(products[0] - products[1]) > 1e-5:
        assert (scores[0] > scores[1]) == (products[0] > products[1])


def test_lc_of_long_sentences_keeps_their_ranking():
    """The product of 200 probabilities underflows, and 1 minus it is 1 for every sentence."""
    sentences = [path(*[0.01] * n, 0.5 + n / 1000) for n in (198, 199, 200, 201)]
    sentences += [path(*[p] * 200) for p in (0.009, 0.008, 1e-6)]
    with numpy.errstate(under="ignore"):
        assert {1 - numpy.prod(numpy.exp(s.log_probs)) for s in sentences} == {1.0}
    scores = [LC()(sentence) for sentence in sentences]
    assert scores == sorted(scores)
    assert len(set(scores)) == len(scores)
    assert numpy.isfinite(scores).all()


def test_lc_of_many_words_is_summed_exactly():
    """In float32 the small steps of a 100,000-word sentence would be lost."""
    evidence = path(*[0.999] * 100_000)
    exact = -float(numpy.float64(evidence.log_probs[0])) * 100_000
    assert LC()(evidence) == pytest.approx(exact, rel=1e-9)


def test_probabilities_are_read_off_the_predicted_path():
    """Mistake 3: "MNLP" computed on an all-O path, not on the predicted one."""
    table = numpy.log(numpy.asarray([[0.3, 0.7], [0.9, 0.1], [0.45, 0.55]], "float32"))
    tags = [numpy.asarray([1, 0, 1])]
    docs = sentences(spacy.blank("en").vocab, 1, ("Ada", "sings", "here"))
    (evidence,) = make_evidence(docs, Paths(tags, [table], best=tags), [None], seed=0)
    assert MNLP()(evidence) == pytest.approx(-numpy.log(0.7 * 0.9 * 0.55) / 3, rel=1e-5)
    all_outside = -numpy.log(0.3 * 0.9 * 0.45) / 3
    assert MNLP()(evidence) != pytest.approx(all_outside, rel=1e-2)


# BALD as a variation ratio


def test_bald_of_three_words_by_hand():
    # Four samples. Word 1: all agree, f = 0. Word 2: 3 of 4, f = 1/4. Word 3: 2 of 4, f = 1/2.
    evidence = votes([0, 5, 1], [0, 5, 1], [0, 5, 2], [0, 0, 3])
    assert BALD(samples=4)(evidence) == (0 + 0.25 + 0.5) / 3


def test_bald_counts_votes_word_by_word_and_not_whole_sequences():
    """Mistake 6: the mode of whole sequences. Here no two samples agree, yet each word is nearly
    unanimous."""
    evidence = votes([1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0])
    assert BALD(samples=4)(evidence) == pytest.approx(0.25)
    whole_sequences = 1 - 1 / 4
    assert BALD(samples=4)(evidence) < whole_sequences


def test_bald_of_samples_that_agree_is_nothing():
    assert BALD(samples=2)(votes([0, 12, 3], [0, 12, 3])) == 0


def test_bald_of_samples_that_all_differ_is_as_high_as_can_be():
    assert BALD(samples=4)(votes([0, 1], [1, 2], [2, 3], [3, 0])) == 0.75


@given(
    st.integers(1, 9).flatmap(
        lambda words: st.lists(
            st.lists(st.integers(0, 40), min_size=words, max_size=words), min_size=2, max_size=20
        )
    ),
    st.randoms(),
)
def test_bald_is_the_mean_of_the_words_and_knows_no_order_of_samples(samples, random):
    score = BALD(len(samples))(votes(*samples))
    words = list(zip(*samples, strict=True))
    ratios = [1 - max(map(word.count, word)) / len(samples) for word in words]
    assert score == pytest.approx(sum(ratios) / len(words))
    random.shuffle(samples)
    assert BALD(len(samples))(votes(*samples)) == score


@pytest.mark.parametrize("make", [BALD, DecoderBALD])
@pytest.mark.parametrize("samples", [1, 0, -3])
def test_bald_needs_two_samples_to_disagree(make, samples):
    with pytest.raises(DeepALError, match=f"samples = {samples}"):
        make(samples=samples)


def test_bald_of_the_decoder_is_the_same_ratio_of_other_samples():
    assert needs_of(DecoderBALD(4)) == Needs(samples=4, decoder_only=True)
    item = votes([1, 0], [1, 2], [1, 2], [3, 0])
    assert DecoderBALD(4)(item) == BALD(4)(item) == (0.25 + 0.5) / 2


def test_bald_takes_a_hundred_samples_as_the_paper_does():
    assert needs_of(BALD()) == Needs(samples=100, anytime=True)
    assert needs_of(make_acquisition("BALD")).samples == 100
    assert needs_of(make_acquisition("BALD:samples=7")).samples == 7


@pytest.mark.parametrize("samples", [0, 1])
def test_a_function_that_looks_at_the_first_samples_says_how_many_there_are(samples):
    with pytest.raises(DeepALError, match=f"anytime needs samples = 2 or more, not {samples}"):
        Needs(samples=samples, anytime=True)


def test_a_plain_callable_needs_the_greedy_path_and_rand_needs_nothing():
    assert needs_of(lambda evidence: 0.0) == needs_of(MNLP()) == Needs()
    assert needs_of(RAND()) == Needs(predicts=False)


def test_sentence_without_words_scores_nothing():
    empty = Evidence(
        id="a",
        words=0,
        uniform=0.5,
        log_probs=numpy.zeros(0, "float32"),
        samples=numpy.zeros((3, 0), "int16"),
    )
    assert [function(empty) for function in (LC(), MNLP(), BALD(3))] == [0, 0, 0]


# RAND


def sentences(vocab, count, words=("Ada", "sings")):
    docs = [Doc(vocab, words=list(words)) for _ in range(count)]
    for i, doc in enumerate(docs):
        doc.user_data[KEY] = {"id": f"s{i:03}", "doc_id": None, "genre": None}
    return docs


@pytest.fixture(scope="module")
def blank():
    """RAND needs no model."""
    return spacy.blank("en")


def ranking(blank, count, seed):
    docs = sentences(blank.vocab, count)
    scores = list(score_docs(blank, docs, RAND(), seed=seed))
    return [item.id for item in sorted(scores, key=lambda item: -item.score)]


def test_rand_is_a_permutation_of_the_pool(blank):
    """Mistake 7: a random baseline that samples with replacement."""
    order = ranking(blank, 500, seed=0)
    assert sorted(order) == [f"s{i:03}" for i in range(500)]
    assert order != sorted(order)


def test_rand_repeats_with_its_seed_and_differs_with_another(blank):
    assert ranking(blank, 50, seed=0) == ranking(blank, 50, seed=0)
    assert len({tuple(ranking(blank, 50, seed=seed)) for seed in range(10)}) == 10


def test_rand_does_not_depend_on_what_else_is_in_the_pool(blank):
    whole, part = ranking(blank, 100, seed=1), ranking(blank, 30, seed=1)
    assert [name for name in whole if name in set(part)] == part


def test_rand_is_uniform(blank):
    docs = sentences(blank.vocab, 4000)
    scores = [item.score for item in score_docs(blank, docs, RAND())]
    assert all(0 <= score < 1 for score in scores)
    counts, _ = numpy.histogram(scores, bins=10, range=(0, 1))
    assert ((counts > 320) & (counts < 480)).all()  # 400 expected, standard deviation 19


def test_rand_does_not_look_at_length(blank):
    def scores(words):
        docs = sentences(blank.vocab, 20, words=words)
        return [item.score for item in score_docs(blank, docs, RAND())]

    assert scores(["word"]) == scores(["word"] * 50)


# The registry


@pytest.mark.parametrize("name", ["RAND", "LC", "MNLP", "BALD", "DecoderBALD"])
def test_functions_are_found_by_their_full_and_their_short_name(name):
    full = f"spacy_deepal.{name}.v1"
    assert full in registry.acquisition.get_all()
    assert make_acquisition(name) == make_acquisition(full)


def test_unknown_function_is_refused_with_those_there_are():
    with pytest.raises(DeepALError, match=r"'MLNP'.*spacy_deepal.BALD.v1, .*spacy_deepal.MNLP.v1"):
        make_acquisition("MLNP")


def test_arguments_stand_behind_the_name():
    assert make_acquisition("BALD:samples=7") == BALD(7)
    assert make_acquisition("BALD:samples=3") != make_acquisition("BALD")
    with pytest.raises(DeepALError, match=r"(?s)MNLP:power=2.*power"):
        make_acquisition("MNLP:power=2")


def test_samples_for_a_function_that_takes_none_are_refused():
    with pytest.raises(DeepALError, match=r"(?s)MNLP:samples=5: .*samples"):
        make_acquisition("MNLP:samples=5")


@pytest.fixture
def own_function(own_registry):
    @registry.acquisition("test.lowest.v1")
    def make_lowest():
        return lambda evidence: -float(evidence.log_probs.min())

    return "test.lowest.v1"


def test_users_own_function_is_three_lines(own_function):

    nlp = initialized()
    docs = [make_doc(nlp.vocab, words, id=f"s{i}") for i, (words, _) in enumerate(SENTENCES)]
    evidence = nlp.get_pipe("deepal_ner").evidence(docs)
    scores = list(score_docs(nlp, docs, make_acquisition(own_function)))
    assert [item.id for item in scores] == [item.id for item in evidence]
    assert [item.words for item in scores] == [len(doc) for doc in docs]
    for item, expected in zip(scores, evidence, strict=True):
        assert item.score == -expected.log_probs.min() > 0


def test_users_own_function_may_ask_for_samples():

    class Asks:
        needs = Needs(samples=3)

        def __call__(self, evidence):
            return len(evidence.samples)

    nlp = initialized(dropout=0.5)
    docs = [make_doc(nlp.vocab, SENTENCES[0][0], id="a")]
    assert [item.score for item in score_docs(nlp, docs, Asks())] == [3.0]


def test_score_that_is_no_number_is_reported_with_its_sentence():

    nlp = initialized()
    docs = [make_doc(nlp.vocab, "Ada", id="odd one")]
    with pytest.raises(DeepALError, match="gave nan to sentence odd one"):
        list(score_docs(nlp, docs, lambda evidence: float("nan")))
