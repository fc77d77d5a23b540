"""A network that listens to a tok2vec component which others may share."""

import multiprocessing

import numpy
import pytest
import spacy
from spacy.training import Example
from thinc.api import Adam

from spacy_deepal.acquisition.functions import MNLP
from spacy_deepal.acquisition.scoring import score_docs
from spacy_deepal.errors import DeepALError
from spacy_deepal.sentences import KEY

from .build import (
    SENTENCES,
    add_tagger,
    entities_of,
    log_probs_of,
    make_doc,
    train,
)
from .upstream import (
    GIVEN,
    HASH_EMBED,
    LISTENER,
    TRANSFORMER,
    add_listening_tagger,
    make_shared,
    make_tagged_examples,
    parameters_of,
    same,
)

TEXTS = [words for words, _ in SENTENCES]


def trained(upstream=HASH_EMBED, steps=80, **options):
    nlp = make_shared(upstream, **options)
    train(nlp, steps, examples=make_tagged_examples(nlp))
    return nlp


def load(config, data):
    return spacy.util.load_model_from_config(config).from_bytes(data)


@pytest.fixture(scope="module")
def shared_bytes():
    nlp = trained(others=["tagger"])
    return nlp.config, nlp.to_bytes()


@pytest.fixture
def shared(shared_bytes):
    """A tagger and a deepal_ner on one tok2vec; they have learned build.SENTENCES by heart."""
    return load(*shared_bytes)


def found(nlp):
    return [entities_of(doc) for doc in nlp.pipe(TEXTS)]


KNOWN = [entities for _, entities in SENTENCES]


def update(nlp, examples, optimizer):
    """Twice: spaCy updates a shared layer with the gradients of the batch before."""
    for _ in range(2):
        losses = nlp.update(examples, sgd=optimizer, losses={})
    return losses


def test_two_components_learn_on_one_layer(shared):
    assert found(shared) == KNOWN
    for words, _ in SENTENCES:
        doc = shared(words)
        assert [token.tag_ for token in doc] == [token.text[-1].upper() for token in doc]
    before = parameters_of(shared)
    sentences = [("They greeted Zed in Oslo", [(2, 3, "PERSON"), (4, 5, "LOC")])]
    examples = make_tagged_examples(shared, sentences)
    shared.remove_pipe("tagger")
    assert update(shared, examples, Adam(0.01))["tok2vec"] > 0
    assert not same(before, parameters_of(shared))


@pytest.mark.parametrize("upstream", [HASH_EMBED, TRANSFORMER], ids=["hash embed", "transformer"])
@pytest.mark.parametrize("place", ["before", "behind"])
def test_another_listener_may_stand_before_or_behind(upstream, place):
    """Who listens last lets the gradients of all pass."""
    nlp = make_shared(upstream, others=["tagger"] if place == "before" else [])
    if place == "behind":
        add_listening_tagger(nlp, "tagger")
    train(nlp, 150, examples=make_tagged_examples(nlp))
    assert found(nlp) == KNOWN


def test_gradients_of_the_others_pass_where_nothing_is_annotated(shared_bytes):
    """deepal_ner listens last, and no Doc of the batch has entities to learn from."""
    sentences = [(words, None) for words in (*TEXTS, [])]
    nlp, alone = load(*shared_bytes), load(*shared_bytes)
    alone.remove_pipe("deepal_ner")
    gradients = []
    for pipeline in (nlp, alone):
        pipeline.update(make_tagged_examples(pipeline, sentences), sgd=False)
        found = pipeline.get_pipe("tok2vec").model.get_gradients().values()
        gradients.append([gradient for _, gradient in found])
    assert len(gradients[0]) > 3
    assert all(gradient.any() for gradient in gradients[0])
    assert same(*gradients)


def test_docs_without_annotation_and_white_space_stand_in_the_same_batch():
    """The listener has to see the batch that the tok2vec has seen."""
    nlp = make_shared()
    sentences = [("never annotated", None), *SENTENCES, (["\n", "Ada", " "], [(1, 2, "PERSON")])]
    train(nlp, 80, examples=make_tagged_examples(nlp, [*sentences, ([], []), (["\t"], [])]))
    assert found(nlp) == KNOWN


