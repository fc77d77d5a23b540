import numpy
import pytest
import torch
from spacy.vectors import Vectors

from spacy_deepal.sentences import count_words
from spacy_deepal.tagger.dropout import Dropout
from spacy_deepal.tagger.fast import flat_rows
from spacy_deepal.tagger.gold import tag_loss
from spacy_deepal.tagger.model import TeacherForced
from spacy_deepal.tagger.network import PAD_CHAR

from .build import (
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
    weights_of,
)
from .reference import Reference

SIZES = [
    pytest.param({}, id="small"),
    pytest.param({"attrs": [], "attr_rows": [], "encode_layer_norm": False}, id="paper's inputs"),
    pytest.param(
        {
            "char_layers": 2,
            "char_kernel": 5,
            "encode_layers": 3,
            "encode_kernel": 5,
            "decode_layers": 2,
        },
        id="deep and wide",
    ),
    pytest.param({"char_kernel": 1, "encode_kernel": 1, "encode_layers": 1}, id="kernels of 1"),
    pytest.param({"char_width": 12, "encode_width": 44}, id="residuals not projected"),
    pytest.param({"attrs": ["LOWER", "PREFIX2", "SUFFIX4"], "attr_rows": [9, 9, 9]}, id="affixes"),
]

TEXTS = [
    ["Who", "is", "Shaka", "Khan", "?"],
    ["Ada"],
    ["unknown", "W\u00f6rter", "\U0001f600", "\u200b", "I", "like", "London"],
    ["\n", "Bob", "  ", "Ada", "\t"],
    ["x" * 100, "y" * 10_000, "I"],
    ["Ada", "met", "the", "United", "Nations", "Security", "Council", "in", "London", "."] * 3,
]


def jolted(**model):
    nlp = initialized(**model)
    jolt(network_of(nlp))
    return nlp


def docs_of(nlp, texts=TEXTS):
    return [make_doc(nlp.vocab, words) for words in texts]


def forced(nlp, docs, previous):
    """log P of every tag, by Doc, given the previous tags; nothing is dropped."""
    model = nlp.get_pipe("deepal_ner").model
    previous = [numpy.asarray(tags, "int64") for tags in previous]
    logits = torch.from_numpy(model.predict(TeacherForced(docs, previous, [None] * len(docs))))
    return numpy.split(logits.log_softmax(1).numpy(), numpy.cumsum([len(p) for p in previous])[:-1])


@pytest.mark.parametrize("sizes", SIZES)
def test_greedy_path_is_that_of_a_plain_implementation(sizes):
    nlp = jolted(**sizes)
    docs = docs_of(nlp)
    paths = nlp.get_pipe("deepal_ner").predict(docs)
    reference = Reference(tagger_in(nlp))
    for doc, tags, log_probs in zip(docs, paths.tags, paths.log_probs, strict=True):
        expected_tags, expected = reference.greedy(doc)
        assert tags.tolist() == expected_tags
        numpy.testing.assert_allclose(log_probs, expected, atol=1e-4)


@pytest.mark.parametrize("sizes", SIZES)
def test_teacher_forcing_is_that_of_a_plain_implementation(sizes):
    nlp = jolted(**sizes)
    docs = docs_of(nlp)
    network, reference = network_of(nlp), Reference(tagger_in(nlp))
    random = numpy.random.default_rng(0)
    go = network.sizes.tags
    previous = [[go, *random.integers(0, go, count_words(doc) - 1)] for doc in docs]
    for doc, tags, log_probs in zip(docs, previous, forced(nlp, docs, previous), strict=True):
        numpy.testing.assert_allclose(
            log_probs, reference.teacher_forced(doc, tags), atol=1e-4, err_msg=doc.text[:80]
        )


def test_static_vectors_are_read_as_by_a_plain_implementation():
    nlp = make_nlp()
    data = numpy.random.default_rng(0).normal(size=(3, 7)).astype("float32")
    nlp.vocab.vectors = Vectors(data=data, keys=["London", "ada", "Ada"])
    nlp.initialize(lambda: make_examples(nlp))
    jolt(network_of(nlp))
    docs = docs_of(nlp)
    reference = Reference(tagger_in(nlp))
    assert reference.sizes.vectors_width == 7
    for doc, log_probs in zip(
        docs, nlp.get_pipe("deepal_ner").predict(docs).log_probs, strict=True
    ):
        numpy.testing.assert_allclose(log_probs, reference.greedy(doc)[1], atol=1e-4)


