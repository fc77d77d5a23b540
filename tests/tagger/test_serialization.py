"""Bytes, folders, pickles, and the averages of an optimiser."""

import io
import pickle

import numpy
import pytest
import spacy
import srsly
import torch
from thinc.api import SGD

from spacy_deepal.errors import DeepALError

from .build import (
    LABELS,
    SENTENCES,
    SMALL,
    add_tagger,
    entities_of,
    grouped,
    initialized,
    log_probs_of,
    make_doc,
    make_examples,
    make_nlp,
    network_of,
    same_weights,
    train,
    weights_of,
)


def log_probs(nlp):
    texts = [*(words for words, _ in SENTENCES), "An unheard W\u00f6rtchen \U0001f600 in London"]
    return log_probs_of(nlp, [make_doc(nlp.vocab, words) for words in texts])


def assert_same(nlp, other):
    assert nlp.get_pipe("deepal_ner").labels == other.get_pipe("deepal_ner").labels == LABELS
    numpy.testing.assert_allclose(log_probs(nlp), log_probs(other), rtol=0, atol=1e-6)
    for words, entities in SENTENCES:
        assert entities_of(other(make_doc(other.vocab, words))) == entities


def test_pipeline_from_bytes_predicts_the_same(nlp):
    assert_same(nlp, make_nlp().from_bytes(nlp.to_bytes()))


def test_pipeline_from_disk_predicts_the_same(nlp, tmp_path):
    nlp.to_disk(tmp_path)
    assert_same(nlp, spacy.load(tmp_path))


def test_component_from_bytes_and_from_disk_predicts_the_same(nlp, tmp_path):
    tagger = nlp.get_pipe("deepal_ner")
    other = make_nlp()
    other.get_pipe("deepal_ner").from_bytes(tagger.to_bytes())
    assert_same(nlp, other)
    tagger.to_disk(tmp_path / "pipe")
    other = make_nlp()
    other.get_pipe("deepal_ner").from_disk(tmp_path / "pipe")
    assert_same(nlp, other)


def test_model_comes_back_from_the_pipelines_own_config(nlp):
    other = spacy.util.load_model_from_config(nlp.config).from_bytes(nlp.to_bytes())
    assert_same(nlp, other)


@pytest.mark.parametrize("sizes", [{}, {"char_kernel": 5, "encode_layers": 3, "decode_layers": 2}])
def test_bytes_rebuild_the_network_whatever_sizes_the_config_has(nlp, sizes):
    """The component's own defaults are other sizes than those of the model, too."""
    other = spacy.blank("en")
    other.add_pipe("deepal_ner", config={"model": grouped(**sizes)})
    other.from_bytes(nlp.to_bytes())
    assert_same(nlp, other)
    assert network_of(other).sizes.encode.width == SMALL["encode_width"]


def test_initialised_pipeline_takes_other_weights_of_the_same_labels(nlp):
    other = initialized(seed=5, encode_width=24)
    assert not numpy.allclose(log_probs(nlp), log_probs(other))
    assert_same(nlp, other.from_bytes(nlp.to_bytes()))


def test_pipeline_without_weights_comes_back_without_weights():
    nlp = make_nlp()
    nlp.get_pipe("deepal_ner").add_label("LOC")
    other = make_nlp().from_bytes(nlp.to_bytes())
    assert other.get_pipe("deepal_ner").labels == ("LOC",)
    with pytest.raises(DeepALError, match="no weights yet"):
        other("Ada")
    other.initialize(lambda: make_examples(other))
    assert other("Ada").has_annotation("ENT_IOB")


def saved_network(nlp):
    """What torch saved, in the bytes of the Thinc model."""
    model = srsly.msgpack_loads(nlp.get_pipe("deepal_ner").model.to_bytes())
    return model["shims"][0][0]


def test_weights_are_read_without_running_any_code_they_bring(nlp):
    saved = torch.load(io.BytesIO(saved_network(nlp)), weights_only=True)
    assert set(saved) == {"sizes", "vocabulary", "weights"}
    assert saved["weights"].keys() == {*weights_of(nlp), "trained_rate"}


def test_bytes_that_bring_code_are_refused(nlp):
    class Code:
        def __reduce__(self):
            return (print, ("ran",))

    stream = io.BytesIO()
    torch.save({"sizes": Code(), "vocabulary": {}, "weights": {}}, stream)
    shim = nlp.get_pipe("deepal_ner").model.shims[0]
    with pytest.raises(pickle.UnpicklingError):
        shim.from_bytes(stream.getvalue())


def test_a_model_of_a_version_with_other_arguments_is_told(nlp):
    saved = torch.load(io.BytesIO(saved_network(nlp)), weights_only=True)
    del saved["sizes"]["embed"]["max_words"]
    saved["sizes"]["encode"]["depth"] = 2
    stream = io.BytesIO()
    torch.save(saved, stream)
    told = r"another version of spacy_deepal, .*: embed\.max_words, encode\.depth\. Install"
    with pytest.raises(DeepALError, match=told):
        nlp.get_pipe("deepal_ner").model.shims[0].from_bytes(stream.getvalue())


def test_dropout_of_numpy_can_be_saved_and_loaded():
    """Schedules yield numpy's numbers, which torch does not read as weights."""
    nlp = initialized()
    nlp.update(make_examples(nlp), drop=numpy.float64(0.25), sgd=SGD(0.01))
    other = make_nlp().from_bytes(nlp.to_bytes())
    assert network_of(other).trained_rate == 0.25


