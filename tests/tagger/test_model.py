import numpy
import pytest
import spacy
from spacy.util import registry
from spacy.vectors import Vectors
from thinc.api import Config, Model, fix_random_seed, set_dropout_rate

from spacy_deepal.errors import DeepALError
from spacy_deepal.tagger.defaults import DEFAULT_CONFIG, DEFAULT_MODEL
from spacy_deepal.tagger.model import TeacherForced, build_cnn_cnn_lstm
from spacy_deepal.tagger.sizes import Decode, Embed, Encode

from .build import (
    LABELS,
    SENTENCES,
    SMALL,
    grouped,
    initialized,
    jolt,
    log_probs_of,
    make_doc,
    make_examples,
    make_nlp,
    network_of,
    same_weights,
    tagger_in,
    weights_of,
)


def groups_of(**sizes):
    """The arguments of the architecture: those of the default config, but for these."""
    changed = grouped(**sizes)
    return {key: {**DEFAULT_MODEL[key], **changed[key]} for key in changed}


def model_of(nlp):
    return nlp.get_pipe("deepal_ner").model


def test_registered_architecture_is_one_thinc_node():
    build = registry.architectures.get("spacy_deepal.CnnCnnLstm.v1")
    model = build(**groups_of())
    assert isinstance(model, Model)
    assert len(list(model.walk())) == 1
    assert len(model.shims) == 1


def test_every_argument_can_be_given_in_a_config():
    assert {key: set(DEFAULT_MODEL[key]) for key in ("embed", "encode", "decode")} == {
        "embed": set(Embed.model_fields),
        "encode": set(Encode.model_fields),
        "decode": set(Decode.model_fields),
    }
    model = registry.resolve(Config().from_str(DEFAULT_CONFIG))["model"]
    assert isinstance(model, Model)


def test_arguments_reach_the_network():
    network = network_of(initialized(decode_layers=2, char_layers=3, decode_dropout=0.125))
    assert len(network.decoder.layers) == 2
    assert len(network.encoder.characters.convolutions.convolutions) == 3
    assert {dropout.rate for dropout in network.decoder.dropouts} == {0.125}
    assert network.decoder.output.out_features == 4 * len(LABELS) + 1


def test_all_values_out_of_range_are_named_at_once():
    with pytest.raises(DeepALError) as error:
        build_cnn_cnn_lstm(
            **groups_of(
                char_width=0,
                char_kernel=4,
                encode_layers=-1,
                encode_depth=2,
                word_drop=1.0,
                decode_dropout=-0.1,
                max_chars=3,
                vectors_projection=-5,
                attrs=["NORM", "POS", "PREFIX0", "SUFFIX\u00b2"],
                attr_rows=[10, 0],
            )
        )
    message = str(error.value)
    assert "spacy_deepal.CnnCnnLstm.v1" in message
    for part in (
        "embed.char_width = 0: must be greater than or equal to 1",
        "embed.char_kernel = 4: must be odd",
        "encode.layers = -1: must be greater than or equal to 1",
        "encode.depth is unknown",
        "embed.word_drop = 1.0: must be less than 1",
        "decode.dropout = -0.1: must be greater than or equal to 0",
        "embed.max_chars = 3: must be greater than or equal to 4",
        "embed.vectors_projection = -5: must be greater than or equal to 0",
        "embed.attr_rows.1 = 0: must be greater than or equal to 1",
        "'POS' is unknown",
        "'PREFIX0' is unknown",
        "'SUFFIX\u00b2' is unknown",
    ):
        assert part in message, part
    assert message.count("\n- ") == 12


def test_every_attribute_needs_a_table():
    with pytest.raises(DeepALError, match="attrs has 2 names and attr_rows has 1"):
        build_cnn_cnn_lstm(**groups_of(attrs=["NORM", "SHAPE"], attr_rows=[10]))


def test_a_group_that_lacks_a_value_is_named():
    groups = groups_of()
    del groups["decode"]["width"]
    with pytest.raises(DeepALError, match=r"decode\.width is missing"):
        build_cnn_cnn_lstm(**groups)


@pytest.mark.parametrize("value", [True, "3", 2.5])
def test_a_size_is_a_whole_number(value):
    with pytest.raises(DeepALError, match=r"encode\.width = .*: must be a valid integer"):
        build_cnn_cnn_lstm(**groups_of(encode_width=value))


@pytest.mark.parametrize("value", [0.0, 0.999])
def test_values_at_the_edge_are_allowed(value):
    edge = {"word_drop": value, "char_dropout": value, "vectors_projection": 0, "max_chars": 4}
    edge |= {"attrs": ["PREFIX1", "SUFFIX12"], "attr_rows": [1, 1]}
    network = network_of(initialized(**edge))
    assert network.sizes.embed.model_dump(include=set(edge)) == {
        **edge,
        "attrs": ("PREFIX1", "SUFFIX12"),
        "attr_rows": (1, 1),
    }


def test_not_a_number_is_no_dropout():
    with pytest.raises(DeepALError, match="dropout = nan"):
        build_cnn_cnn_lstm(**groups_of(dropout=float("nan")))


