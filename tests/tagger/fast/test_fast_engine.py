"""The fast path gives the results of the plain network."""

from contextlib import nullcontext

import numpy
import pytest
import torch

from spacy_deepal.tagger.fast import is_fast, use_fast

from ..build import (
    initialized,
    jolt,
    make_doc,
    make_examples,
    make_nlp,
    network_of,
    tagger_in,
    train,
)
from ..test_network import SIZES, TEXTS
from ..upstream import GIVEN

WITH_CONTEXT = [
    pytest.param({"tok2vec": GIVEN}, id="tok2vec"),
    pytest.param(
        {"tok2vec": GIVEN, "encode_layers": 3, "encode_kernel": 5, "decode_layers": 2},
        id="tok2vec, deep and wide",
    ),
    pytest.param(
        {"tok2vec": GIVEN, "tok2vec_projection": 44, "encode_width": 88, "encode_layers": 1},
        id="tok2vec, residual not projected",
    ),
]


def jolted(**model):
    nlp = initialized(**model)
    jolt(network_of(nlp))
    network_of(nlp).trained_rate.fill_(0.4)
    return nlp


def both(compute):
    """RETURNS: What the fast path computes, and what the plain network does."""
    found = []
    for on in (True, False):
        with use_fast(on):
            found.append(compute())
    return found


@pytest.mark.parametrize("sizes", [*SIZES, *WITH_CONTEXT])
@pytest.mark.parametrize("masked", [False, True])
def test_predictions_are_the_same(sizes, masked):
    nlp = jolted(**sizes)
    network = network_of(nlp)
    docs = [make_doc(nlp.vocab, words) for words in TEXTS]
    masks = network.draw_masks(torch.Generator().manual_seed(0))
    with network.masked(masks) if masked else nullcontext():
        fast, plain = both(lambda: nlp.get_pipe("deepal_ner").predict(docs))
    for one, other in zip(fast.log_probs, plain.log_probs, strict=True):
        numpy.testing.assert_allclose(one, other, atol=1e-5)
    for path in ("tags", "best"):
        for one, other in zip(getattr(fast, path), getattr(plain, path), strict=True):
            assert one.tolist() == other.tolist()


@pytest.mark.parametrize("sizes", [*SIZES, *WITH_CONTEXT])
def test_loss_and_gradients_are_the_same(sizes):
    nlp = jolted(**sizes)
    examples = make_examples(nlp)

    def learn():
        loss = nlp.get_pipe("deepal_ner").update(examples, drop=0.0)["deepal_ner"]
        weights = dict(network_of(nlp).named_parameters())
        gradients = {name: weight.grad.clone() for name, weight in weights.items()}
        for weight in weights.values():
            weight.grad = None
        return loss, gradients

    (loss, fast), (plain_loss, plain) = both(learn)
    assert loss == pytest.approx(plain_loss, rel=1e-5)
    assert fast.keys() == plain.keys()
    for name, gradient in fast.items():
        scale = 1 + plain[name].abs().max()
        numpy.testing.assert_allclose(gradient / scale, plain[name] / scale, atol=1e-5)


@pytest.mark.parametrize("sizes", [*SIZES, *WITH_CONTEXT])
@pytest.mark.parametrize("decoder_only", [False, True])
def test_samples_of_mc_dropout_are_the_same(sizes, decoder_only):
    nlp = jolted(**sizes)
    docs = [make_doc(nlp.vocab, words) for words in TEXTS]
    fast, plain = both(
        lambda: nlp.get_pipe("deepal_ner").sample(docs, samples=6, decoder_only=decoder_only)
    )
    for one, other in zip(fast, plain, strict=True):
        assert one.tolist() == other.tolist()


def test_masks_of_training_are_the_same():
    """With the masks of one sample the pass of training is no matter of chance."""
    nlp = jolted(decode_layers=2, char_layers=2)
    network = network_of(nlp).train()
    doc = make_doc(nlp.vocab, TEXTS[0])
    masks = network.draw_masks(torch.Generator().manual_seed(0))

    def logits():
        with network.masked(masks), torch.no_grad():
            return tagger_in(nlp).teacher_forced([doc], [numpy.zeros(len(doc), "int64")], None)

    fast, plain = both(logits)
    numpy.testing.assert_allclose(fast, plain, atol=1e-5)


def test_the_switch_is_put_back_after_an_error():
    before = is_fast()
    with pytest.raises(RuntimeError), use_fast(not before):
        raise RuntimeError
    assert is_fast() == before


def test_both_learn_the_sentences_by_heart():
    for on in (True, False):
        with use_fast(on):
            nlp = make_nlp()
            _, losses = train(nlp, 80, drop=0.1)
            assert losses["deepal_ner"] < 1