def test_gaps_in_the_annotation_do_not_read_the_vectors_of_a_prediction_not_yet_made():
    nlp = trained(GIVEN, steps=3)
    words = TEXTS[3]
    gold = make_doc(nlp.vocab, words)
    gold.set_ents([spacy.tokens.Span(gold, 3, 7, "ORG")], default="missing")
    losses = []
    for doc in (make_doc(nlp.vocab, words), nlp(words)):  # without doc.tensor, and with
        doc.set_ents([])
        losses.append(nlp.update([Example(doc, gold)], sgd=False, losses={})["deepal_ner"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_frozen_layer_that_annotates_stays_as_it_is():
    nlp = make_shared()
    examples = make_tagged_examples(nlp)
    nlp.initialize(lambda: examples)
    before, optimizer = parameters_of(nlp), Adam(0.01)
    for _ in range(80):
        nlp.update(examples, sgd=optimizer, exclude=["tok2vec"], annotates=["tok2vec"])
    assert same(before, parameters_of(nlp))
    assert found(nlp) == KNOWN


def test_pipeline_comes_back_from_bytes_and_from_disk(shared, tmp_path):
    shared.to_disk(tmp_path)
    other = make_shared(others=["tagger"]).from_bytes(shared.to_bytes())
    for again in (other, spacy.load(tmp_path)):
        assert found(again) == KNOWN
        docs, same_docs = list(shared.pipe(TEXTS)), list(again.pipe(TEXTS))
        assert numpy.array_equal(log_probs_of(shared, docs), log_probs_of(again, same_docs))
        assert again.get_pipe("tok2vec").listening_components == ["tagger", "deepal_ner"]


def test_listener_is_replaced_by_a_copy_of_the_layer(shared, tmp_path):
    docs = list(shared.pipe(TEXTS))
    expected = log_probs_of(shared, docs)
    shared.replace_listeners("tok2vec", "deepal_ner", ["model.tok2vec"])
    assert shared.get_pipe("tok2vec").listening_components == ["tagger"]
    for name in ("tagger", "tok2vec"):
        shared.remove_pipe(name)
    assert found(shared) == KNOWN
    shared.to_disk(tmp_path)
    numpy.testing.assert_allclose(
        log_probs_of(spacy.load(tmp_path), [make_doc(shared.vocab, words) for words in TEXTS]),
        expected,
        atol=1e-5,
    )


@pytest.mark.parametrize("replace", [False, True])
def test_component_is_sourced_with_or_without_its_layer(shared, replace):
    nlp = spacy.blank("en")
    if replace:
        shared.replace_listeners("tok2vec", "deepal_ner", ["model.tok2vec"])
    else:
        nlp.add_pipe("tok2vec", source=shared)
    nlp.add_pipe("deepal_ner", name="entities", source=shared)
    assert found(nlp) == KNOWN
    before = parameters_of(nlp, nlp.pipe_names[0])
    update(nlp, make_tagged_examples(nlp), nlp.resume_training())
    assert not same(before, parameters_of(nlp, nlp.pipe_names[0]))


def test_two_processes_annotate_as_one_does(shared):
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("this system cannot fork")
    texts = TEXTS * 4
    two = [entities_of(doc) for doc in shared.pipe(texts, n_process=2, batch_size=7)]
    assert two == KNOWN * 4


def test_selected_pipes_come_back(shared):
    with shared.select_pipes(disable=["tagger"]):
        assert found(shared) == KNOWN
    with shared.select_pipes(enable=["deepal_ner"]):  # vectors of zeros, as in spaCy's own
        assert len(found(shared)) == len(KNOWN)
    assert found(shared) == KNOWN


class TestPool:
    """Scoring: the sentences pass what the tagger listens to."""

    def sentences(self, nlp):
        return [make_doc(nlp.vocab, words, id=str(i)) for i, words in enumerate(TEXTS)]

    def scores(self, nlp, docs=None):
        docs = docs or self.sentences(nlp)
        return [item.score for item in score_docs(nlp, docs, MNLP())]

    def mnlp(self, nlp, docs):
        evidence = nlp.get_pipe("deepal_ner").evidence(list(docs))
        return [-float(item.log_probs.mean()) for item in evidence]

    def test_scores_are_those_of_sentences_that_passed_the_layer(self, shared):
        scores = self.scores(shared)
        assert scores == pytest.approx(self.mnlp(shared, shared.pipe(self.sentences(shared))))
        assert scores != pytest.approx(self.mnlp(shared, self.sentences(shared)), rel=0.1)

    def test_only_what_stands_before_the_tagger_runs(self, shared):
        shared.add_pipe("sentencizer")
        docs = self.sentences(shared)
        self.scores(shared, docs)
        assert all(doc.has_annotation("TAG") for doc in docs)
        assert not any(doc.has_annotation("SENT_START") for doc in docs)
        assert not any(doc.has_annotation("ENT_IOB") for doc in docs)
        assert [doc.user_data[KEY]["id"] for doc in docs] == list("01234")

    def test_nothing_runs_where_the_tagger_has_no_tok2vec(self):
        nlp = spacy.blank("en")
        nlp.add_pipe("tok2vec", config={"model": HASH_EMBED})
        add_listening_tagger(nlp, "tagger")
        add_tagger(nlp)
        examples = make_tagged_examples(nlp)
        nlp.initialize(lambda: examples)
        docs = self.sentences(nlp)
        self.scores(nlp, docs)
        assert not any(len(doc.tensor) for doc in docs)

    def test_layer_of_its_own_reads_what_others_set(self):
        """Here the parts of speech: scores are those of what the pipeline tags."""
        nlp = spacy.blank("en")
        ruler = nlp.add_pipe("attribute_ruler")
        embed = {
            "@architectures": "spacy.MultiHashEmbed.v2",
            **{"width": 16, "attrs": ["POS"], "rows": [50], "include_static_vectors": False},
        }
        add_tagger(nlp, tok2vec=embed)
        nlp.initialize(lambda: make_tagged_examples(nlp))
        ruler.add([[{"IS_TITLE": True}]], {"POS": "PROPN"})
        scores = self.scores(nlp)
        before = nlp.pipe(self.sentences(nlp), disable=["deepal_ner"])
        assert scores == pytest.approx(self.mnlp(nlp, before))
        assert scores != pytest.approx(self.mnlp(nlp, self.sentences(nlp)))

    def test_layer_that_is_disabled_is_named(self, shared):
        with (
            shared.select_pipes(disable=["tok2vec"]),
            pytest.raises(
                DeepALError, match="'deepal_ner' listens to 'tok2vec', which is disabled"
            ),
        ):
            self.scores(shared)


def test_listener_can_be_given_in_a_config(shared):
    architecture = shared.config["components"]["deepal_ner"]["model"]
    assert architecture["tok2vec"] == LISTENER | {"upstream": "*"}