def test_error_of_a_value_out_of_range_reaches_who_loads_the_config():
    nlp = spacy.blank("en")
    with pytest.raises(DeepALError, match=r"encode\.kernel = 2: must be odd"):
        nlp.add_pipe("deepal_ner", config={"model": {"encode": {"kernel": 2}}})


@pytest.mark.parametrize("key", ["beam_width", "batch_words"])
def test_settings_of_prediction_out_of_range_are_named(key):
    with pytest.raises(DeepALError, match=rf"\[components.ner\] {key} = 0: must be at least 1"):
        spacy.blank("en").add_pipe("deepal_ner", name="ner", config={key: 0})


def test_vocabularies_come_from_the_text_and_leave_white_space_out():
    sentences = [("a b \u00e9\U0001f600 a", [(0, 1, "X")]), (["\n", "c", "\t"], [])]
    vocabulary = tagger_in(initialized(sentences)).vocabulary
    assert vocabulary.words == ("a", "b", "c", "\u00e9\U0001f600")
    assert vocabulary.characters == "abc\u00e9\U0001f600"


def test_vocabularies_do_not_depend_on_annotation():
    """The pool's text may be known before its labels are."""
    unlabelled = [(words, None) for words, _ in SENTENCES[1:]]
    one = tagger_in(initialized(SENTENCES)).vocabulary
    nlp = make_nlp()
    nlp.get_pipe("deepal_ner").add_label("PERSON")
    nlp.initialize(lambda: make_examples(nlp, [SENTENCES[0], *unlabelled]))
    assert tagger_in(nlp).vocabulary == one


def test_model_without_weights_says_what_to_do():
    nlp = make_nlp()
    nlp.get_pipe("deepal_ner").add_label("LOC")
    with pytest.raises(DeepALError, match=r"no weights yet. Call nlp.initialize\(\)"):
        nlp("Ada")


def test_prediction_decodes_a_sentence_longer_than_batch_words_alone(monkeypatch):
    nlp = initialized(beam_width=1)
    docs = [make_doc(nlp.vocab, ["word"] * length) for length in (3, 50, 2, 3, 0, 1)]
    whole = nlp.get_pipe("deepal_ner").predict(docs)
    sizes = []
    engine = tagger_in(nlp).engine
    lay_out = engine.lay_out
    monkeypatch.setattr(
        engine,
        "lay_out",
        lambda sentences: (sizes.append(list(map(len, sentences))), lay_out(sentences))[1],
    )
    nlp.get_pipe("deepal_ner").batch_words = 6
    paths = nlp.get_pipe("deepal_ner").predict(docs)
    assert sizes == [[50], [3, 3], [2, 1]]
    for one, other in zip(paths.tags, whole.tags, strict=True):
        assert one.tolist() == other.tolist()
    for one, other in zip(paths.log_probs, whole.log_probs, strict=True):
        numpy.testing.assert_allclose(one, other, atol=1e-5)


def test_settings_of_prediction_may_change_when_a_pipeline_is_loaded(tmp_path):
    initialized(beam_width=3, batch_words=100).to_disk(tmp_path)
    factory = "components.deepal_ner"
    same = spacy.load(tmp_path)
    other = spacy.load(tmp_path, config={f"{factory}.beam_width": 1, f"{factory}.batch_words": 9})
    for nlp, expected in ((same, (3, 100)), (other, (1, 9))):
        component = nlp.get_pipe("deepal_ner")
        assert (component.beam_width, component.batch_words) == expected
    assert same_weights(weights_of(same), weights_of(other))


def test_five_thousand_words_are_one_sequence():
    nlp = initialized()
    doc = make_doc(nlp.vocab, [f"word{i % 700}" for i in range(5000)])
    paths = nlp.get_pipe("deepal_ner").predict([doc, make_doc(nlp.vocab, "Ada sings")])
    assert [len(tags) for tags in paths.tags] == [5000, 2]
    assert paths.log_probs[0].shape == (5000, 4 * len(LABELS) + 1)
    assert numpy.isfinite(paths.log_probs[0]).all()


def test_probabilities_of_all_tags_of_a_word_sum_to_one():
    nlp = initialized()
    log_probs = log_probs_of(nlp, [make_doc(nlp.vocab, words) for words, _ in SENTENCES])
    numpy.testing.assert_allclose(numpy.exp(log_probs).sum(1), 1, rtol=1e-5)


def test_path_is_the_most_probable_tag_at_each_word():
    nlp = initialized()
    paths = nlp.get_pipe("deepal_ner").predict([make_doc(nlp.vocab, SENTENCES[3][0])])
    assert paths.tags[0].tolist() == paths.log_probs[0].argmax(1).tolist()


def test_no_docs_and_empty_docs_have_empty_paths():
    nlp = initialized()
    predict = nlp.get_pipe("deepal_ner").predict
    assert predict([]).tags == []
    paths = predict([make_doc(nlp.vocab, []), make_doc(nlp.vocab, ["\n", " "])])
    assert [len(tags) for tags in paths.tags] == [0, 0]
    assert [p.shape for p in paths.log_probs] == [(0, 13), (0, 13)]


