import sys
from threading import Event, Thread

import numpy
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spacy_deepal.errors import DeepALError
from spacy_deepal.seeds import derive_seed, derive_uniform
from spacy_deepal.tagger.fast.tables import FoldedNetwork
from spacy_deepal.tagger.network import TagDecoder

from .build import (
    SENTENCES,
    initialized,
    jolt,
    make_doc,
    make_examples,
    make_nlp,
    network_of,
    tagger_in,
    train,
)

WORDS = ["Ada", "met", "London", "\U0001f600", "W\u00f6rter", "\u200b", "x" * 60, ".", "\n", "Khan"]


@pytest.fixture(scope="module")
def dropped():
    """A pipeline trained a little, with dropout: it is unsure of much."""
    nlp = make_nlp(encode_layers=2, decode_layers=2)
    train(nlp, 80, drop=0.3)
    return nlp


def docs_of(nlp, sentences):
    return [make_doc(nlp.vocab, words, id=f"s{i}") for i, words in enumerate(sentences)]


def evidence_of(nlp, docs, **options):
    return nlp.get_pipe("deepal_ner").evidence(docs, **options)


def in_batches(nlp, docs, batch_words, **options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nlp.get_pipe("deepal_ner"), "batch_words", batch_words)
        return evidence_of(nlp, docs, **options)


def test_evidence_is_the_predicted_path_and_its_probabilities(dropped):
    """Mistake 3: "MNLP" computed on a path of O alone, not on the predicted one."""
    docs = docs_of(dropped, [words for words, _ in SENTENCES])
    paths = dropped.get_pipe("deepal_ner").predict(docs)
    everything = evidence_of(dropped, docs)
    for item, doc, tags, log_probs in zip(
        everything, docs, paths.tags, paths.log_probs, strict=True
    ):
        assert item.id == doc.user_data["deepal"]["id"]
        assert item.words == len(doc)
        assert item.tags.tolist() == tags.tolist() == log_probs.argmax(1).tolist()
        assert item.log_probs.tolist() == log_probs.max(1).tolist()
        assert numpy.array_equal(item.tag_log_probs, log_probs)
        assert item.samples is None
    assert any(item.tags.any() for item in everything)  # some path is not O alone


def test_white_space_and_frame_are_not_counted(dropped):
    """n counts real words: not [BOS], [EOS], [PAD], white space."""
    plain, spaced, blank = evidence_of(
        dropped, docs_of(dropped, ["Ada met Khan", ["\n", "Ada", "met", " ", "Khan"], ["\t"]])
    )
    assert plain.words == spaced.words == 3
    numpy.testing.assert_allclose(plain.log_probs, spaced.log_probs, atol=1e-6)
    assert blank.words == 0
    assert blank.log_probs.shape == (0,)


def test_no_docs_have_no_evidence(dropped):
    assert evidence_of(dropped, []) == []
    assert evidence_of(dropped, [], samples=3) == []


def test_sentence_without_id_is_named(dropped):
    with pytest.raises(DeepALError, match="'Ada met ' has no id"):
        evidence_of(dropped, [make_doc(dropped.vocab, "Ada met")])


sentences = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12)


def clear(item):
    """No near tie on the path, where a rounding error may choose the other tag."""
    best = numpy.sort(item.tag_log_probs, axis=1)
    return not len(best) or (best[:, -1] - best[:, -2]).min() > 1e-4


@settings(max_examples=60, derandomize=True)
@given(st.lists(sentences, min_size=1, max_size=8), st.integers(1, 60), st.randoms())
def test_evidence_does_not_depend_on_batch_order_neighbours_or_padding(
    dropped, texts, batch_words, random
):
    """Mistake 1: sentences got each other's scores after the length bucketing."""
    docs = docs_of(dropped, texts)
    alone = {}
    for doc in docs:
        (item,) = evidence_of(dropped, [doc])
        alone[item.id] = item
    assume(all(clear(item) for item in alone.values()))
    random.shuffle(docs)
    for doc, item in zip(docs, in_batches(dropped, docs, batch_words), strict=True):
        assert item.id == doc.user_data["deepal"]["id"]
        expected = alone[item.id]
        assert item.words == expected.words
        assert item.uniform == expected.uniform
        assert item.tags.tolist() == expected.tags.tolist()
        numpy.testing.assert_allclose(item.log_probs, expected.log_probs, rtol=0, atol=1e-5)
        numpy.testing.assert_allclose(item.tag_log_probs, expected.tag_log_probs, rtol=0, atol=1e-5)


