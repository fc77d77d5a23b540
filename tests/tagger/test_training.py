"""What a `deepal_ner` component learns from."""

import numpy
import pytest
import spacy
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import SGD

from spacy_deepal.errors import DeepALError
from spacy_deepal.tagger import gold as gold_module
from spacy_deepal.tagger.gold import gold_tags
from spacy_deepal.tagger.scheme import MISSING

from .build import (
    LABELS,
    SENTENCES,
    entities_of,
    initialized,
    log_probs_of,
    make_doc,
    make_examples,
    make_nlp,
    network_of,
    same_weights,
    tag_names,
    tagger_in,
    train,
    weights_of,
)

NAMES = tag_names(LABELS)
GO = len(NAMES)


def tags_of(nlp, example):
    """The gold tags of an Example, by name; None where nothing is known."""
    (tags,) = gold_tags([example], nlp.get_pipe("deepal_ner").labels, check=True)
    return [None if tag == MISSING else NAMES[tag] for tag in tags.tolist()]


def gold(nlp, words, *spans, spaces=None, **options):
    """A Doc with entities (first, end, label)."""
    doc = Doc(nlp.vocab, words=words, spaces=spaces)
    doc.set_ents([Span(doc, first, end, label=label) for first, end, label in spans], **options)
    return doc


def bare(nlp, words, spaces=None):
    return Doc(nlp.vocab, words=words, spaces=spaces)


def gradients_of(nlp):
    return {
        name: torch.zeros_like(weight) if weight.grad is None else weight.grad.clone()
        for name, weight in network_of(nlp).named_parameters()
    }


def no_gradient(nlp):
    return not any(gradient.any() for gradient in gradients_of(nlp).values())


def seen_in_training(nlp):
    """A list to which every call of the network in training adds the tags it was fed."""
    seen = []
    tagger = tagger_in(nlp)
    teacher_forced = tagger.teacher_forced

    def look(docs, previous, context):
        seen.append(numpy.concatenate(previous).tolist())
        return teacher_forced(docs, previous, context)

    tagger.teacher_forced = look
    return seen


# Learning by heart


def test_default_model_learns_a_handful_of_sentences_exactly():
    """After spaCy's test_overfitting_IO. Word drop is on: its default is part of the model."""
    nlp = spacy.blank("en")
    nlp.add_pipe("deepal_ner")
    _, losses = train(nlp, 500)
    assert losses["deepal_ner"] < 1e-3
    for words, entities in SENTENCES:
        assert entities_of(nlp(make_doc(nlp.vocab, words))) == entities


def test_loss_is_summed_over_words_and_added_up_by_name():
    nlp = initialized()
    examples = make_examples(nlp)
    tagger = nlp.get_pipe("deepal_ner")
    alone = [tagger.update([example], losses={})["deepal_ner"] for example in examples]
    losses = {"deepal_ner": 5.0, "other": 1.0}
    assert tagger.update(examples, losses=losses) is losses
    assert losses == {"deepal_ner": pytest.approx(5 + sum(alone), rel=1e-5), "other": 1.0}


def test_get_loss_is_the_loss_of_update():
    nlp = initialized()
    tagger, examples = nlp.get_pipe("deepal_ner"), make_examples(nlp)
    n_words = sum(len(example.predicted) for example in examples)
    loss, gradient = tagger.get_loss(examples, numpy.zeros((n_words, GO), "float32"))
    assert loss == pytest.approx(n_words * numpy.log(GO), rel=1e-5)
    assert gradient.shape == (n_words, GO)
    assert tagger.get_loss([], numpy.zeros((0, GO), "float32"))[0] == 0


def test_examples_may_be_any_iterable():
    nlp = initialized()
    losses = nlp.get_pipe("deepal_ner").update(iter(make_examples(nlp)), losses={})
    assert losses["deepal_ner"] > 0


def test_loss_that_is_no_number_is_reported_and_nothing_is_learned():
    nlp = initialized()
    before = weights_of(nlp)
    with torch.no_grad():
        network_of(nlp).decoder.output.bias[0] = float("nan")
    with pytest.raises(ValueError, match="E910"):
        nlp.get_pipe("deepal_ner").update(make_examples(nlp), sgd=SGD(0.1))
    after = weights_of(nlp)
    bias = before.pop("decoder.output.bias")
    del after["decoder.output.bias"]
    assert same_weights(before, after)
    with torch.no_grad():
        network_of(nlp).decoder.output.bias.copy_(bias)
    nlp.get_pipe("deepal_ner").update(make_examples(nlp), sgd=SGD(0.1))
    assert all(weight.isfinite().all() for weight in weights_of(nlp).values())


