"""What a `deepal_ner` component does to Docs."""

import numpy
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import fix_random_seed

from spacy_deepal.tagger.component import DeepNER

from .build import (
    LABELS,
    SENTENCES,
    add_tagger,
    entities_of,
    initialized,
    log_probs_of,
    make_doc,
    make_examples,
    make_nlp,
    same_weights,
    train,
    weights_of,
)

TEXTS = [
    "I like London and Berlin.",
    "",
    "Who is Shaka Khan?",
    "\n",
    "There is nothing to see here .",
    "Ada met the United Nations Security Council",
    "An unheard sentence about Ada, London and nothing else in the world.",
]


def annotation(doc):
    return [(token.ent_iob_, token.ent_type_) for token in doc]


# Factory and labels


def test_factory_says_what_it_assigns_and_how_it_is_scored():
    meta = Language.get_factory_meta("deepal_ner")
    assert set(meta.assigns) == {"doc.ents", "token.ent_iob", "token.ent_type"}
    assert meta.default_score_weights == {
        "ents_f": 1.0,
        "ents_p": 0.0,
        "ents_r": 0.0,
        "ents_per_type": None,
    }
    assert not meta.retokenizes
    analysis = make_nlp().analyze_pipes()
    assert analysis["problems"] == {"deepal_ner": []}
    assert set(analysis["summary"]["deepal_ner"]["assigns"]) == set(meta.assigns)


def test_component_of_the_factory_is_trainable_and_keeps_its_name():
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe("deepal_ner", name="people")
    assert isinstance(pipe, DeepNER)
    assert pipe.name == "people"
    assert pipe.is_trainable
    assert nlp.pipe_labels == {"people": []}


def test_labels_are_a_sorted_tuple_whatever_order_they_are_added_in():
    tagger = make_nlp().get_pipe("deepal_ner")
    assert tagger.labels == ()
    assert [tagger.add_label(label) for label in ("PERSON", "LOC", "PERSON", "ORG")] == [1, 1, 0, 1]
    assert tagger.labels == tagger.label_data == LABELS


def test_labels_come_from_the_data():
    nlp = initialized()
    assert nlp.get_pipe("deepal_ner").labels == LABELS
    assert nlp.pipe_labels["deepal_ner"] == list(LABELS)


def test_labels_that_are_given_replace_those_of_the_data():
    nlp = make_nlp()
    tagger = nlp.get_pipe("deepal_ner")
    tagger.initialize(lambda: make_examples(nlp), nlp=nlp, labels=["PERSON", "EVENT"])
    assert tagger.labels == ("EVENT", "PERSON")
    assert log_probs_of(nlp, [make_doc(nlp.vocab, "Ada")]).shape == (1, 9)


def test_labels_added_before_initialisation_join_those_of_the_data():
    nlp = make_nlp()
    nlp.get_pipe("deepal_ner").add_label("EVENT")
    nlp.initialize(lambda: make_examples(nlp))
    assert nlp.get_pipe("deepal_ner").labels == ("EVENT", *LABELS)


def test_label_added_after_initialisation_changes_no_prediction_and_can_be_learned(nlp, tmp_path):
    tagger, docs = nlp.get_pipe("deepal_ner"), [nlp.make_doc(text) for text in TEXTS]
    before, log_probs = tagger.predict(docs), log_probs_of(nlp, docs)
    assert tagger.add_label("EVENT") == 1
    assert tagger.add_label("ORG") == 0
    assert tagger.labels == (*LABELS, "EVENT")
    for one, other in zip(before.best, tagger.predict(docs).best, strict=True):
        assert one.tolist() == other.tolist()
    numpy.testing.assert_allclose(log_probs_of(nlp, docs)[:, :13], log_probs, atol=1e-2)
    examples = make_examples(nlp, [*SENTENCES, ("the World Cup ended", [(1, 3, "EVENT")])])
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.01
    for _ in range(150):
        nlp.update(examples, sgd=optimizer)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert loaded.get_pipe("deepal_ner").labels == (*LABELS, "EVENT")
    for pipeline in (nlp, loaded):
        assert entities_of(pipeline("the World Cup ended")) == [(1, 3, "EVENT")]
        assert entities_of(pipeline(SENTENCES[1][0])) == SENTENCES[1][1]


