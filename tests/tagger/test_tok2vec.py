"""A network that stands on a token-to-vector layer of its own."""

import numpy
import pytest
import spacy
import torch
from spacy.training import Example
from spacy.training.pretrain import get_tok2vec_ref
from spacy.util import fix_random_seed
from thinc.api import Adam, set_dropout_rate

from spacy_deepal.errors import DeepALError
from spacy_deepal.tagger import tok2vec
from spacy_deepal.tagger.dropout import Dropout
from spacy_deepal.tagger.fast import use_fast
from spacy_deepal.tagger.gold import gold_tags

from . import upstream
from .build import (
    LABELS,
    SENTENCES,
    entities_of,
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
from .reference import Reference
from .upstream import (
    GIVEN,
    HASH_EMBED,
    TRANSFORMER,
    given_vectors,
    parameters_of,
    same,
    weights_in,
)

TEXTS = [
    ["\n", "Bob", "  ", "Ada", "\t"],
    ["Ada"],
    [],
    [" "],
    ["unknown", "W\u00f6rter", "\U0001f600", "I", "like", "London", "and", "\n\n", "Berlin", "."],
]


def given(**model):
    nlp = initialized(tok2vec=GIVEN, tok2vec_projection=7, **model)
    jolt(network_of(nlp))
    return nlp


def docs_of(nlp, texts=TEXTS):
    return [make_doc(nlp.vocab, words, id=str(i)) for i, words in enumerate(texts)]


@pytest.mark.parametrize("sizes", [{}, {"attrs": [], "attr_rows": [], "encode_kernel": 5}])
@pytest.mark.parametrize("batch_words", [1, 12000])
def test_evidence_is_that_of_a_plain_implementation(sizes, batch_words):
    nlp = given(batch_words=batch_words, **sizes)
    reference = Reference(tagger_in(nlp), tokvecs=given_vectors)
    docs = docs_of(nlp)
    evidence = nlp.get_pipe("deepal_ner").evidence(docs)
    for doc, item in zip(docs, evidence, strict=True):
        tags, expected = reference.greedy(doc)
        assert item.tags.tolist() == tags
        if tags:
            numpy.testing.assert_allclose(item.tag_log_probs, expected, atol=1e-4)


def test_mc_dropout_samples_read_one_and_the_same_context():
    nlp = given()
    network = network_of(nlp)
    network.trained_rate.fill_(0.5)
    masks = network.draw_masks(torch.Generator().manual_seed(3))
    names = [name for name, part in network.named_modules() if isinstance(part, Dropout)]
    reference = Reference(tagger_in(nlp), dict(zip(names, masks, strict=True)), given_vectors)
    docs = docs_of(nlp, TEXTS[:2])
    with network.masked(masks):
        sampled = nlp.get_pipe("deepal_ner").predict(docs).log_probs
    for doc, log_probs in zip(docs, sampled, strict=True):
        numpy.testing.assert_allclose(log_probs, reference.greedy(doc)[1], atol=1e-4)


@pytest.mark.parametrize("fast", [True, False])
def test_wide_vectors_are_read_a_few_at_a_time(fast, monkeypatch):
    """And of those of all Docs only the projection is kept."""
    nlp, met = given(), []
    model, vectors = nlp.get_pipe("deepal_ner").model, upstream.given_vectors
    docs = docs_of(nlp, [f"Ada met {name}".split() for name in "Bob Khan London Berlin".split()])
    expected = log_probs_of(nlp, docs)
    monkeypatch.setattr(tok2vec, "TOKENS_AT_ONCE", 6)
    monkeypatch.setattr(upstream, "given_vectors", lambda *args: (met.append(1), vectors(*args))[1])

    def read(rows):
        met.append("read")
        return tagger_in(nlp).read_context(rows)

    with use_fast(fast):
        numpy.testing.assert_allclose(log_probs_of(nlp, docs), expected, atol=1e-5)
        met.clear()
        context = tok2vec.predict_context(model, docs, 12000, read)
    assert met == [1, 1, "read", 1, 1, "read"]
    assert {rows.shape for rows in context} == {(3, 7 if fast else 12)}


def test_gradient_of_the_vectors_equals_finite_differences():
    """Of every token of every Doc: white space and Docs without annotation have none."""
    nlp = given()
    sentences = [*SENTENCES, ("never annotated", None), (["\n", "Ada", " ", "is"], [(1, 2, "LOC")])]
    examples = make_examples(nlp, sentences)
    tagger = nlp.get_pipe("deepal_ner")
    set_dropout_rate(tagger.model, 0.0)
    tagger.update(examples)
    gradients = tagger.model.layers[0].attrs["gradients"]
    for example, gradient in zip(examples, gradients, strict=True):
        if example.reference.has_annotation("ENT_IOB"):
            direction = numpy.random.default_rng(0).normal(size=gradient.shape)
            expected = slope(tagger_in(nlp), example, direction)
            assert abs(expected) > 1e-3
            assert float((gradient * direction).sum()) == pytest.approx(expected, rel=1e-3)
        else:
            assert not gradient.any()
        assert not gradient[[token.i for token in example.predicted if token.is_space]].any()


def slope(tagger, example, direction, step=1e-6):
    """Of the loss, by finite differences of a plain implementation, in this direction."""
    doc, (gold,) = example.predicted, gold_tags([example], LABELS)
    vectors = given_vectors(doc).astype("float64")

    def loss(shift):
        reference = Reference(tagger, tokvecs=lambda _: vectors + shift * direction)
        log_probs = reference.teacher_forced(doc, [reference.tags, *gold[:-1]])
        return -log_probs[numpy.arange(len(gold)), gold].sum()

    return (loss(step) - loss(-step)) / (2 * step)


@pytest.mark.parametrize("tok2vec", [HASH_EMBED, TRANSFORMER], ids=["hash embed", "transformer"])
def test_layer_and_network_learn_together(tok2vec):
    fix_random_seed(0)  # the transformer draws its weights when it is built
    nlp = make_nlp(tok2vec=tok2vec)
    train(nlp, 0)
    layer = nlp.get_pipe("deepal_ner").model.layers[0]
    before = weights_in(layer)
    examples = make_examples(nlp)
    optimizer = Adam(0.01, L2=0.0, grad_clip=1.0)
    nlp.update(examples, sgd=optimizer)
    assert len(before) > 3
    assert all((a != b).any() for a, b in zip(before, weights_in(layer), strict=True))
    for _ in range(300):
        losses = nlp.update(examples, sgd=optimizer, losses={})
    assert losses["deepal_ner"] < 0.1
    for words, entities in SENTENCES:
        assert entities_of(nlp(make_doc(nlp.vocab, words))) == entities


def test_dropout_of_training_reaches_the_layer():
    nlp = initialized(tok2vec=HASH_EMBED)
    nlp.update(make_examples(nlp), drop=0.25, sgd=False)
    nodes = nlp.get_pipe("deepal_ner").model.layers[0].walk()
    assert {node.attrs["dropout_rate"] for node in nodes if "dropout_rate" in node.attrs} == {0.25}


def test_updates_without_a_word_or_without_annotation_do_nothing():
    nlp = initialized(tok2vec=HASH_EMBED)
    before = parameters_of(nlp, "deepal_ner")
    for sentences in ([([], None)], [(["\n"], [])], [("never annotated", None), ([], [])]):
        losses = nlp.update(make_examples(nlp, sentences), sgd=Adam(0.01, L2=0.0), losses={})
        assert losses == {"deepal_ner": 0.0}
    assert same(before, parameters_of(nlp, "deepal_ner"))


def test_gaps_are_filled_with_what_the_model_predicts_from_the_same_vectors():
    nlp = given()
    words = "Ada met London"
    reference_doc = make_doc(nlp.vocab, words)
    reference_doc.set_ents(
        [spacy.tokens.Span(reference_doc, 2, 3, "LOC")], default="missing", missing=[]
    )
    example = Example(make_doc(nlp.vocab, words), reference_doc)
    (gold,) = gold_tags([example], LABELS)
    assert (gold[:2] < 0).all()
    reference = Reference(tagger_in(nlp), tokvecs=given_vectors)
    path, _ = reference.greedy(example.predicted)
    previous = [network_of(nlp).sizes.tags, *path[:2]]
    expected = -reference.teacher_forced(example.predicted, previous)[2, gold[2]]
    assert nlp.update([example], sgd=False)["deepal_ner"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("tok2vec", [HASH_EMBED, TRANSFORMER], ids=["hash embed", "transformer"])
def test_pipeline_comes_back_from_bytes_and_from_disk(tok2vec, tmp_path):
    nlp = make_nlp(tok2vec=tok2vec)
    train(nlp, 3)
    docs = docs_of(nlp, TEXTS[:2] + TEXTS[3:])
    nlp.to_disk(tmp_path)
    for other in (make_nlp(tok2vec=tok2vec).from_bytes(nlp.to_bytes()), spacy.load(tmp_path)):
        assert numpy.array_equal(log_probs_of(nlp, docs), log_probs_of(other, docs))
        assert same(parameters_of(nlp, "deepal_ner"), parameters_of(other, "deepal_ner"))


def test_the_layer_can_be_pretrained():
    nlp = initialized(tok2vec=HASH_EMBED)
    layer = get_tok2vec_ref(nlp, {"component": "deepal_ner", "layer": "tok2vec"})
    assert layer is nlp.get_pipe("deepal_ner").model.layers[0]


def test_without_a_tok2vec_there_is_no_layer_and_no_weight_more():
    nlp = initialized()
    assert len(list(nlp.get_pipe("deepal_ner").model.walk())) == 1
    assert not any("context" in name for name, _ in network_of(nlp).named_parameters())
    assert nlp.config["components"]["deepal_ner"]["model"]["tok2vec"] is None


def test_vectors_of_another_width_are_refused():
    nlp = given()
    nlp.get_pipe("deepal_ner").model.layers[0].set_dim("nO", 5, force=True)
    with pytest.raises(DeepALError, match=r"tok2vec of width 12; .* has width 5"):
        nlp.get_pipe("deepal_ner").predict(docs_of(nlp))


def test_projection_needs_a_column():
    with pytest.raises(DeepALError, match="tok2vec_projection = 0: must be greater than"):
        make_nlp(tok2vec=GIVEN, tok2vec_projection=0)
