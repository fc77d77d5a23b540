"""What prediction remembers of words must never be that of other weights, masks or vectors."""

import random
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from spacy.vectors import Vectors
from thinc.api import Adam

from spacy_deepal.tagger import lexicon
from spacy_deepal.tagger.fast import fast_engine, folded
from spacy_deepal.tagger.fast.layout import PAD, lay_out
from spacy_deepal.tagger.fast.tables import FoldedNetwork
from spacy_deepal.tagger.network import CnnCnnLstm
from spacy_deepal.tagger.sizes import Sizes

from ..build import (
    SENTENCES,
    initialized,
    jolt,
    log_probs_of,
    make_doc,
    make_examples,
    make_nlp,
    network_of,
    tagger_in,
    train,
)
from ..reference import Reference
from .test_products import operators


def docs_of(nlp):
    return [make_doc(nlp.vocab, words) for words, _ in SENTENCES]


def assert_current(nlp):
    """Prediction is that of a plain implementation with the weights of now."""
    docs = docs_of(nlp)
    reference = Reference(tagger_in(nlp))
    expected = numpy.concatenate([reference.greedy(doc)[1] for doc in docs])
    numpy.testing.assert_allclose(log_probs_of(nlp, docs), expected, atol=1e-4)


@pytest.fixture
def added(monkeypatch):
    """How many words each call of `FoldedNetwork.add` computed."""
    sizes = []
    add = FoldedNetwork.add
    monkeypatch.setattr(
        FoldedNetwork,
        "add",
        lambda self, words: (sizes.append(len(words.others)), add(self, words))[1],
    )
    return sizes


def test_a_word_is_computed_once_while_the_weights_stay(added):
    nlp = initialized()
    for words in ("Ada met Khan", "Khan met Ada", "Khan met nobody", "Ada"):
        log_probs_of(nlp, [make_doc(nlp.vocab, words)])
    assert added == [2 + 3, 1]  # [BOS] and [EOS] with the first


def test_words_remembered_are_bounded_and_prediction_is_the_same(added, monkeypatch):
    nlp = initialized()
    jolt(network_of(nlp))
    docs = [make_doc(nlp.vocab, [f"w{i}", f"w{i + 1}", "Ada"]) for i in range(30)]
    expected = log_probs_of(nlp, docs)
    for module in (lexicon, fast_engine):
        monkeypatch.setattr(module, "CACHED_WORDS", 8)
    other = initialized()
    jolt(network_of(other))
    found = [log_probs_of(other, [doc]) for doc in docs]
    numpy.testing.assert_allclose(numpy.concatenate(found), expected, atol=1e-5)
    assert len(tagger_in(other).lexicon.rows) <= 8
    assert max(added[1:]) <= 5


def test_prediction_is_the_same_without_onednn(monkeypatch):
    with_it, without = initialized(), initialized()
    docs = docs_of(with_it) * 20  # enough rows that oneDNN multiplies them
    monkeypatch.setattr(folded, "one_dnn_for", lambda weight: operators())
    expected = log_probs_of(with_it, docs)
    monkeypatch.setattr(folded, "one_dnn_for", lambda weight: None)
    numpy.testing.assert_allclose(log_probs_of(without, docs), expected, atol=1e-5)


@pytest.mark.skipif(operators() is None, reason="this build of torch has no oneDNN")
def test_onednn_meets_few_numbers_of_rows(monkeypatch):
    """It keeps what it has compiled for each: memory would grow with the sizes of the shards."""
    met, found = [], operators()

    def pointwise(rows, *args):
        met.append(len(rows))
        return found.pointwise(rows, *args)

    monkeypatch.setattr(folded, "one_dnn_for", lambda weight: found._replace(pointwise=pointwise))
    product = folded.Product(torch.randn(24, 7))
    for size in range(folded.FEW_ROWS, 3000, 7):
        rows = torch.randn(size, 24)
        expected = torch.addmm(product.bias, rows, product.weight)
        numpy.testing.assert_allclose(product(rows), expected, atol=1e-5)
        assert size <= met[-1] < 1.125 * size + folded.UNIT_STEP
    assert len(set(met)) < 60


@pytest.mark.parametrize("name", [name for name, _ in network_of(initialized()).named_parameters()])
def test_any_weight_changed_in_place_is_seen(name):
    nlp = initialized()
    assert_current(nlp)
    with torch.no_grad():
        weight = dict(network_of(nlp).named_parameters())[name]
        start = 1 if name == "encoder.characters.embedding.weight" else 0  # [PAD] stays zero
        weight[start:] += torch.randn(weight[start:].shape)
    assert_current(nlp)