def test_an_optimiser_goes_on_after_a_label_was_added():
    nlp = make_nlp()
    optimizer, _ = train(nlp, 3)
    nlp.get_pipe("deepal_ner").add_label("EVENT")
    assert numpy.isfinite(nlp.update(make_examples(nlp), sgd=optimizer)["deepal_ner"])


def test_label_must_be_a_string():
    with pytest.raises(ValueError, match="E187"):
        make_nlp().get_pipe("deepal_ner").add_label(3)


def test_one_label_alone_is_given_in_a_list():
    nlp = make_nlp()
    with pytest.raises(ValueError, match=r"labels are 'PER'. Give a list, such as \['PER'\]"):
        nlp.get_pipe("deepal_ner").initialize(lambda: make_examples(nlp), nlp=nlp, labels="PER")


def test_labels_with_hyphens_blanks_and_other_scripts_come_back():
    labels = ["GPE-LOC", "work of art", "\u5730\u540d", "B-"]
    sentences = [(f"word{i} there", [(0, 1, label)]) for i, label in enumerate(labels)]
    nlp = make_nlp()
    train(nlp, 60, sentences)
    assert nlp.get_pipe("deepal_ner").labels == tuple(sorted(labels))
    for words, entities in sentences:
        assert entities_of(nlp(make_doc(nlp.vocab, words))) == entities


# Initialisation


def test_initialisation_without_any_entity_warns_and_finds_nothing():
    """As spaCy's own `ner` does."""
    nlp = make_nlp()
    with pytest.warns(UserWarning, match=r"'deepal_ner' has no labels.*\.deepal_ner.labels\]"):
        nlp.initialize(lambda: make_examples(nlp, [("nothing here", [])]))
    doc = nlp("Ada in London")
    assert [token.ent_iob_ for token in doc] == ["O", "O", "O"]


def test_untrained_component_finds_no_entity():
    """As spaCy's own `ner`: it begins at O, whatever it was initialised with."""
    for seed in range(5):
        fix_random_seed(seed)
        nlp = make_nlp()
        nlp.initialize(lambda nlp=nlp: make_examples(nlp))
        for words, _ in SENTENCES:
            assert [token.ent_iob_ for token in nlp(words)] == ["O"] * len(words.split())


def test_initialisation_warns_of_missing_lexeme_norms_as_spacys_own_does(caplog):
    nlp = make_nlp()
    with caplog.at_level("DEBUG", logger="spacy"):
        nlp.initialize(lambda: make_examples(nlp))
    assert "W033" in caplog.text


def test_initialisation_needs_examples():
    nlp = make_nlp()
    tagger = nlp.get_pipe("deepal_ner")
    with pytest.raises(TypeError, match="E930"):
        tagger.initialize(make_examples(nlp), nlp=nlp)
    with pytest.raises(TypeError, match="E930"):
        tagger.initialize(lambda: [], nlp=nlp)


def test_initialisation_with_labels_alone_gives_a_pipeline_that_runs():
    nlp = make_nlp()
    nlp.get_pipe("deepal_ner").add_label("LOC")
    with pytest.warns(UserWarning, match=r"without data.* Call nlp.initialize\(lambda: examples\)"):
        nlp.initialize()
    assert nlp("Ada in London").has_annotation("ENT_IOB")
    assert log_probs_of(nlp, [make_doc(nlp.vocab, "Ada in London")]).shape == (3, 5)


def test_examples_may_come_from_a_generator_that_is_made_anew_each_time():
    nlp = make_nlp()
    nlp.initialize(lambda: iter(make_examples(nlp)))
    assert nlp.get_pipe("deepal_ner").labels == LABELS


def test_initialising_again_draws_new_weights_for_the_same_labels():
    nlp = initialized()
    before = log_probs_of(nlp, [make_doc(nlp.vocab, "Ada")])
    nlp.initialize(lambda: make_examples(nlp))
    after = log_probs_of(nlp, [make_doc(nlp.vocab, "Ada")])
    assert before.shape == after.shape
    assert not numpy.allclose(before, after)