def test_drop_reaches_torch_in_training_and_not_in_prediction():
    """`set_dropout_rate` alone changes an attribute that torch does not read."""
    nlp = initialized()
    model, docs = model_of(nlp), [make_doc(nlp.vocab, SENTENCES[3][0])]
    previous = [numpy.zeros(len(docs[0]), "int64")]
    inputs = TeacherForced(docs, previous, [None])

    def two_passes(drop):
        set_dropout_rate(model, drop)
        return [model.begin_update(inputs)[0] for _ in range(2)]

    one, other = two_passes(0.0)
    assert numpy.array_equal(one, other)
    one, other = two_passes(0.5)
    assert not numpy.allclose(one, other)
    assert numpy.array_equal(model.predict(inputs), model.predict(inputs))
    one, other = two_passes(0.0)
    assert numpy.array_equal(one, other)


# Static vectors


def with_vectors(nlp, width=5, words=("London", "ada")):
    data = numpy.random.default_rng(0).normal(size=(len(words), width)).astype("float32")
    nlp.vocab.vectors = Vectors(data=data, keys=list(words))
    return nlp


def initialized_with_vectors(**model):
    nlp = with_vectors(make_nlp(**model))
    nlp.initialize(lambda: make_examples(nlp))
    jolt(network_of(nlp))
    return nlp


def test_vectors_of_the_vocab_are_used():
    nlp = initialized_with_vectors()
    network = network_of(nlp)
    assert network.sizes.vectors_width == 5
    assert network.encoder.vectors.out_features == SMALL["vectors_projection"]
    doc = make_doc(nlp.vocab, "in London")
    before = log_probs_of(nlp, [doc])
    nlp.vocab.vectors["London"] = numpy.ones(5, "float32") * 3
    assert not numpy.allclose(before, log_probs_of(nlp, [doc]))


@pytest.mark.parametrize("factor", [0.01, 100])
def test_it_makes_no_difference_how_large_the_numbers_of_a_table_are(factor):
    found = []
    for by in (1, factor):
        nlp = with_vectors(make_nlp())
        nlp.vocab.vectors.data *= by
        fix_random_seed(0)
        nlp.initialize(lambda nlp=nlp: make_examples(nlp))
        jolt(network_of(nlp))
        found.append(log_probs_of(nlp, [make_doc(nlp.vocab, "Ada in London")]))
    numpy.testing.assert_allclose(*found, atol=1e-5)


def test_vectors_are_not_used_where_the_config_says_so_or_there_are_none():
    for nlp in (initialized_with_vectors(vectors_projection=0), initialized()):
        assert network_of(nlp).encoder.vectors is None
        assert not any("vectors" in name for name in weights_of(nlp))


def test_embeddings_of_words_start_from_vectors_and_go_on_learning():
    nlp = with_vectors(make_nlp(word_init="vectors", vectors_projection=0), width=8)
    nlp.initialize(lambda: make_examples(nlp))
    tagger = tagger_in(nlp)
    embedding = tagger.network.encoder.embedding
    words = dict(zip(tagger.vocabulary.words, embedding.weight.detach().numpy()[3:], strict=True))
    table = numpy.stack([nlp.vocab["London"].vector, nlp.vocab["ada"].vector])
    found = numpy.stack([words["London"], words["Ada"]])  # the table has "ada"
    assert numpy.square(found).mean() == pytest.approx(1)  # whatever the numbers of the table
    numpy.testing.assert_allclose(found / table, (found / table)[0, 0], rtol=1e-5)
    assert not words["nothing"].any()
    before = embedding.weight.detach().clone()
    nlp.update(make_examples(nlp))
    assert not numpy.allclose(before, tagger_in(nlp).network.encoder.embedding.weight.detach())


def test_embeddings_that_start_from_vectors_have_their_width():
    nlp = with_vectors(make_nlp(word_init="vectors"), width=5)
    with pytest.raises(
        DeepALError, match=r"needs word_width = 5, the width of the static .* not 8"
    ):
        nlp.initialize(lambda: make_examples(nlp))


@pytest.mark.parametrize("width", [0, 3])
def test_vectors_of_another_width_are_refused_with_both_widths(width):
    nlp = initialized_with_vectors()
    bare = make_nlp()
    bare.from_bytes(nlp.to_bytes(exclude=["vocab"]), exclude=["vocab"])
    if width:
        with_vectors(bare, width)
    with pytest.raises(DeepALError, match=f"static vectors of width 5, .* vocab has {width}"):
        bare("in London")


def test_pipeline_saved_with_its_vectors_loads_with_them(tmp_path):
    nlp = initialized_with_vectors()
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    words = "Ada in London"
    one, other = (log_probs_of(pipe, [make_doc(pipe.vocab, words)]) for pipe in (nlp, loaded))
    numpy.testing.assert_allclose(one, other, atol=1e-6)
