"""Sentences in which people have looked for some types only: any other type is possible."""

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_deepal.sentences import KEY
from spacy_deepal.tagger.gold import gold_tags, tag_loss
from spacy_deepal.tagger.partial import partial_loss, possible_tags

from ..pools import make_docs, make_pipeline

LABELS = ("LOC", "PER")


def make_example(labels=None, words=("Ada", "saw", "Rome"), nlp=None):
    """A person is annotated, and people have looked for these types."""
    vocab = (nlp or spacy.blank("xx")).vocab
    reference = Doc(vocab, list(words))
    reference.set_ents([Span(reference, 0, 1, "PER")], default="missing")
    if labels is not None:
        reference.user_data[KEY] = {"id": "s1", "labels": labels}
    return Example(Doc(vocab, list(words)), reference)


def test_a_word_is_no_entity_of_the_types_that_were_looked_for():
    (rows,) = possible_tags([make_example(["PER"])], LABELS)
    assert rows.tolist() == [[True] * 5 + [False] * 4] * 3
    (rows,) = possible_tags([make_example(["PER", "LOC"])], LABELS)
    assert rows.tolist() == [[True] + [False] * 8] * 3


def test_where_nothing_is_known_everything_is_possible():
    assert possible_tags([make_example(), make_example([])], LABELS) is None
    known, unknown = possible_tags([make_example(["PER"]), make_example()], LABELS)
    assert unknown.all()
    assert not known.all()


def test_the_loss_is_that_of_any_tag_that_is_possible():
    """Four tags of equal probability, two of them possible: the loss is -log(1/2). The gradient
    moves the others' probability to these."""
    log_probs = np.log(np.full((1, 4), 0.25))
    loss, gradient = partial_loss(log_probs, np.asarray([[True, True, False, False]]))
    assert loss == pytest.approx(np.log(2))
    assert gradient[0].tolist() == pytest.approx([-0.25, -0.25, 0.25, 0.25])


def test_the_gradient_is_that_of_the_loss():
    draw = np.random.default_rng(0)
    logits, gold = draw.normal(size=(5, 4)), np.asarray([0, -1, 2, -1, -1])
    possible = draw.random((5, 4)) < 0.5
    possible[:, 0] = possible[4] = True
    _, gradient = tag_loss(logits, gold, possible)
    step = 1e-6
    for place in np.ndindex(logits.shape):
        up, down = logits.copy(), logits.copy()
        up[place] += step
        down[place] -= step
        slope = (tag_loss(up, gold, possible)[0] - tag_loss(down, gold, possible)[0]) / (2 * step)
        assert gradient[place] == pytest.approx(slope, abs=1e-6)
    assert gradient[4].tolist() == [0, 0, 0, 0]  # all tags are possible


def test_very_improbable_tags_give_no_nan():
    loss, gradient = tag_loss(
        np.asarray([[0.0, 2000.0]]), np.asarray([-1]), np.asarray([[True, False]])
    )
    assert loss == pytest.approx(2000)
    assert gradient.tolist() == [[-1.0, 1.0]]


def test_training_learns_what_is_no_entity():
    nlp = make_pipeline(make_docs(20, 1))
    component = nlp.get_pipe("deepal_ner")
    examples = [make_example(["PER"], nlp=nlp) for _ in range(4)]
    (tags,) = gold_tags(examples[:1], component.labels)
    assert tags[1:].tolist() == [-1, -1]

    def probability(label):
        """Of a tag of this type for the second and third word, given the greedy path."""
        doc = Doc(nlp.vocab, ["Ada", "saw", "Rome"], user_data={KEY: {"id": "s1"}})
        (evidence,) = component.evidence([doc])
        first = 1 + 4 * component.labels.index(label)
        return np.exp(evidence.tag_log_probs[1:, first : first + 4]).sum()

    sgd = nlp.create_optimizer()
    sgd.learn_rate = 0.02
    for _ in range(30):
        nlp.update(examples, sgd=sgd)
    assert probability("PER") < 0.05


def test_a_sentence_without_any_annotated_word_is_learnt_from():
    nlp = make_pipeline(make_docs(20, 1))
    example = make_example(["PER"], nlp=nlp)
    example.reference.set_ents([], default="missing")
    assert nlp.update([example])["deepal_ner"] > 0
    example.reference.user_data[KEY]["labels"] = []
    assert nlp.update([example])["deepal_ner"] == 0