def test_initialising_again_takes_new_labels():
    nlp = initialized()
    doc = Doc(nlp.vocab, words=["The", "Ashes"], ents=["O", "B-EVENT"])
    nlp.initialize(lambda: [Example(nlp.make_doc(doc.text), doc)])
    assert nlp.get_pipe("deepal_ner").labels == tuple(sorted({*LABELS, "EVENT"}))
    assert log_probs_of(nlp, [doc]).shape == (2, 4 * (len(LABELS) + 1) + 1)


def test_component_without_labels_raises_the_error_of_spacy():
    nlp = make_nlp()
    doc = nlp.make_doc("Ada sings")
    with pytest.raises(ValueError, match="E143"):
        nlp.get_pipe("deepal_ner").predict([doc])
    with pytest.raises(ValueError, match="E143"):
        nlp.get_pipe("deepal_ner").update([Example(doc, doc.copy())])
    with pytest.raises(ValueError, match="E143"):
        nlp.get_pipe("deepal_ner").evidence([doc])


# Prediction


def test_training_sentences_are_known_by_heart(nlp):
    for words, entities in SENTENCES:
        assert entities_of(nlp(make_doc(nlp.vocab, words))) == entities


def test_stream_equals_single_calls(nlp):
    single = [annotation(nlp(text)) for text in TEXTS]
    for batch_size in (1, 2, 100):
        assert [annotation(doc) for doc in nlp.pipe(TEXTS, batch_size=batch_size)] == single
    assert any(tag != ("O", "") for tags in single for tag in tags)


def test_prediction_changes_no_doc(nlp):
    doc = make_doc(nlp.vocab, SENTENCES[0][0])
    before = doc.to_bytes()
    nlp.get_pipe("deepal_ner").predict([doc])
    assert doc.to_bytes() == before


def test_doc_without_entity_is_annotated_all_the_same(nlp):
    """Missing and outside are different: the scorer skips a Doc without annotation."""
    doc = nlp(make_doc(nlp.vocab, SENTENCES[2][0]))
    assert doc.has_annotation("ENT_IOB")
    assert {token.ent_iob_ for token in doc} == {"O"}


def test_setting_annotations_twice_changes_nothing(nlp):
    tagger = nlp.get_pipe("deepal_ner")
    doc = make_doc(nlp.vocab, SENTENCES[3][0])
    paths = tagger.predict([doc])
    tagger.set_annotations([doc], paths)
    once = annotation(doc)
    tagger.set_annotations([doc], paths)
    assert annotation(doc) == once


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([], id="empty"),
        pytest.param(["\n"], id="one white space"),
        pytest.param(["\n", "   ", "\t", "\u00a0"], id="white space alone"),
        pytest.param(["London"], id="one word"),
        pytest.param(["\n", "London", "\n"], id="white space around"),
        pytest.param(["x" * 10_000], id="long token"),
        pytest.param(["\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467"], id="emoji"),
        pytest.param(["\u200b", "\ufeff", "\u200d", "\u0301"], id="zero width"),
        pytest.param(["\u6211", "\u7231", "\u5317\u4eac"], id="Chinese"),
        pytest.param(["\u0645\u0631\u062d\u0628\u0627"], id="right to left"),
        pytest.param(["a\x00b", "\x7f"], id="control characters"),
        pytest.param([f"word{i}" for i in range(5000)], id="5,000 words"),
    ],
)
def test_any_doc_is_tagged(nlp, words):
    doc = nlp.get_pipe("deepal_ner")(Doc(nlp.vocab, words=words))
    assert [token.text for token in doc] == words
    assert all(token.ent_iob for token in doc)
    beside = list(nlp.pipe([Doc(nlp.vocab, words=words), make_doc(nlp.vocab, "I like London")]))
    assert annotation(beside[0]) == annotation(doc)
    assert entities_of(beside[1]) == [(2, 3, "LOC")]


def test_white_space_changes_no_prediction_and_is_covered_inside_an_entity(nlp):
    plain = make_doc(nlp.vocab, "Ada met the United Nations Security Council")
    spaced = Doc(
        nlp.vocab,
        words=["\n", "Ada", "met", " ", "the", "United", "\n\n", "Nations", "Security", "Council"],
    )
    numpy.testing.assert_allclose(
        log_probs_of(nlp, [plain]), log_probs_of(nlp, [spaced]), atol=1e-6
    )
    assert entities_of(nlp(plain)) == [(0, 1, "PERSON"), (3, 7, "ORG")]
    assert entities_of(nlp(spaced)) == [(1, 2, "PERSON"), (5, 10, "ORG")]


