"""Layers below the tagger: small token-to-vector models, and pipelines that share one."""

import numpy
import spacy
import torch
from spacy.attrs import ORTH
from spacy.ml.featureextractor import FeatureExtractor
from spacy.training import Example
from thinc.api import (
    ArgsKwargs,
    HashEmbed,
    Model,
    PyTorchWrapper_v3,
    chain,
    torch2xp,
    with_array,
    xp2torch,
)

from .build import SENTENCES, add_tagger, make_doc

WIDTH = 12
HASH_EMBED = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "width": WIDTH,
    "depth": 1,
    "embed_size": 100,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": False,
    "pretrained_vectors": None,
}
TRANSFORMER = {"@architectures": "tests.Transformer.v1", "width": WIDTH}
GIVEN = {"@architectures": "tests.Given.v1", "width": WIDTH}
LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": WIDTH}


class Encoder(torch.nn.Module):
    """A transformer with random weights, a sentence at a time."""

    def __init__(self, width):
        super().__init__()
        layer = torch.nn.TransformerEncoderLayer(width, 2, 2 * width, 0.0, batch_first=True)
        self.layers = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, *sentences):
        return [self.layers(sentence.unsqueeze(0))[0] for sentence in sentences]


@spacy.registry.architectures("tests.Transformer.v1")
def build_transformer(width: int) -> Model:
    """Its dimension nO is not set."""
    embed = with_array(HashEmbed(width, 500, column=0, seed=0))
    encoder = PyTorchWrapper_v3(Encoder(width), convert_outputs=convert_sentences)
    return chain(FeatureExtractor(["NORM"]), embed, encoder)


def convert_sentences(model, X_Y, is_train):
    """Thinc's own conversion knows of one output only."""
    _, outputs = X_Y

    def back(gradients):
        tensors = [xp2torch(gradient) for gradient in gradients]
        return ArgsKwargs(args=(outputs,), kwargs={"grad_tensors": tensors})

    return [torch2xp(output) for output in outputs], back


@spacy.registry.architectures("tests.Given.v1")
def build_given(width: int) -> Model:
    """Vectors of which the test knows all: `given_vectors`. Keeps the gradients that it gets."""
    return Model("given", forward_given, dims={"nO": width})


def forward_given(model, docs, is_train):
    def backprop(gradients):
        model.attrs["gradients"] = gradients
        return []

    return [given_vectors(doc, model.get_dim("nO")) for doc in docs], backprop


def given_vectors(doc, width=WIDTH):
    random = numpy.random.default_rng(int(doc.to_array(ORTH).sum() % 2**32) if len(doc) else 0)
    return random.normal(size=(len(doc), width)).astype("float32")


def make_shared(upstream=HASH_EMBED, others=(), **model):
    """A pipeline with a shared tok2vec, other components, and a deepal_ner that listen to it."""
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": upstream})
    for name in others:
        add_listening_tagger(nlp, name)
    add_tagger(nlp, tok2vec=LISTENER, tok2vec_projection=8, **model)
    return nlp


def add_listening_tagger(nlp, name):
    architecture = {"@architectures": "spacy.Tagger.v2", "tok2vec": LISTENER}
    nlp.add_pipe("tagger", name=name, config={"model": architecture})


def make_tagged_examples(nlp, sentences=SENTENCES):
    """Examples with entities and part-of-speech tags (the last letter of a word)."""
    examples = []
    for words, entities in sentences:
        reference = make_doc(nlp.vocab, words, entities)
        for token in reference:
            token.tag_ = token.text[-1].upper()
        examples.append(Example(make_doc(nlp.vocab, words), reference))
    return examples


def parameters_of(nlp, name="tok2vec"):
    """A copy of a component's Thinc parameters and torch weights, in order."""
    return weights_in(nlp.get_pipe(name).model)


def weights_in(model):
    return [
        *(node.get_param(key).copy() for node in model.walk() for key in node.param_names),
        *(
            weight.detach().numpy().copy()
            for node in model.walk()
            for shim in node.shims
            for weight in getattr(shim._model, "parameters", list)()
        ),
    ]


def same(one, other):
    return all(numpy.array_equal(a, b) for a, b in zip(one, other, strict=True))