def test_weights_replaced_are_seen():
    nlp = initialized()
    weight = network_of(nlp).decoder.output.weight
    for _ in range(5):
        weight.data = torch.randn(weight.shape)
        assert_current(nlp)


def test_update_is_seen():
    nlp = initialized()
    optimizer = Adam(0.05)
    for _ in range(3):
        assert_current(nlp)
        nlp.update(make_examples(nlp), sgd=optimizer)
    assert_current(nlp)


def test_averages_are_seen_while_they_are_used():
    nlp = make_nlp()
    optimizer, _ = train(nlp, 3)
    component = nlp.get_pipe("deepal_ner")
    for _ in range(3):
        assert_current(nlp)
        with component.model.use_params(optimizer.averages):
            assert_current(nlp)
        nlp.update(make_examples(nlp), sgd=optimizer)


def test_masks_are_seen_while_they_are_used():
    nlp = initialized()
    network = network_of(nlp)
    network.trained_rate.fill_(0.5)
    generator = torch.Generator().manual_seed(0)
    docs = docs_of(nlp)
    plain = log_probs_of(nlp, docs)
    seen = [plain]
    for _ in range(3):
        with network.masked(network.draw_masks(generator)):
            seen.append(log_probs_of(nlp, docs))
        assert numpy.array_equal(log_probs_of(nlp, docs), plain)
    assert len({rows.tobytes() for rows in seen}) == 4


def test_other_weights_from_bytes_are_seen():
    nlp, other = initialized(), initialized(seed=1)
    assert_current(nlp)
    nlp.from_bytes(other.to_bytes())
    assert_current(nlp)
    assert numpy.array_equal(log_probs_of(nlp, docs_of(nlp)), log_probs_of(other, docs_of(other)))


def test_vectors_edited_or_replaced_are_seen():
    nlp = make_nlp()
    random = numpy.random.default_rng(0)
    data = random.normal(size=(3, 7)).astype("float32")
    nlp.vocab.vectors = Vectors(data=data, keys=["London", "ada", "Bob"])
    nlp.initialize(lambda: make_examples(nlp))
    jolt(network_of(nlp))
    assert_current(nlp)
    nlp.vocab.vectors.data[1] = 2
    assert_current(nlp)
    nlp.vocab.vectors.resize((5, 7))
    nlp.vocab.vectors.add("Khan", vector=numpy.ones(7, "float32"))
    assert_current(nlp)
    nlp.vocab.vectors = Vectors(data=data[:1], keys=["Berlin"])
    assert_current(nlp)