def test_without_an_optimiser_gradients_add_up_and_weights_stay():
    nlp = initialized()
    tagger, examples, before = nlp.get_pipe("deepal_ner"), make_examples(nlp), weights_of(nlp)
    tagger.update(examples, sgd=None)
    once = gradients_of(nlp)
    tagger.update(examples, sgd=None)
    assert same_weights(before, weights_of(nlp))
    for name, gradient in gradients_of(nlp).items():
        torch.testing.assert_close(gradient, 2 * once[name], rtol=1e-4, atol=1e-5)
    assert any(gradient.any() for gradient in once.values())
    tagger.finish_update(SGD(0.1))
    assert not same_weights(before, weights_of(nlp))
    assert no_gradient(nlp)


def test_batches_add_up_to_the_gradient_of_the_whole():
    """The loss is a sum: accumulated halves are the whole."""
    nlp = initialized()
    tagger, examples = nlp.get_pipe("deepal_ner"), make_examples(nlp)
    tagger.update(examples)
    whole = gradients_of(nlp)
    network_of(nlp).zero_grad()
    tagger.update(examples[:2])
    tagger.update(examples[2:])
    for name, gradient in gradients_of(nlp).items():
        torch.testing.assert_close(gradient, whole[name], rtol=1e-4, atol=1e-5)


def test_drop_changes_what_is_learned_and_is_off_at_zero():
    nlp = initialized()
    tagger, examples = nlp.get_pipe("deepal_ner"), make_examples(nlp)

    def losses(drop):
        return [tagger.update(examples, drop=drop, losses={})["deepal_ner"] for _ in range(2)]

    calm = losses(0.0)
    assert calm[0] == calm[1]
    wild = losses(0.5)
    assert wild[0] != wild[1]


@pytest.mark.parametrize("drop", [1.0, -0.1])
def test_drop_that_keeps_nothing_is_refused(drop):
    nlp = initialized()
    with pytest.raises(DeepALError, match=f"dropout = {drop}: must be 0 or more, and below 1"):
        nlp.update(make_examples(nlp), drop=drop)


# Teacher forcing (paper.md, mistake 4)


def test_training_feeds_the_gold_tags_and_not_its_own_predictions():
    """Mistake 4: a decoder fed its own predictions in training."""
    nlp = initialized()
    seen = seen_in_training(nlp)
    words, entities = SENTENCES[3]
    nlp.update(make_examples(nlp, [(words, entities), ("I", [])]))
    tags = ["S-PERSON", "O", "O", "B-ORG", "I-ORG", "I-ORG"]  # and E-ORG, which none follows
    assert seen == [[GO, *map(NAMES.index, tags), GO]]


def test_words_without_gold_tag_are_followed_by_the_models_own():
    nlp = initialized()
    seen = seen_in_training(nlp)
    words = SENTENCES[3][0].split()
    reference = gold(nlp, words, (0, 1, "PERSON"), default="missing")
    (own,) = nlp.get_pipe("deepal_ner").predict([bare(nlp, words)]).tags
    nlp.update([Example(bare(nlp, words), reference)])
    assert seen == [[GO, NAMES.index("S-PERSON"), *own[1:-1].tolist()]]


# Missing annotation


def test_sentence_without_annotation_gives_no_gradient_and_no_loss():
    nlp = initialized()
    before = weights_of(nlp)
    examples = [Example(doc, doc.copy()) for doc in [make_doc(nlp.vocab, "Ada met Bob")]]
    losses = nlp.get_pipe("deepal_ner").update(examples, sgd=SGD(0.1), losses={}, drop=0.5)
    assert losses == {"deepal_ner": 0.0}
    assert same_weights(before, weights_of(nlp))
    assert no_gradient(nlp)


def test_sentence_without_annotation_changes_nothing_for_its_neighbours():
    nlp = initialized()
    tagger, examples = nlp.get_pipe("deepal_ner"), make_examples(nlp)
    tagger.update(examples)
    alone = gradients_of(nlp)
    network_of(nlp).zero_grad()
    unknown = make_doc(nlp.vocab, "a sentence that nobody has read")
    tagger.update([examples[0], Example(unknown, unknown.copy()), *examples[1:]])
    for name, gradient in gradients_of(nlp).items():
        torch.testing.assert_close(gradient, alone[name], rtol=1e-4, atol=1e-5)