@pytest.mark.parametrize("sizes", SIZES)
def test_mc_dropout_sample_is_that_of_a_plain_implementation_with_the_same_masks(sizes):
    nlp = jolted(**sizes)
    network = network_of(nlp)
    network.trained_rate.fill_(0.5)
    masks = network.draw_masks(torch.Generator().manual_seed(3))
    names = [name for name, part in network.named_modules() if isinstance(part, Dropout)]
    reference = Reference(tagger_in(nlp), dict(zip(names, masks, strict=True)))
    docs = docs_of(nlp)
    with network.masked(masks):
        sampled = nlp.get_pipe("deepal_ner").predict(docs).log_probs
    for doc, log_probs in zip(docs, sampled, strict=True):
        numpy.testing.assert_allclose(log_probs, reference.greedy(doc)[1], atol=1e-4)


@pytest.mark.parametrize("sizes", SIZES)
def test_gradient_of_the_whole_loss_equals_finite_differences(sizes):
    """Not the Jacobian of a softmax twice: the logits have none, the loss has the one."""
    nlp = jolted(**sizes)
    network = network_of(nlp).double()
    tagger, docs = tagger_in(nlp), docs_of(nlp, TEXTS[:4])
    random = numpy.random.default_rng(1)
    lengths, n_tags = [count_words(doc) for doc in docs], network.sizes.tags
    n_words = sum(lengths)
    previous = [random.integers(0, n_tags + 1, length) for length in lengths]
    gold = random.integers(-1, n_tags, n_words)

    def loss():
        return tag_loss(tagger.teacher_forced(docs, previous, None).detach().numpy(), gold)

    network.train()  # as in training; the dropouts' rates are 0
    _, gradient = loss()
    tagger.teacher_forced(docs, previous, None).backward(torch.from_numpy(gradient))
    step = 1e-7  # small: the loss has a kink wherever a ReLU is at zero
    for name, weight in network.named_parameters():
        direction = torch.from_numpy(random.normal(size=tuple(weight.shape)))
        if name == "encoder.characters.embedding.weight":
            direction[PAD_CHAR] = 0  # no weight: padding is zero
        expected = float((weight.grad * direction).sum())
        with torch.no_grad():
            weight += step * direction
            above = loss()[0]
            weight -= 2 * step * direction
            below = loss()[0]
            weight += step * direction
        assert (above - below) / (2 * step) == pytest.approx(expected, rel=1e-4, abs=1e-5), name


def test_loss_of_equal_logits_is_log_of_the_number_of_tags_a_word():
    loss, gradient = tag_loss(numpy.zeros((3, 4)), numpy.asarray([0, -1, 3]))
    assert loss == pytest.approx(2 * numpy.log(4))
    expected = [[-0.75, 0.25, 0.25, 0.25], [0, 0, 0, 0], [0.25, 0.25, 0.25, -0.75]]
    numpy.testing.assert_allclose(gradient, expected)


def test_loss_of_large_logits_does_not_overflow():
    loss, gradient = tag_loss(numpy.asarray([[1e4, -1e4]], "float32"), numpy.asarray([1]))
    assert loss == pytest.approx(2e4)
    numpy.testing.assert_allclose(gradient, [[1, -1]])


# The decoder (paper.md, mistake 4)


def long_sentence(nlp):
    return make_doc(nlp.vocab, [f"word{i}" for i in range(20)])


def test_decoder_has_recurrence():
    """Mistake 4: a change of an early tag reaches words far behind it, through the state alone."""
    nlp = jolted()
    doc = long_sentence(nlp)
    go = network_of(nlp).sizes.tags
    (before,) = forced(nlp, [doc], [[go] + [0] * 19])
    (after,) = forced(nlp, [doc], [[go, 5] + [0] * 18])
    assert numpy.array_equal(before[0], after[0])
    assert (numpy.abs(before[1:6] - after[1:6]).max(1) > 1e-6).all()


def test_later_tag_does_not_change_earlier_words():
    nlp = jolted()
    doc = long_sentence(nlp)
    go = network_of(nlp).sizes.tags
    (before,) = forced(nlp, [doc], [[go] + [0] * 19])
    (after,) = forced(nlp, [doc], [[go] + [0] * 9 + [5] + [0] * 9])
    assert numpy.array_equal(before[:10], after[:10])
    assert not numpy.allclose(before[10], after[10])


@pytest.mark.parametrize(("kernel", "layers", "reach"), [(3, 2, 2), (5, 1, 2), (1, 2, 0)])
def test_later_word_changes_earlier_words_as_far_as_the_convolutions_reach(kernel, layers, reach):
    nlp = jolted(encode_kernel=kernel, encode_layers=layers)
    go = network_of(nlp).sizes.tags
    words = [f"word{i}" for i in range(20)]
    changed = [*words[:10], "London", *words[11:]]
    previous = [[go] + [0] * 19]
    (before,) = forced(nlp, [make_doc(nlp.vocab, words)], previous)
    (after,) = forced(nlp, [make_doc(nlp.vocab, changed)], previous)
    differs = numpy.abs(before - after).max(1) > 1e-6
    assert not differs[: 10 - reach].any()
    assert differs[10 - reach :].any()
    assert differs[10 - reach : 11].all()