def test_threads_that_predict_at_once_predict_what_one_does():
    nlp, draw = initialized(), random.Random(0)
    jolt(network_of(nlp))
    words = [["".join(draw.choices("abcdefgh", k=5)) for _ in range(9)] for _ in range(150)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            docs = [make_doc(nlp.vocab, sentence) for sentence in words]
            found = list(pool.map(lambda doc: log_probs_of(nlp, [doc]), docs))
    finally:
        sys.setswitchinterval(interval)
    after = [log_probs_of(nlp, [doc]) for doc in docs]
    tagger_in(nlp).lexicon._forget()
    for one, later, doc in zip(found, after, docs, strict=True):
        alone = log_probs_of(nlp, [doc])
        numpy.testing.assert_allclose(one, alone, atol=1e-5)
        numpy.testing.assert_allclose(later, alone, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "name"),
    [(lexicon.Lexicon, "_add"), (lexicon.Lexicon, "_hash_attributes"), (FoldedNetwork, "add")],
)
@pytest.mark.parametrize("late", [False, True])
def test_an_interruption_leaves_nothing_half_made(monkeypatch, kind, name, late):
    nlp, method = initialized(), getattr(kind, name)
    log_probs_of(nlp, docs_of(nlp)[:1])

    def interrupted(self, *args):
        if late:
            method(self, *args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(kind, name, interrupted)
        with pytest.raises(KeyboardInterrupt):
            log_probs_of(nlp, docs_of(nlp))
    assert_current(nlp)


def test_what_inference_mode_remembers_serves_outside_of_it():
    nlp = initialized()
    with torch.inference_mode():
        log_probs_of(nlp, docs_of(nlp)[:1])
    assert_current(nlp)


def test_copy_of_the_model_has_words_of_its_own():
    nlp = initialized()
    assert_current(nlp)
    component = nlp.get_pipe("deepal_ner")
    original = component.model
    component.model = original.copy()
    jolt(network_of(nlp))
    assert_current(nlp)
    component.model = original
    assert_current(nlp)


# The layout


def test_rows_lie_as_the_drawing_of_the_module_says():
    a, b, c, d, e, f, bos, eos = range(1, 9)
    ids = numpy.asarray([bos, a, b, c, eos, bos, d, eos, bos, e, f, eos])
    layout = lay_out(
        ids, numpy.asarray([5, 3, 4]), kernel=1, layers=1, frame=0, device=torch.device("cpu")
    )
    assert layout.ids.tolist() == [bos, bos, bos, a, e, d, b, f, eos, c, eos, eos]
    assert layout.active == [3, 3, 3, 2, 1]
    layout = lay_out(
        ids, numpy.asarray([5, 3, 4]), kernel=3, layers=2, frame=1, device=torch.device("cpu")
    )
    assert layout.ids.tolist() == [a, e, d, b, f, c]
    assert layout.active == [3, 2, 1]
    assert layout.places.tolist() == [0, 3, 5, 2, 1, 4]
    assert layout.rank.tolist() == [0, 2, 1]


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=5),
    st.sampled_from([1, 3, 5]),
    st.integers(1, 3),
    st.integers(0, 1),
)
def test_windows_reach_the_neighbours_in_a_sequence_and_padding_beyond_it(
    sizes, kernel, layers, frame
):
    lengths = numpy.asarray(sizes) + 2 * frame
    ids = numpy.arange(1, lengths.sum() + 1)
    starts = numpy.cumsum(lengths) - lengths
    sequences = [ids[start : start + n].tolist() for start, n in zip(starts, lengths, strict=True)]
    layout = lay_out(
        ids, lengths, kernel=kernel, layers=layers, frame=frame, device=torch.device("cpu")
    )
    wanted = [row for rows in sequences for row in rows[frame : len(rows) - frame]]
    assert layout.ids[layout.places].tolist() == wanted
    assert layout.active == [sum(n > time for n in sizes) for time in range(max(sizes))]

    reach, rows = kernel // 2, layout.packed.numpy()
    assert (sorted(rows[:-1]), rows[-1]) == (ids.tolist(), PAD)
    assert len(layout.windows) == layers
    for windows in layout.windows:
        for around in rows[windows.numpy()].tolist():
            if (middle := around[reach]) == PAD:
                continue
            (sequence,) = (rows for rows in sequences if middle in rows)
            padded = [PAD] * reach + sequence + [PAD] * reach
            at = sequence.index(middle)
            assert around == padded[at : at + kernel]
    last = rows[layout.windows[-1][:, reach].numpy()]
    assert last[layout.places.numpy()].tolist() == wanted


# What is no property of a word alone


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"encode_layers": 1, "encode_kernel": 5, "encode_layer_norm": False},
        {"encode_layers": 3, "decode_layers": 2},
        {"encode_width": 47},  # the residual connection is not projected
    ],
)
def test_context_of_words_is_read_as_in_training(sizes, masked):
    """Greedy decoding gives the logits of teacher forcing with its own path."""
    nlp = initialized(**sizes)
    tagger, sizes = tagger_in(nlp), dict(network_of(nlp).sizes)
    embed = sizes["embed"].model_copy(update={"tok2vec_projection": 3})
    network = CnnCnnLstm(Sizes(**{**sizes, "embed": embed, "tok2vec_width": 5})).eval()
    jolt(network)
    network.trained_rate.fill_(0.4)
    nlp.get_pipe("deepal_ner").model.shims[0].set_network(network, tagger.vocabulary)
    tagger, docs = tagger_in(nlp), docs_of(nlp)
    draw = numpy.random.default_rng(1)
    context = [draw.normal(size=(len(doc), 5)).astype("float32") for doc in docs]
    masks = [torch.ones(dropout.width) for dropout in network.dropouts]
    if masked:
        masks = network.draw_masks(torch.Generator().manual_seed(2))
    with network.masked(masks), torch.no_grad():
        read = tagger.read_context(context)
        paths = tagger.paths(docs, read, batch_words=10**6)
        before = [numpy.append([network.decoder.go], tags[:-1]) for tags in paths.tags]
        expected = tagger.teacher_forced(docs, before, tagger.gather(context, range(len(docs))))
    expected = expected.log_softmax(1)
    numpy.testing.assert_allclose(numpy.concatenate(paths.log_probs), expected, atol=1e-4)
    assert numpy.concatenate(paths.tags).tolist() == expected.argmax(1).tolist()