def test_dropout_of_training_is_kept_for_mc_dropout():
    nlp = initialized()
    nlp.update(make_examples(nlp), drop=0.3)
    nlp.update(make_examples(nlp), drop=0.0)
    other = make_nlp().from_bytes(nlp.to_bytes())
    doc = make_doc(other.vocab, SENTENCES[3][0], id="a")
    (evidence,) = other.get_pipe("deepal_ner").evidence([doc], samples=8)
    assert len({tuple(path) for path in evidence.samples.tolist()}) > 1


def test_pickled_pipeline_predicts_the_same(nlp):
    log_probs(nlp)  # a lexicon that has been used
    assert_same(nlp, pickle.loads(pickle.dumps(nlp)))


def test_copied_model_learns_by_itself(nlp):
    tagger = nlp.get_pipe("deepal_ner")
    before, weights = log_probs(nlp), weights_of(nlp)
    other = make_nlp()
    for label in LABELS:
        other.get_pipe("deepal_ner").add_label(label)
    other.get_pipe("deepal_ner").model = tagger.model.copy()
    assert_same(nlp, other)
    other.update(make_examples(other), sgd=SGD(0.1), drop=0.5)
    assert not numpy.array_equal(before, log_probs(other))
    assert numpy.array_equal(before, log_probs(nlp))
    assert same_weights(weights, weights_of(nlp))


def test_weights_are_independent_of_their_bytes(nlp):
    data = nlp.to_bytes()
    nlp.update(make_examples(nlp), sgd=SGD(0.1))
    other = make_nlp().from_bytes(data)
    assert not numpy.array_equal(log_probs(nlp), log_probs(other))


# use_averages = true: spaCy evaluates and saves the average of the weights over the updates


@pytest.fixture
def averaged():
    nlp = make_nlp()
    optimizer, _ = train(nlp, 12)
    return nlp, optimizer


def test_optimiser_averages_every_weight(averaged):
    nlp, optimizer = averaged
    shim = nlp.get_pipe("deepal_ner").model.shims[0]
    assert set(optimizer.averages) == {(shim.id, name) for name in weights_of(nlp)}


def test_averages_are_used_for_a_while_and_then_the_weights_are_back(averaged):
    nlp, optimizer = averaged
    before, predicted = weights_of(nlp), log_probs(nlp)
    shim = nlp.get_pipe("deepal_ner").model.shims[0]
    with nlp.use_params(optimizer.averages):
        for name, weight in weights_of(nlp).items():
            numpy.testing.assert_array_equal(weight, optimizer.averages[shim.id, name])
        assert not same_weights(before, weights_of(nlp))
        assert not numpy.allclose(predicted, log_probs(nlp))
    assert same_weights(before, weights_of(nlp))
    assert numpy.array_equal(predicted, log_probs(nlp))


def test_averages_are_thincs_moving_averages_of_the_weights():
    nlp = initialized()
    optimizer = SGD(0.05, L2=0.0, grad_clip=0.0, use_averages=True)
    average = torch.zeros_like(weights_of(nlp)["decoder.output.weight"])
    for update in range(1, 6):
        nlp.update(make_examples(nlp), sgd=optimizer)
        decay = (1 + update) / (10 + update)
        average = decay * average + (1 - decay) * weights_of(nlp)["decoder.output.weight"]
    with nlp.use_params(optimizer.averages):
        torch.testing.assert_close(weights_of(nlp)["decoder.output.weight"], average)


def test_what_is_saved_under_averages_has_the_averages(averaged, tmp_path):
    nlp, optimizer = averaged
    with nlp.use_params(optimizer.averages):
        nlp.to_disk(tmp_path)
        expected = log_probs(nlp)
    numpy.testing.assert_allclose(log_probs(spacy.load(tmp_path)), expected, atol=1e-6)
    assert not numpy.allclose(log_probs(nlp), expected, atol=1e-6)


def test_weights_are_back_after_an_error_under_averages(averaged):
    nlp, optimizer = averaged
    before = weights_of(nlp)
    model = nlp.get_pipe("deepal_ner").model

    def fail():
        with model.use_params(optimizer.averages):
            raise RuntimeError("while averaged")

    with pytest.raises(RuntimeError, match="while averaged"):
        fail()
    assert same_weights(before, weights_of(nlp))


def test_training_after_a_look_at_the_averages_goes_on_as_without_one():
    def trained(look):
        nlp = make_nlp()
        optimizer, _ = train(nlp, 3)
        if look:
            with nlp.use_params(optimizer.averages):
                log_probs(nlp)
        for _ in range(3):
            nlp.update(make_examples(nlp), sgd=optimizer)
        return weights_of(nlp)

    assert same_weights(trained(False), trained(True))


def test_averages_in_use_are_a_copy_that_an_update_does_not_change(averaged):
    nlp, optimizer = averaged
    before = {key: average.copy() for key, average in optimizer.averages.items()}
    with nlp.use_params(optimizer.averages):
        nlp.update(make_examples(nlp), sgd=SGD(0.1))
    for key, average in optimizer.averages.items():
        numpy.testing.assert_array_equal(average, before[key])


def test_averages_of_one_component_do_not_touch_another(averaged):
    nlp, optimizer = averaged
    other = add_tagger(nlp, name="other")
    other.initialize(lambda: make_examples(nlp), nlp=nlp)
    before = weights_of(nlp, "other")
    with nlp.use_params(optimizer.averages):
        assert same_weights(before, weights_of(nlp, "other"))


def test_averages_do_nothing_to_a_component_without_weights():
    nlp = make_nlp()
    with nlp.use_params({(1, "W"): numpy.zeros(3, "float32")}):
        assert nlp.get_pipe("deepal_ner").model.shims[0]._model is None