def test_greedy_path_fed_back_as_gold_gives_its_own_probabilities():
    """The step written by hand for decoding and torch's LSTM are the same function."""
    nlp = jolted(decode_layers=2)
    network = network_of(nlp)
    network.trained_rate.fill_(0.3)
    docs = docs_of(nlp)
    with network.masked(network.draw_masks(torch.Generator().manual_seed(0))):
        paths = nlp.get_pipe("deepal_ner").predict(docs)
        previous = [[network.sizes.tags, *tags[:-1]] for tags in paths.tags]
        again = forced(nlp, docs, previous)
    for log_probs, expected in zip(again, paths.log_probs, strict=True):
        numpy.testing.assert_allclose(log_probs, expected, atol=1e-5)


# The convolutions (paper.md, mistake 5)


def convolution_of(nlp, which):
    network = network_of(nlp)
    return (
        network.encoder.convolutions
        if which == "words"
        else (network.encoder.characters.convolutions)
    )


@pytest.mark.parametrize("which", ["words", "characters"])
def test_convolutions_are_not_linear(which):
    """Mistake 5: without a ReLU, layers of convolutions are one linear layer."""
    nlp = jolted(encode_layer_norm=False, char_layers=2)
    layer = convolution_of(nlp, which)
    for convolution in layer.convolutions:
        torch.nn.init.zeros_(convolution.bias)
    rows = torch.randn(1, 9, layer.dropouts[0].width, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(1, 9, 1)
    with torch.no_grad():
        assert torch.allclose(layer(2 * rows, mask), 2 * layer(rows, mask), atol=1e-4)
        assert not torch.allclose(layer(-rows, mask), -layer(rows, mask), atol=1e-1)


@pytest.mark.parametrize("which", ["words", "characters"])
def test_convolutions_have_residual_connections(which):
    """With a convolution that is zero, what comes in goes out."""
    nlp = initialized(encode_layer_norm=False, char_width=12, char_layers=2, encode_width=44)
    layer = convolution_of(nlp, which)
    assert not list(layer.residuals.parameters())  # the widths are the same
    for convolution in layer.convolutions:
        torch.nn.init.zeros_(convolution.weight)
    rows = torch.randn(1, 9, layer.dropouts[0].width)
    with torch.no_grad():
        assert torch.equal(layer(rows, torch.ones(1, 9, 1)), rows)


@pytest.mark.parametrize("sizes", SIZES)
def test_sentences_side_by_side_do_not_see_each_other(sizes):
    """Mistake 1, in the network: padding is as wide as the convolutions reach."""
    nlp = jolted(**sizes)
    docs = docs_of(nlp)
    together = nlp.get_pipe("deepal_ner").predict(docs).log_probs
    for doc, log_probs in zip(docs, together, strict=True):
        numpy.testing.assert_allclose(log_probs_of(nlp, [doc]), log_probs, atol=1e-5)


def test_padding_stays_zero_in_training():
    nlp = make_nlp()
    train(nlp, 5, drop=0.2)
    assert not network_of(nlp).encoder.characters.embedding.weight[PAD_CHAR].any()


# Word drop and dropout


def encoded(nlp, doc, seed, training=True):
    """w_full of a sentence as training sees it: (embedding part, the rest)."""
    network = network_of(nlp)
    seen = []

    def look(dropout, inputs):
        if dropout is network.encoder.dropout:
            seen.append(inputs[0].detach().flatten(0, -2))

    def drop(dropout, values, original=flat_rows.drop):
        look(dropout, [values])
        return original(dropout, values)

    torch.manual_seed(seed)
    network.train(training)
    handle = network.encoder.dropout.register_forward_pre_hook(look)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flat_rows, "drop", drop)
        tagger_in(nlp).teacher_forced([doc], [numpy.zeros(len(doc), "int64")], None)
    handle.remove()
    width = network.sizes.embed.word_width
    return seen[0][:, :width], seen[0][:, width:]


def test_word_drop_replaces_the_embedding_by_that_of_unknown_and_nothing_else():
    nlp = jolted(word_drop=0.5)
    doc = make_doc(nlp.vocab, ["London"] * 2000)
    network = network_of(nlp)
    whole, rest = encoded(nlp, doc, 0, training=False)
    dropped, same = encoded(nlp, doc, 0)
    assert torch.equal(rest, same)
    unknown = (dropped == network.encoder.unknown).all(1)
    kept = (dropped == whole).all(1)
    words = slice(1, 2001)
    assert (unknown ^ kept)[words].all()
    assert 0.45 < float(unknown[words].float().mean()) < 0.55