def test_sentence_labelled_as_without_entities_teaches_outside():
    nlp = initialized()
    example = Example(bare(nlp, ["nothing", "here"]), gold(nlp, ["nothing", "here"]))
    assert tags_of(nlp, example) == ["O", "O"]
    assert nlp.get_pipe("deepal_ner").update([example], losses={})["deepal_ner"] > 0


def test_unannotated_word_has_neither_loss_nor_gradient():
    nlp = initialized()
    words = ["Ada", "met", "Bob"]
    reference = gold(nlp, words, (0, 1, "PERSON"), default="missing")
    example = Example(bare(nlp, words), reference)
    assert tags_of(nlp, example) == ["S-PERSON", None, None]
    logits = numpy.random.default_rng(0).normal(size=(3, GO))
    loss, gradient = nlp.get_pipe("deepal_ner").get_loss([example], logits)
    assert gradient[0].any()
    assert not gradient[1:].any()
    assert loss == pytest.approx(
        -logits[0, NAMES.index("S-PERSON")] + numpy.log(numpy.exp(logits[0]).sum())
    )


def test_partially_annotated_sentences_train():
    nlp = make_nlp()
    words = ["Ada", "met", "Bob", "in", "London"]
    half = [
        gold(nlp, words, (0, 1, "PERSON"), default="missing"),
        gold(nlp, words, (2, 3, "PERSON"), (4, 5, "LOC"), default="missing"),
    ]
    half[0].set_ents([], outside=[half[0][1:2], half[0][3:4]], default="unmodified")
    examples = [Example(bare(nlp, words), doc) for doc in half]
    _, losses = train(nlp, 80, examples=examples)
    assert losses["deepal_ner"] < 0.1
    assert entities_of(nlp(bare(nlp, words))) == [(0, 1, "PERSON"), (2, 3, "PERSON"), (4, 5, "LOC")]


# Gold annotation of odd tokens


def test_white_space_has_no_tag_wherever_it_stands():
    nlp = initialized()
    words = ["\n", "Ada", "met", "United", "\n", "Nations", " "]
    example = Example(bare(nlp, words), gold(nlp, words, (1, 2, "PERSON"), (3, 6, "ORG")))
    assert tags_of(nlp, example) == ["S-PERSON", "O", "B-ORG", "E-ORG"]


@pytest.mark.parametrize(
    ("words", "spans", "tags"),
    [
        (["\n", "Ada", "met"], [(0, 2, "PERSON")], ["S-PERSON", "O"]),
        (["Ada", "\n", "met"], [(0, 2, "PERSON")], ["S-PERSON", "O"]),
        (
            ["Bob", "\n", "Ada", "Ada"],
            [(0, 1, "PERSON"), (1, 4, "PERSON")],
            ["S-PERSON", "B-PERSON", "E-PERSON"],
        ),
        (["Bob", "\n", "Ada"], [(0, 2, "PERSON"), (2, 3, "PERSON")], ["S-PERSON", "S-PERSON"]),
        (["Bob", "\n", "Ada"], [(0, 1, "PERSON"), (1, 2, "LOC")], ["S-PERSON", "O"]),
        (["\n", " "], [(0, 2, "PERSON")], []),
    ],
)
def test_white_space_at_the_edge_of_a_gold_entity_moves_no_border(words, spans, tags):
    nlp = initialized()
    reference = bare(nlp, words)
    reference.set_ents([Span(reference, *span[:2], label=span[2]) for span in spans])
    assert tags_of(nlp, Example(bare(nlp, words), reference)) == tags


def test_tags_of_a_batch_are_those_of_each_sentence_alone(nlp):
    """Also where white space begins an entity, at the end of a Doc and at its beginning."""
    examples = make_examples(nlp)
    for words, spans in (["Ada", "\n"], [(1, 2)]), (["\n", "Ada", "met"], [(0, 2)]), ([], []):
        reference = gold(nlp, words, *((*span, "PERSON") for span in spans))
        examples.insert(2, Example(bare(nlp, words), reference))
    together = gold_tags(examples, LABELS)
    assert [len(tags) for tags in together] == [5, 6, 0, 2, 1, 7, 7, 2]
    for tags, example in zip(together, examples, strict=True):
        assert tags.tolist() == gold_tags([example], LABELS)[0].tolist()
    assert gold_tags([], LABELS) == []