@settings(max_examples=30, derandomize=True)
@given(st.lists(sentences, min_size=1, max_size=6), st.integers(1, 60), st.randoms())
def test_mc_dropout_samples_do_not_depend_on_batch_order_or_neighbours(
    dropped, texts, batch_words, random
):
    """Mistake 1 once more: a sample is one network, and all sentences meet the same one."""
    docs = docs_of(dropped, texts)
    alone = [evidence_of(dropped, [doc], samples=5, seed=1)[0].samples for doc in docs]
    order = list(range(len(docs)))
    random.shuffle(order)
    together = in_batches(dropped, [docs[i] for i in order], batch_words, samples=5, seed=1)
    for i, item in zip(order, together, strict=True):
        assert item.samples.tolist() == alone[i].tolist()


# MC dropout


def test_samples_are_paths_of_words_by_sample(dropped):
    docs = docs_of(dropped, ["Ada met Khan in London", ["\n"], "Ada"])
    items = evidence_of(dropped, docs, samples=7)
    assert [item.samples.shape for item in items] == [(7, 5), (7, 0), (7, 1)]
    n_tags = network_of(dropped).sizes.tags
    assert all(((item.samples >= 0) & (item.samples < n_tags)).all() for item in items)


def test_samples_repeat_with_their_seed_and_differ_with_another(dropped):
    docs = docs_of(dropped, [words for words, _ in SENTENCES])

    def samples(seed):
        return numpy.concatenate(
            [i.samples for i in evidence_of(dropped, docs, samples=9, seed=seed)], 1
        )

    first = samples(0)
    torch.manual_seed(99)
    assert numpy.array_equal(first, samples(0))
    assert not numpy.array_equal(first, samples(1))


def test_more_samples_begin_with_the_same_ones(dropped):
    docs = docs_of(dropped, [SENTENCES[3][0]])
    few, many = (evidence_of(dropped, docs, samples=m)[0].samples for m in (3, 12))
    assert numpy.array_equal(few, many[:3])


def test_samples_differ_from_each_other_and_sampling_changes_no_prediction(dropped):
    docs = docs_of(dropped, [SENTENCES[3][0]])
    (plain,) = evidence_of(dropped, docs)
    (sampled,) = evidence_of(dropped, docs, samples=20)
    assert len({tuple(path) for path in sampled.samples.tolist()}) > 1
    assert numpy.array_equal(plain.log_probs, sampled.log_probs)
    assert numpy.array_equal(plain.log_probs, evidence_of(dropped, docs)[0].log_probs)


def test_each_sample_decodes_its_own_path(dropped):
    """A sample's tags are the greedy path of the network with that sample's masks."""
    docs = docs_of(dropped, [SENTENCES[3][0]])
    network = network_of(dropped)
    (item,) = evidence_of(dropped, docs, samples=6, seed=4)
    generator = torch.Generator().manual_seed(derive_seed(4, "MC dropout"))
    for path in item.samples:
        with network.masked(network.draw_masks(generator)):
            (tags,) = dropped.get_pipe("deepal_ner").predict(docs).tags
        assert path.tolist() == tags.tolist()


def test_samples_of_the_decoder_alone_are_votes_given_the_greedy_path(dropped):
    """The network runs once; only the mask before the tags is a sample's."""
    docs = docs_of(dropped, [SENTENCES[3][0], "Ada"])
    network, tagger = network_of(dropped), tagger_in(dropped)
    items = evidence_of(dropped, docs, samples=30, decoder_only=True, seed=4)
    go = network.sizes.tags
    before = [numpy.asarray([go, *item.tags[:-1]]) for item in items]
    generator = torch.Generator().manual_seed(derive_seed(4, "MC dropout"))
    for m in range(30):
        masks = network.draw_masks(generator)
        masks = [torch.ones_like(mask) for mask in masks[:-1]] + masks[-1:]
        with network.masked(masks), torch.no_grad():
            expected = tagger.teacher_forced(docs, before, None).argmax(1)
        found = numpy.concatenate([item.samples[m] for item in items])
        assert found.tolist() == expected.tolist()
    assert len({tuple(path) for path in items[0].samples.tolist()}) > 1


def test_samples_of_the_decoder_alone_do_not_depend_on_neighbours(dropped):
    docs = docs_of(dropped, ["Ada met Khan in London", ["\n"], "Ada", SENTENCES[3][0]])
    together = evidence_of(dropped, docs, samples=5, decoder_only=True)
    alone = [evidence_of(dropped, [doc], samples=5, decoder_only=True)[0] for doc in docs]
    for one, other in zip(together, alone, strict=True):
        assert one.samples.shape == (5, one.words)
        assert numpy.array_equal(one.samples, other.samples)