def test_word_drop_is_off_in_prediction():
    nlp = jolted(word_drop=0.9)
    doc = make_doc(nlp.vocab, SENTENCES[0][0])
    one, other = (nlp.get_pipe("deepal_ner").predict([doc]).log_probs[0] for _ in range(2))
    assert numpy.array_equal(one, other)


def test_unknown_word_and_word_below_the_least_frequency_have_the_embedding_of_unknown():
    sentences = [("often often rare", [(0, 1, "X")])]
    nlp = initialized(sentences, word_min_freq=2)
    jolt(network_of(nlp))
    assert tagger_in(nlp).vocabulary.words == ("often",)
    embedding, _ = encoded(nlp, make_doc(nlp.vocab, "often rare new"), 0)
    unknown = embedding[2]
    assert torch.equal(embedding[3], unknown)
    assert not torch.equal(embedding[1], unknown)


def test_the_most_frequent_words_have_embeddings_and_of_equals_the_first():
    sentences = [("b a often often c rare b a c", [(0, 1, "X")])]
    for most, known in ((1, ("a",)), (2, ("a", "b")), (4, ("a", "b", "c", "often"))):
        nlp = initialized(sentences, word_min_freq=2, max_words=most)
        assert tagger_in(nlp).vocabulary.words == known
        assert network_of(nlp).sizes.words == len(known)


def test_word_that_training_has_not_seen_is_unknown_though_it_is_in_the_vocabulary():
    nlp = initialized()
    embedding, _ = encoded(nlp, make_doc(nlp.vocab, "London unheard"), 0)
    assert torch.equal(embedding[1], embedding[2])


def test_every_dropout_takes_part_in_the_output():
    """The LSTM's too: silencing any one of them changes every word."""
    nlp = jolted(decode_layers=2, char_layers=2)
    network = network_of(nlp)
    doc = long_sentence(nlp)
    plain = log_probs_of(nlp, [doc])
    for silenced in range(len(network.dropouts)):
        masks = [torch.ones(dropout.width) for dropout in network.dropouts]
        masks[silenced] = torch.zeros_like(masks[silenced])
        with network.masked(masks):
            changed = log_probs_of(nlp, [doc])
        assert (numpy.abs(changed - plain).max(1) > 1e-6).all(), silenced
    assert numpy.array_equal(log_probs_of(nlp, [doc]), plain)


def test_no_chance_is_left_where_all_dropouts_are_masked():
    """`CnnCnnLstm.dropouts` knows all of them: no nn.Dropout hides in a layer."""
    nlp = jolted(word_drop=0.0)
    network = network_of(nlp)
    network.set_dropout(0.9)
    network.train()
    doc = long_sentence(nlp)

    def logits():
        return tagger_in(nlp).teacher_forced([doc], [numpy.zeros(20, "int64")], None)

    assert not torch.equal(logits(), logits())
    with network.masked(network.draw_masks(torch.Generator().manual_seed(0))):
        assert torch.equal(logits(), logits())


def test_dropout_that_the_config_fixes_does_not_follow_training():
    nlp = initialized(dropout=0.3, encode_dropout=0.0)
    network = network_of(nlp)
    network.set_dropout(0.8)
    assert network.encoder.dropout.rate == 0.3
    assert [dropout.rate for dropout in network.encoder.convolutions.dropouts] == [0.0, 0.0]
    assert network.encoder.characters.convolutions.dropouts[0].rate == 0.8
    assert network.decoder.input_dropout.rate == 0.8


def test_masks_drop_the_share_that_training_dropped_and_keep_the_mean():
    nlp = initialized(encode_width=2000, dropout=0.0)
    network = network_of(nlp)
    network.set_dropout(0.25)
    network.set_dropout(0.0)  # such as an update without dropout afterwards
    masks = network.draw_masks(torch.Generator().manual_seed(0))
    names = [name for name, part in network.named_modules() if isinstance(part, Dropout)]
    by_name = dict(zip(names, masks, strict=True))
    wide = by_name["encoder.convolutions.dropouts.1"]
    assert sorted(set(wide.tolist())) == [0.0, pytest.approx(1 / 0.75)]
    assert float((wide == 0).float().mean()) == pytest.approx(0.25, abs=0.03)
    assert (by_name["encoder.dropout"] == 1).all()
    assert (by_name["encoder.convolutions.dropouts.0"] == 1).all()


def test_weights_differ_with_the_seed_and_repeat_with_it():
    one, again, other = (weights_of(initialized(seed=seed)) for seed in (0, 0, 1))
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)
