"""A pretrained encoder as the tok2vec of a pipeline."""

import os
import pickle
import shutil

import numpy
import pytest
import spacy
import torch
from thinc.api import Adam, fix_random_seed

from spacy_deepal.errors import DeepALError
from spacy_deepal.vectors.frozen_encoder import build_frozen_encoder, encoder_shim
from spacy_deepal.vectors.pretrained import PretrainedEncoder

from ..tagger.build import SMALL, grouped, make_doc, make_examples
from .build import make_encoder

SENTENCES = [
    ("Ada saw London", [(0, 1, "PER"), (2, 3, "LOC")]),
    (["ada", "saw", "\n", "Rome"], [(0, 1, "PER"), (3, 4, "LOC")]),
    ("saw Rome", [(1, 2, "LOC")]),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_encoder(tmp_path_factory.mktemp("encoder") / "model")


def pipeline(folder, **layer):
    tok2vec = {"@architectures": "spacy_deepal.FrozenEncoder.v1", "encoder": str(folder), **layer}
    nlp = spacy.blank("en")
    nlp.add_pipe("deepal_ner", config={"model": {**grouped(**SMALL), "tok2vec": tok2vec}})
    return nlp


def trained(folder, steps=100, **layer):
    fix_random_seed(0)
    nlp = pipeline(folder, **layer)
    examples = make_examples(nlp, SENTENCES)
    optimizer = nlp.initialize(lambda: examples, sgd=Adam(0.01, L2=0.0, grad_clip=1.0))
    for _ in range(steps):
        nlp.update(examples, sgd=optimizer)
    return nlp


def layer_of(nlp):
    return nlp.get_pipe("deepal_ner").model.layers[0]


def log_probs(nlp):
    docs = [make_doc(nlp.vocab, text) for text, _ in SENTENCES]
    return numpy.concatenate(nlp.get_pipe("deepal_ner").predict(docs).log_probs)


def found_by(nlp):
    docs = [nlp(make_doc(nlp.vocab, text)) for text, _ in SENTENCES]
    return [[(ent.start, ent.end, ent.label_) for ent in doc.ents] for doc in docs]


@pytest.mark.parametrize("mix", [False, True])
def test_a_pipeline_learns_from_it_and_comes_back_from_disk(folder, tmp_path, mix):
    nlp = trained(folder, mix=mix)
    assert found_by(nlp) == [entities for _, entities in SENTENCES]
    nlp.to_disk(tmp_path)
    again = spacy.load(tmp_path)
    numpy.testing.assert_array_equal(log_probs(again), log_probs(nlp))
    assert layer_of(again).get_dim("nO") == (8 if mix else 24)


def test_white_space_and_empty_docs_have_no_vector(folder):
    nlp = trained(folder, 0)
    docs = [make_doc(nlp.vocab, words) for words in (["\n", "Ada", " "], [], [" "], ["Ada"])]
    spaced, empty, blank, plain = layer_of(nlp).predict(docs)
    assert (spaced.shape, empty.shape, blank.shape) == ((3, 24), (0, 24), (1, 24))
    assert not spaced[[0, 2]].any()
    assert not blank.any()
    numpy.testing.assert_allclose(spaced[1], plain[0], atol=4e-3)


def test_the_gradient_of_the_mix_equals_finite_differences(folder):
    layer = layer_of(trained(folder, 0, mix=True))
    docs = [make_doc(spacy.blank("en").vocab, text) for text, _ in SENTENCES]
    layer.set_param("mix", numpy.asarray([0.3, -0.2, 0.5], "float32"))
    vectors, backprop = layer.begin_update(docs)
    draw = numpy.random.default_rng(0)
    directions = [draw.normal(size=each.shape).astype("float32") for each in vectors]
    backprop(directions)

    def value():
        return sum(
            float((a * b).sum()) for a, b in zip(layer.predict(docs), directions, strict=True)
        )

    for k, gradient in enumerate(layer.get_grad("mix")):
        values = []
        for step in (1e-2, -1e-2):
            mix = layer.get_param("mix").copy()
            layer.get_param("mix")[k] += step
            values.append(value())
            layer.set_param("mix", mix)
        assert gradient == pytest.approx((values[0] - values[1]) / 2e-2, rel=1e-2, abs=1e-2)


def test_without_an_encoder_there_is_no_layer():
    assert build_frozen_encoder(None) is None


@pytest.mark.parametrize("gigabytes", [0, -1, float("nan")])
def test_a_cache_without_a_size_is_refused(gigabytes):
    with pytest.raises(DeepALError, match="must be above 0"):
        build_frozen_encoder("nowhere", cache_gb=gigabytes)


def test_the_saved_pipeline_names_the_encoder_and_does_not_hold_it(folder):
    with_it = len(trained(folder, 0).to_bytes())
    assert with_it < len((folder / "model.safetensors").read_bytes()) + 200_000


def test_a_missing_or_another_encoder_is_one_error(folder, tmp_path):
    place = tmp_path / "model"
    shutil.copytree(folder, place)
    nlp = trained(place, 0)
    nlp.to_disk(tmp_path / "pipeline")
    make_encoder(place, seed=1)
    with pytest.raises(DeepALError, match=r"another encoder than the one .* was trained with"):
        found_by(spacy.load(tmp_path / "pipeline"))
    shutil.rmtree(place)
    with pytest.raises(DeepALError, match=r"There is no folder .* In Python: spacy\.load"):
        found_by(spacy.load(tmp_path / "pipeline"))


def test_the_layers_are_those_of_training_whatever_the_config_says_later(folder, tmp_path):
    nlp = trained(folder, 0, layers=[1, 2, 3])
    nlp.to_disk(tmp_path)
    override = {"components.deepal_ner.model.tok2vec.layers": [4, 5, 6]}
    again = spacy.load(tmp_path, config=override)
    numpy.testing.assert_array_equal(log_probs(again), log_probs(nlp))


def test_an_embedded_encoder_needs_no_folder_and_stays_embedded(folder, tmp_path):
    place = tmp_path / "model"
    shutil.copytree(folder, place)
    nlp = trained(place)
    nlp.to_disk(tmp_path / "pipeline")
    override = {"components.deepal_ner.model.tok2vec.embed": True}
    spacy.load(tmp_path / "pipeline", config=override).to_disk(tmp_path / "embedded")
    shutil.rmtree(place)
    again = spacy.load(tmp_path / "embedded")
    assert found_by(again) == found_by(nlp) == [entities for _, entities in SENTENCES]
    again.to_disk(tmp_path / "again")
    assert found_by(spacy.load(tmp_path / "again")) == found_by(nlp)


def test_what_the_cache_knows_is_not_encoded_again(folder, tmp_path, monkeypatch):
    cache = tmp_path / "new" / "cache"
    nlp = trained(folder, cache=str(cache))
    before = log_probs(nlp)
    assert len(list(cache.iterdir())) == 1
    nlp.to_disk(tmp_path / "pipeline")
    monkeypatch.setattr(PretrainedEncoder, "__init__", None)
    again = spacy.load(tmp_path / "pipeline")
    numpy.testing.assert_array_equal(log_probs(again), before)
    with pytest.raises(TypeError):
        again("London saw Ada")


def test_another_encoder_or_other_layers_have_a_cache_of_their_own(folder, tmp_path):
    other = make_encoder(tmp_path / "other", seed=1)
    for place, layers in ((folder, []), (folder, [1]), (other, [])):
        cached = trained(place, 2, layers=layers, cache=str(tmp_path / "cache"))
        numpy.testing.assert_array_equal(
            log_probs(cached), log_probs(trained(place, 2, layers=layers))
        )
    assert len(list((tmp_path / "cache").iterdir())) == 3


def test_a_trained_pipeline_makes_no_cache_where_there_is_none(folder, tmp_path):
    nlp = trained(folder, cache=str(tmp_path / "cache"))
    nlp.to_disk(tmp_path / "pipeline")
    expected = found_by(nlp)
    shutil.rmtree(tmp_path / "cache")
    assert found_by(spacy.load(tmp_path / "pipeline")) == expected
    assert not (tmp_path / "cache").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork processes")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_it_works_in_the_processes_of_pipe(folder, tmp_path):
    nlp = trained(folder, cache=str(tmp_path / "cache"))
    texts = ["Ada saw London", "saw Rome", "Rome Rome", "ada saw saw"] * 2
    alone = [[(e.start, e.label_) for e in doc.ents] for doc in nlp.pipe(texts)]
    shared = nlp.pipe(texts, n_process=2, batch_size=2)
    assert [[(e.start, e.label_) for e in doc.ents] for doc in shared] == alone


def test_a_copy_from_another_process_keeps_the_threads_of_its_own(folder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        nlp = trained(folder, 0)
        saved = pickle.dumps(encoder_shim(layer_of(nlp)))
    changed = []
    monkeypatch.setattr(torch, "set_num_threads", changed.append)
    pickle.loads(saved).read([make_doc(nlp.vocab, "Ada")])
    assert changed == []


def test_a_model_that_is_not_initialised_says_so():
    layer = build_frozen_encoder("nowhere")
    with pytest.raises(DeepALError, match="not initialised"):
        encoder_shim(layer).read([make_doc(spacy.blank("en").vocab, "Ada")])


@pytest.mark.parametrize("shared", [False, True])
def test_spacys_ner_stands_on_the_encoder(folder, shared):
    """Alone, or together with other components that listen to it."""
    nlp = spacy.blank("en")
    layer = {"@architectures": "spacy_deepal.FrozenEncoder.v1", "encoder": str(folder)}
    layer["layers"] = [0]  # the encoder is random: only its input tells words apart
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 8, "upstream": "*"}
    parser = {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "extra_state_tokens": False,
        "hidden_width": 64,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": listener if shared else layer,
    }
    if shared:
        nlp.add_pipe("tok2vec", config={"model": layer})
    nlp.add_pipe("ner", config={"model": parser})
    examples = make_examples(nlp, SENTENCES[:1])
    optimizer = nlp.initialize(lambda: examples, sgd=Adam(0.01, L2=0.0, grad_clip=1.0))
    for _ in range(50):
        nlp.update(examples, sgd=optimizer)
    assert found_by(nlp)[0] == SENTENCES[0][1]