def test_docs_without_words_train_with_the_others():
    nlp = initialized()
    odd = [gold(nlp, words) for words in ([], ["\n"], [" ", "\t"])]
    examples = [Example(doc.copy(), doc) for doc in odd] + make_examples(nlp)
    tagger = nlp.get_pipe("deepal_ner")
    assert tagger.update(examples[:3], losses={}, sgd=SGD(0.1)) == {"deepal_ner": 0.0}
    with_odd = tagger.update(examples, losses={})
    without = tagger.update(examples[3:], losses={})
    assert with_odd["deepal_ner"] == pytest.approx(without["deepal_ner"])
    assert tagger.update([], losses={}) == {"deepal_ner": 0.0}


@pytest.mark.parametrize(
    "words",
    [["x" * 10_000, "sings"], ["\U0001f600", "\u200b"], [f"word{i}" for i in range(5000)]],
    ids=["long token", "emoji and zero width", "5,000 words"],
)
def test_odd_words_train(words):
    nlp = initialized()
    example = Example(bare(nlp, words), gold(nlp, words, (0, 1, "PERSON")))
    loss = nlp.get_pipe("deepal_ner").update([example], sgd=SGD(1e-4), losses={})["deepal_ner"]
    assert 0 < loss < numpy.inf
    assert all(torch.isfinite(weight).all() for weight in weights_of(nlp).values())


def test_entity_of_a_type_that_is_no_label_is_outside_and_named_in_a_warning():
    nlp = initialized()
    words = ["Ada", "sings"]
    example = Example(bare(nlp, words), gold(nlp, words, (0, 1, "SINGER")))
    with pytest.warns(UserWarning, match=f"SINGER count as no entities.*{', '.join(LABELS)}"):
        assert tags_of(nlp, example) == ["O", "O"]


def test_a_type_that_only_the_vocab_of_the_reference_knows_is_named_too():
    nlp, words = initialized(), ["Ada", "sings"]
    reference = gold(spacy.blank("xx"), words, (0, 1, "SINGER"))
    with pytest.warns(UserWarning, match="SINGER count as no entities"):
        assert tags_of(nlp, Example(bare(nlp, words), reference)) == ["O", "O"]


def test_blocked_gold_words_are_outside():
    nlp = initialized()
    words = ["Ada", "met", "Bob"]
    reference = gold(nlp, words, (0, 1, "PERSON"), default="blocked")
    assert tags_of(nlp, Example(bare(nlp, words), reference)) == ["S-PERSON", "O", "O"]


# Other tokens


def test_entities_are_carried_over_to_other_tokens():
    nlp = initialized()
    reference = gold(
        nlp,
        ["Ada", "met", "New", "York", "Post", "'s", "Bob"],
        (0, 1, "PERSON"),
        (2, 5, "ORG"),
        (6, 7, "PERSON"),
        spaces=[True, True, True, True, False, True, False],
    )
    predicted = bare(
        nlp,
        ["Ada", "met", "New York", "Post's", "B", "ob"],
        spaces=[True, True, True, True, False, False],
    )
    # "Post's" is half an entity: nothing is known, so nothing of ORG is
    assert tags_of(nlp, Example(predicted, reference)) == [
        *("S-PERSON", "O", None, None, "B-PERSON", "E-PERSON")
    ]
    whole = bare(
        nlp,
        ["Ada", "met", "New York", "Post", "'s", "Bob"],
        spaces=[True, True, True, False, True, False],
    )
    assert tags_of(nlp, Example(whole, reference)) == [
        *("S-PERSON", "O", "B-ORG", "E-ORG", "O", "S-PERSON")
    ]


def test_sentences_with_other_tokens_train():
    nlp = make_nlp()
    text, spans = "Ada met O'Brien.", [(0, 3, "PERSON"), (8, 15, "PERSON")]
    reference = gold(
        nlp,
        ["Ada", "met", "O", "'", "Brien", "."],
        (0, 1, "PERSON"),
        (2, 5, "PERSON"),
        spaces=[True, True, False, False, False, False],
    )
    predicted = nlp.make_doc(text)
    assert [token.text for token in predicted] == ["Ada", "met", "O'Brien", "."]
    train(nlp, 60, examples=[Example(predicted, reference)])
    found = [(ent.start_char, ent.end_char, ent.label_) for ent in nlp(text).ents]
    assert found == spans


