"""Small sentences and small networks for the tests of the tagger."""

import numpy
import spacy
import torch
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Adam

from spacy_deepal.sentences import KEY
from spacy_deepal.tagger.defaults import DEFAULT_MODEL
from spacy_deepal.tagger.lexicon import Lexicon
from spacy_deepal.tagger.model import tagger_of
from spacy_deepal.tagger.network import PAD_CHAR
from spacy_deepal.tagger.sizes import Sizes, Vocabulary

SMALL = {
    "char_width": 8,
    "char_filters": 12,
    "word_width": 8,
    "word_min_freq": 1,
    "word_drop": 0.0,
    "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
    "attr_rows": [200, 100, 100, 100],
    "attr_width": 6,
    "vectors_projection": 5,
    "encode_width": 16,
    "decode_width": 16,
    "decode_tag_width": 4,
}
OF_THE_FACTORY = ("beam_width", "batch_words", "confidence")


def grouped(**sizes):
    """The groups of the architecture's arguments, from encode_width, decode_width and so on; a name
    without a group belongs to embed."""
    groups = {"embed": {}, "encode": {}, "decode": {}}
    for key, value in sizes.items():
        group, _, name = key.partition("_")
        if group in ("encode", "decode"):
            groups[group][name] = value
        else:
            groups["embed"][key] = value
    return groups


def make_lexicon(characters="Aabd", words=("Ada", "sings"), scale=1.0, **sizes):
    """A Lexicon of a few characters and words."""
    embed = {"attrs": ["NORM", "LOWER", "SHAPE", "PREFIX2"], "attr_rows": [50, 60, 70, 80]}
    embed = {**DEFAULT_MODEL["embed"], **embed, "max_chars": 8}
    data = {"tags": 5, "characters": len(characters), "words": len(words)}
    data |= {"vectors_width": 0, "tok2vec_width": 0}
    for key, value in sizes.items():
        (data if key in data else embed)[key] = value
    groups = {**DEFAULT_MODEL, "embed": embed}
    groups = {key: groups[key] for key in ("embed", "encode", "decode")}
    return Lexicon(Sizes(**groups, **data), Vocabulary(characters, tuple(words), scale))


# Words, and entities as (first word, word after the last, type).
SENTENCES = [
    ("Who is Shaka Khan ?", [(2, 4, "PERSON")]),
    ("I like London and Berlin .", [(2, 3, "LOC"), (4, 5, "LOC")]),
    ("There is nothing to see here .", []),
    ("Ada met the United Nations Security Council", [(0, 1, "PERSON"), (3, 7, "ORG")]),
    ("Bob Ada", [(0, 1, "PERSON"), (1, 2, "PERSON")]),
]
LABELS = ("LOC", "ORG", "PERSON")


def make_doc(vocab, words, entities=None, id=None):
    """A Doc of these words. entities: None where nothing is annotated."""
    doc = Doc(vocab, words=words.split() if isinstance(words, str) else words)
    if entities is not None:
        doc.set_ents([Span(doc, first, end, label=label) for first, end, label in entities])
    if id is not None:
        doc.user_data[KEY] = {"id": id, "doc_id": None, "genre": None}
    return doc


def orths(vocab, *words):
    """ORTH ids of words."""
    return numpy.asarray([vocab.strings.add(word) for word in words], "uint64")


def make_examples(nlp, sentences=SENTENCES):
    return [
        Example(make_doc(nlp.vocab, words), make_doc(nlp.vocab, words, entities))
        for words, entities in sentences
    ]


def make_nlp(name="deepal_ner", **model):
    """A blank pipeline with a small network, not initialised."""
    nlp = spacy.blank("en")
    add_tagger(nlp, name, **model)
    return nlp


def add_tagger(nlp, name="deepal_ner", **model):
    config = {key: model.pop(key) for key in OF_THE_FACTORY if key in model}
    tok2vec = {"tok2vec": model.pop("tok2vec")} if "tok2vec" in model else {}
    groups = grouped(**{**SMALL, **model})
    architecture = {"@architectures": "spacy_deepal.CnnCnnLstm.v1", **groups, **tok2vec}
    return nlp.add_pipe("deepal_ner", name=name, config={**config, "model": architecture})


def initialized(sentences=SENTENCES, seed=0, **model):
    """A pipeline with random weights, also where they begin at O."""
    fix_random_seed(seed)
    nlp = make_nlp(**model)
    nlp.initialize(lambda: make_examples(nlp, sentences))
    network_of(nlp).decoder.output.reset_parameters()
    return nlp


def jolt(network, seed=0, scale=0.3):
    """Move all weights, so that none has a special value, such as the zeros of the embedding."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in network.parameters():
            weight += scale * torch.randn(weight.shape, generator=generator).to(weight.dtype)
        network.encoder.characters.embedding.weight[PAD_CHAR] = 0


def train(nlp, steps, sentences=SENTENCES, drop=0.0, examples=None):
    """Initialise and train. RETURNS (Optimizer, dict): And the losses of the last step."""
    fix_random_seed(0)
    examples = examples or make_examples(nlp, sentences)
    nlp.initialize(lambda: examples)
    optimizer = Adam(0.01, L2=0.0, grad_clip=1.0)
    losses = {}
    for _ in range(steps):
        losses = nlp.update(examples, sgd=optimizer, drop=drop, losses={})
    return optimizer, losses


def entities_of(doc):
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]


def tagger_in(nlp, name="deepal_ner"):
    return tagger_of(nlp.get_pipe(name).model)


def network_of(nlp, name="deepal_ner"):
    return tagger_in(nlp, name).network


def weights_of(nlp, name="deepal_ner"):
    """A copy of the weights, by name."""
    return {k: v.detach().clone() for k, v in network_of(nlp, name).named_parameters()}


def same_weights(one, other):
    return all(bool((one[name] == other[name]).all()) for name in one)


def log_probs_of(nlp, docs, name="deepal_ner"):
    """Log-probabilities of all words of all Docs, one below the other."""
    return numpy.concatenate(nlp.get_pipe(name).predict(docs).log_probs)


def tag_names(labels):
    """RETURNS (list[str]): The tags by number: O, B-X, I-X, E-X, S-X, B-Y, …"""
    return ["O", *(f"{position}-{label}" for label in labels for position in "BIES")]