def test_decoder_without_dropout_cannot_be_sampled():
    nlp = initialized(decode_dropout=0.0)
    network_of(nlp).trained_rate.fill_(0.5)
    docs = docs_of(nlp, ["Ada met Khan"])
    assert evidence_of(nlp, docs, samples=3)[0].samples.shape == (3, 3)
    with pytest.raises(DeepALError, match="needs dropout"):
        evidence_of(nlp, docs, samples=3, decoder_only=True)


def test_sampling_draws_from_no_global_generator(dropped):
    docs = docs_of(dropped, [SENTENCES[3][0]])
    torch.manual_seed(0)
    numpy.random.seed(0)
    states = torch.get_rng_state(), numpy.random.get_state()[1].copy()
    evidence_of(dropped, docs, samples=3)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert numpy.array_equal(numpy.random.get_state()[1], states[1])


def test_word_drop_takes_no_part_in_sampling():
    """It corrupts training input; the samples of a network repeat."""
    nlp = initialized(word_drop=0.9, dropout=0.3)
    jolt(network_of(nlp))
    docs = docs_of(nlp, [SENTENCES[3][0]] * 5)
    first = evidence_of(nlp, docs, samples=5)
    assert len({item.samples.tobytes() for item in first}) == 1
    again = evidence_of(nlp, docs, samples=5)
    assert first[0].samples.tolist() == again[0].samples.tolist()


def state_of(network):
    return network.training, [(d.rate, d.mask, d.training) for d in network.dropouts]


@pytest.mark.parametrize("training", [True, False])
def test_sampling_leaves_the_network_as_it_was(dropped, training):
    network = network_of(dropped)
    network.train(training)
    before = state_of(network)
    evidence_of(dropped, docs_of(dropped, ["Ada"]), samples=2)
    assert state_of(network) == before
    network.eval()


@pytest.mark.parametrize("training", [True, False])
def test_sampling_leaves_the_network_as_it_was_also_after_an_error(dropped, training, monkeypatch):
    network = network_of(dropped)
    network.train(training)
    before = state_of(network)

    def fail(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(TagDecoder, "forward", fail)
    monkeypatch.setattr(FoldedNetwork, "decode", fail)
    with pytest.raises(KeyboardInterrupt):
        evidence_of(dropped, docs_of(dropped, ["Ada"]), samples=2)
    assert state_of(network) == before
    network.eval()


def test_a_thread_that_samples_changes_no_prediction_of_another(dropped):
    docs = docs_of(dropped, [words for words, _ in SENTENCES])
    predict = dropped.get_pipe("deepal_ner").predict
    expected = numpy.concatenate(predict(docs).log_probs)
    stop = Event()

    def sample():
        while not stop.is_set():
            evidence_of(dropped, docs, samples=3)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = Thread(target=sample)
    thread.start()
    try:
        for _ in range(20):
            found = numpy.concatenate(predict(docs).log_probs)
            numpy.testing.assert_allclose(found, expected, atol=1e-5)
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(interval)


def test_masks_that_do_not_fit_leave_none_behind(dropped):
    network = network_of(dropped)
    masks = network.draw_masks(torch.Generator().manual_seed(0))[:-1]
    with pytest.raises(ValueError, match="zip"), network.masked(masks):
        pass
    assert all(dropout.mask is None for dropout in network.dropouts)


def test_model_trained_without_dropout_cannot_be_sampled():
    nlp = initialized()
    nlp.update(make_examples(nlp), drop=0.0)
    with pytest.raises(DeepALError, match="MC dropout needs dropout"):
        evidence_of(nlp, docs_of(nlp, ["Ada"]), samples=2)
    assert evidence_of(nlp, docs_of(nlp, ["Ada"]))[0].samples is None


def test_dropout_that_the_config_fixes_is_sampled():
    nlp = initialized(dropout=0.5)
    (item,) = evidence_of(nlp, docs_of(nlp, [SENTENCES[3][0]]), samples=20)
    assert len({tuple(path) for path in item.samples.tolist()}) > 1


# The sentence's own random number


def test_uniform_number_belongs_to_sentence_and_seed(dropped):
    docs = docs_of(dropped, ["Ada"] * 5)
    numbers = [item.uniform for item in evidence_of(dropped, docs, seed=3)]
    assert numbers == [derive_uniform(3, "uniform", f"s{i}") for i in range(5)]
    backwards = [item.uniform for item in evidence_of(dropped, docs[::-1], seed=3)]
    assert backwards == numbers[::-1]
    assert numbers != [item.uniform for item in evidence_of(dropped, docs, seed=4)]