def test_entity_neither_begins_nor_ends_with_white_space(nlp):
    doc = nlp(Doc(nlp.vocab, words=["I", "like", "\n", "London", "\n", "and", "Berlin", "\n"]))
    assert [ent.text for ent in doc.ents] == ["London", "Berlin"]


# Annotation that a Doc brings along


def test_preset_entity_stays_with_its_ids_and_others_are_found(nlp):
    doc = make_doc(nlp.vocab, "I like London and Berlin .")
    doc.ents = [Span(doc, 2, 3, label="PET", kb_id="Q84", span_id="cat")]
    nlp.get_pipe("deepal_ner")(doc)
    assert entities_of(doc) == [(2, 3, "PET"), (4, 5, "LOC")]
    assert (doc.ents[0].kb_id_, doc.ents[0].ent_id_) == ("Q84", "cat")
    assert (doc.ents[1].kb_id_, doc.ents[1].ent_id_) == ("", "")


def test_predicted_entity_that_overlaps_a_preset_one_gives_way_whole(nlp):
    words = "Ada met the United Nations Security Council"
    doc = make_doc(nlp.vocab, words)
    doc.set_ents([Span(doc, 4, 5, label="TEAM")], default="missing")
    nlp.get_pipe("deepal_ner")(doc)
    assert entities_of(doc) == [(0, 1, "PERSON"), (4, 5, "TEAM")]
    assert {doc[i].ent_iob_ for i in (1, 2, 3, 5, 6)} == {"O"}


def test_preset_entity_next_to_a_predicted_one_stays_its_own(nlp):
    doc = make_doc(nlp.vocab, "Bob Ada")
    doc.set_ents([Span(doc, 0, 1, label="PERSON")], default="missing")
    nlp.get_pipe("deepal_ner")(doc)
    assert entities_of(doc) == [(0, 1, "PERSON"), (1, 2, "PERSON")]


def test_blocked_tokens_stay_blocked_and_constrain_nothing_else(nlp):
    doc = make_doc(nlp.vocab, "I like London and Berlin .")
    doc.set_ents([], blocked=[doc[2:3]], default="missing")
    nlp.get_pipe("deepal_ner")(doc)
    assert (doc[2].ent_iob, doc[2].ent_type) == (3, 0)
    assert entities_of(doc) == [(4, 5, "LOC")]
    assert {doc[i].ent_iob_ for i in (0, 1, 3, 5)} == {"O"}


def test_word_preset_as_outside_may_become_an_entity(nlp):
    """As with spaCy's own `ner`: O is what every other component leaves behind."""
    doc = make_doc(nlp.vocab, "I like London and Berlin .")
    doc.set_ents([])
    nlp.get_pipe("deepal_ner")(doc)
    assert entities_of(doc) == [(2, 3, "LOC"), (4, 5, "LOC")]


@pytest.mark.parametrize("default", ["missing", "outside", "blocked"])
def test_every_token_is_annotated_afterwards(nlp, default):
    doc = Doc(nlp.vocab, words=["\n", "Ada", "met", "Bob", " "])
    doc.set_ents([Span(doc, 1, 2, label="PET")], default=default)
    nlp.get_pipe("deepal_ner")(doc)
    assert all(token.ent_iob for token in doc)
    assert doc.ents[0].label_ == "PET"


# Company in the pipeline


def test_components_of_one_kind_each_find_their_own():
    nlp = make_nlp(name="places")
    add_tagger(nlp, name="people")
    examples = {
        name: make_examples(
            nlp, [(words, [e for e in ents if e[2] == label]) for words, ents in SENTENCES]
        )
        for name, label in (("places", "LOC"), ("people", "PERSON"))
    }
    for name, own in examples.items():
        tagger = nlp.get_pipe(name)
        tagger.initialize(lambda own=own: own, nlp=nlp)
        optimizer = nlp.create_optimizer()
        optimizer.learn_rate = 0.01
        for _ in range(60):
            losses = tagger.update(own, sgd=optimizer, losses={})
        assert set(losses) == {name}
    assert nlp.pipe_labels == {"places": ["LOC"], "people": ["PERSON"]}
    assert entities_of(nlp("I like London and Berlin .")) == [(2, 3, "LOC"), (4, 5, "LOC")]
    assert entities_of(nlp("Bob Ada")) == [(0, 1, "PERSON"), (1, 2, "PERSON")]
    copy = spacy.util.load_model_from_config(nlp.config).from_bytes(nlp.to_bytes())
    assert entities_of(copy("Bob Ada")) == [(0, 1, "PERSON"), (1, 2, "PERSON")]