def test_reference_of_another_vocab_is_read():
    nlp = initialized()
    other = spacy.blank("en")
    reference = make_doc(other.vocab, *SENTENCES[3])
    assert tags_of(nlp, Example(bare(nlp, SENTENCES[3][0].split()), reference)) == [
        *("S-PERSON", "O", "O", "B-ORG", "I-ORG", "I-ORG", "E-ORG")
    ]


@st.composite
def annotations(draw):
    """Words (some of them white space) and what is known of each: entities, outside, missing."""
    words = draw(st.lists(st.sampled_from(["Ada", "met", "Bob", "\n"]), min_size=1, max_size=8))
    entities, outside, at = [], [], 0
    while at < len(words):
        kind, size = (
            draw(st.sampled_from(["entity", "outside", "missing"])),
            draw(st.integers(1, 3)),
        )
        end = min(len(words), at + size)
        if kind == "entity" and words[at] != "\n" and words[end - 1] != "\n":
            entities.append((at, end, draw(st.sampled_from(LABELS))))
        elif kind == "outside":
            outside.append((at, end))
        at = end
    return words, entities, outside


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(annotations())
def test_short_cut_for_equal_tokens_reads_the_same_tags_as_spacys_alignment(labelled, annotation):
    words, entities, outside = annotation
    reference = bare(labelled, words)
    reference.set_ents(
        [Span(reference, first, end, label=label) for first, end, label in entities],
        outside=[reference[first:end] for first, end in outside],
        default="missing",
    )
    example = Example(bare(labelled, words), reference)
    short = tags_of(labelled, example)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gold_module, "_same_tokens", lambda *_: False)
        assert tags_of(labelled, example) == short


@pytest.fixture(scope="module")
def labelled():
    return initialized()


# The pipeline's training


def test_training_leaves_the_entities_of_the_examples_docs_alone():
    nlp = initialized()
    examples = make_examples(nlp)
    nlp.update(examples, sgd=nlp.create_optimizer())
    assert not any(example.predicted.has_annotation("ENT_IOB") for example in examples)
    assert [entities_of(example.reference) for example in examples] == [
        ents for _, ents in SENTENCES
    ]


def test_training_can_annotate_for_the_components_behind_it(nlp):
    seen = []

    @spacy.Language.component("deepal_test_looker")
    def look(doc):
        seen.append(entities_of(doc))
        return doc

    nlp.add_pipe("deepal_test_looker")
    nlp.update(make_examples(nlp), annotates=["deepal_ner", "deepal_test_looker"])
    assert seen == [entities for _, entities in SENTENCES]


def test_excluded_component_does_not_learn():
    nlp = initialized()
    before = weights_of(nlp)
    losses = nlp.update(make_examples(nlp), sgd=SGD(0.1), exclude=["deepal_ner"], losses={})
    assert losses == {}
    assert same_weights(before, weights_of(nlp))


def test_training_goes_on_from_loaded_weights(nlp):
    before = log_probs_of(nlp, [make_doc(nlp.vocab, SENTENCES[0][0])])
    optimizer = nlp.resume_training()
    losses = nlp.update(make_examples(nlp), sgd=optimizer, losses={})
    assert losses["deepal_ner"] < 2  # it knew them by heart
    assert not numpy.array_equal(before, log_probs_of(nlp, [make_doc(nlp.vocab, SENTENCES[0][0])]))


def test_same_seed_trains_the_same_model():
    def trained():
        nlp = make_nlp(word_drop=0.3)
        train(nlp, 5, drop=0.3)
        return weights_of(nlp)

    assert same_weights(trained(), trained())


def test_an_update_leaves_every_weight_where_it_is_in_memory():
    """Weights that move at each update, and keep what was before them alive, scatter memory."""
    nlp = initialized()
    network = network_of(nlp)
    before = {name: (w.data_ptr(), w.clone()) for name, w in network.named_parameters()}
    nlp.update(make_examples(nlp), sgd=nlp.create_optimizer())
    changed = []
    for name, weight in network.named_parameters():
        address, values = before[name]
        assert weight.data_ptr() == address
        changed.append(not weight.equal(values))
    assert sum(changed) > len(changed) / 2


def test_what_an_optimiser_returns_in_memory_of_its_own_becomes_the_weights():
    nlp = initialized()
    network = network_of(nlp)
    before = {name: (w.data_ptr(), w.clone()) for name, w in network.named_parameters()}
    nlp.update(make_examples(nlp), sgd=lambda key, weights, gradient: (weights + 1, gradient))
    for name, weight in network.named_parameters():
        address, values = before[name]
        assert weight.data_ptr() == address
        assert weight.equal(values + 1)