def test_component_that_is_switched_off_annotates_nothing(nlp):
    with nlp.select_pipes(disable="deepal_ner"):
        assert not nlp("I like London").has_annotation("ENT_IOB")
    assert entities_of(nlp("I like London")) == [(2, 3, "LOC")]


def test_other_components_keep_their_output():
    """Added to a pipeline that has trained components, and trained while they are frozen."""
    nlp = spacy.blank("en")
    tagger = nlp.add_pipe("tagger")
    nlp.add_pipe("sentencizer")
    words = "I like London and Berlin ."
    tags = ["PRP", "VBP", "NNP", "CC", "NNP", "."]
    example = Example.from_dict(make_doc(nlp.vocab, words), {"words": words.split(), "tags": tags})
    optimizer = nlp.initialize(lambda: [example])
    for _ in range(30):
        nlp.update([example], sgd=optimizer)
    before = [(token.tag_, token.is_sent_start) for token in nlp(words)]
    assert [tag for tag, _ in before] == tags
    weights = tagger.model.to_bytes()

    add_tagger(nlp)
    examples = make_examples(nlp)
    with nlp.select_pipes(enable="deepal_ner"):
        optimizer = nlp.initialize(lambda: examples)
        optimizer.learn_rate = 0.01
        for _ in range(60):
            nlp.update(examples, sgd=optimizer)
    doc = nlp(words)
    assert [(token.tag_, token.is_sent_start) for token in doc] == before
    assert tagger.model.to_bytes() == weights
    assert entities_of(doc) == [(2, 3, "LOC"), (4, 5, "LOC")]


def test_component_can_be_sourced_from_another_pipeline(nlp):
    other = spacy.blank("en")
    other.add_pipe("deepal_ner", source=nlp)
    doc = other("I like London and Berlin .")
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("London", "LOC"), ("Berlin", "LOC")]


def test_scores_are_those_of_spacys_scorer(nlp):
    examples = make_examples(nlp)
    scores = nlp.evaluate(examples)
    assert scores["ents_f"] == scores["ents_p"] == scores["ents_r"] == 1.0
    assert set(scores["ents_per_type"]) == set(LABELS)


def test_component_that_is_made_by_hand_scores_as_spacys_does(nlp):
    given = nlp.get_pipe("deepal_ner")
    tagger = DeepNER(nlp.vocab, given.model)
    tagger.cfg = given.cfg
    examples = make_examples(nlp)
    for example in examples:
        tagger(example.predicted)
    assert tagger.score(examples) == given.score(examples)
    assert tagger.score(examples)["ents_f"] > 0


def test_component_without_a_scorer_scores_nothing():
    nlp = spacy.blank("en")
    tagger = nlp.add_pipe("deepal_ner", config={"scorer": None})
    assert tagger.score([]) == {}


def test_error_handler_is_told_which_docs_failed(nlp, monkeypatch):
    failed = []
    nlp.set_error_handler(lambda name, _, docs, error: failed.append((name, len(docs))))
    tagger = nlp.get_pipe("deepal_ner")

    class Failing:
        def predict(self, docs):
            raise RuntimeError("no")

    monkeypatch.setattr(tagger, "model", Failing())
    assert list(nlp.pipe(["Ada", "Bob"])) == []
    assert failed == [("deepal_ner", 2)]


def test_rehearsal_does_not_stop_a_pipeline(nlp):
    before = weights_of(nlp)
    losses = nlp.rehearse(make_examples(nlp), sgd=nlp.resume_training())
    assert "deepal_ner" not in losses
    assert same_weights(weights_of(nlp), before)
