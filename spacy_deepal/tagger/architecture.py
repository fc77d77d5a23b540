"""`spacy_deepal.CnnCnnLstm.v1`: the Thinc model around the network, one static node."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import ArgsKwargs, Model, torch2xp, xp2torch
from thinc.types import Floats2d

from ..errors import DeepALError
from .context import context_tensor, init_tok2vec, predict_context
from .features import make_batch, word_orths
from .lexicon import LEXEME_ATTRIBUTES, find_vectors_scale
from .network import Batch, CnnCnnLstm
from .prediction import check_vectors, predict_paths
from .shim import NetworkShim

NO_DATA = "x y z"  # what nlp.initialize() has for examples when nobody gives it any
# Lexical attributes and the rows of their tables. Chinese has thousands of affixes of one letter.
DEFAULT_ATTRS = {
    "NORM": 2000,
    "SHAPE": 1000,
    **{"PREFIX1": 1000, "PREFIX2": 1000, "PREFIX3": 1000, "PREFIX4": 1000},
    **{"SUFFIX1": 1000, "SUFFIX2": 1000, "SUFFIX3": 1000, "SUFFIX4": 1000},
}


class TeacherForced(NamedTuple):
    """What the model is trained on: Docs, and the tag before each of their real words.

    The tok2vec has run before, over the whole batch: its vectors are an input like any other.
    """

    docs: Sequence[Doc]
    previous: Sequence[NDArray]  # [n_words] int64 per Doc; the number of tags stands for [GO]
    context: Sequence[Floats2d | None] = ()  # [n_words, width] per Doc, where there is a tok2vec


def build_cnn_cnn_lstm(
    char_width: int = 25,
    char_filters: int = 50,
    char_kernel: int = 3,
    char_layers: int = 1,
    char_dropout: float | None = None,
    word_width: int = 64,
    word_drop: float = 0.5,
    word_min_freq: int = 2,
    word_dropout: float | None = None,
    attrs: list[str] = list(DEFAULT_ATTRS),  # noqa: B006 (read only)
    attr_rows: list[int] = list(DEFAULT_ATTRS.values()),  # noqa: B006, B008 (read only)
    attr_width: int = 8,
    vectors_projection: int = 96,
    encoder_width: int = 128,
    encoder_kernel: int = 3,
    encoder_layers: int = 2,
    encoder_dropout: float | None = None,
    layer_norm: bool = True,
    decoder_width: int = 64,
    decoder_layers: int = 1,
    decoder_dropout: float | None = None,
    tag_width: int = 16,
    max_chars: int = 48,
    batch_words: int = 12000,
    beam_width: int = 4,
    tok2vec: Model[list[Doc], list[Floats2d]] | None = None,
    tok2vec_projection: int = 96,
) -> Model[Any, Any]:
    """Build the CNN-CNN-LSTM of Shen et al. (2017), section 3.

    A dropout of None follows the `drop` of training ([training] dropout); a number is fixed.

    char_width (int): Width of a character's embedding.
    char_filters, char_kernel, char_layers (int): Convolutions over the characters of a word.
    char_dropout (float | None): Before each of these convolutions.
    word_width (int): Width of a word's embedding.
    word_drop (float): Share of words that training replaces by [UNK] (embedding only).
    word_min_freq (int): Words that the training text has less often are [UNK].
    word_dropout (float | None): On w_full = (w_char, w_emb, features).
    attrs (list[str]): Lexical attributes beside the embedding: NORM, LOWER, SHAPE, PREFIX, SUFFIX
        as spaCy's lexemes have them, PREFIX<n> and SUFFIX<n> for n characters. Empty: none, as in
        the paper.
    attr_rows (list[int]): Rows of each attribute's table, into which its values are hashed.
    attr_width (int): Width of an attribute's embedding.
    vectors_projection (int): Width to which static vectors are projected, when the vocab has any;
        0: they are not used.
    encoder_width, encoder_kernel, encoder_layers (int): Convolutions over the words.
    encoder_dropout (float | None): Between these convolutions.
    layer_norm (bool): Normalise the output of each convolution over words.
    decoder_width, decoder_layers (int): LSTM decoder.
    decoder_dropout (float | None): On the decoder's input, between its layers and before the tags.
    tag_width (int): Width of the last tag's embedding.
    max_chars (int): A longer word keeps its first and last characters.
    batch_words (int): Most words, padding counted, that prediction decodes at once.
    beam_width (int): Where the greedy path of tags breaks their scheme, entities are read off the
        most probable path that keeps it which a beam so wide finds; 1: off the greedy path, as in
        the paper. Acquisition functions read the greedy path.
    tok2vec (Model | None): Vectors of tokens in their sentence, which join w_full: a layer of its
        own, such as `spacy.HashEmbedCNN.v2`, or a listener to a component that others share, such
        as `spacy.Tok2VecListener.v1`. It is trained along.
    tok2vec_projection (int): Width to which these vectors are projected.
    RETURNS (Model): From Docs to Paths; in training from TeacherForced to logits [n_words, n_tags];
        its one layer is the tok2vec, if any.
    RAISES (DeepALError): For values out of range, all of them named.
    """
    config = dict(locals())
    del config["tok2vec"]
    config["attrs"], config["attr_rows"] = list(attrs), list(attr_rows)
    check_config(config)
    # Of prediction alone: read from the config, also where a model is loaded from its bytes.
    del config["batch_words"], config["beam_width"]
    return Model(
        "cnn_cnn_lstm",
        forward,
        init=init,
        dims={"nO": None},
        layers=[] if tok2vec is None else [tok2vec],
        refs={} if tok2vec is None else {"tok2vec": tok2vec},  # for `spacy pretrain`
        attrs={"config": config, "dropout_rate": 0.0},
        shims=[NetworkShim(batch_words, beam_width)],
    )


def check_config(config: dict[str, Any]) -> None:
    """Raise a DeepALError that names every value out of range."""
    bad = []
    for key, value in config.items():
        if key.endswith(("dropout", "word_drop")):
            if value is not None and not 0 <= value < 1:
                bad.append(f"{key} = {value}: must be at least 0 and below 1")
        elif isinstance(value, int) and not isinstance(value, bool):
            least = 0 if key == "vectors_projection" else 4 if key == "max_chars" else 1
            if value < least:
                bad.append(f"{key} = {value}: must be at least {least}")
            if key.endswith("kernel") and value % 2 == 0:
                bad.append(f"{key} = {value}: must be odd, so that a window has a middle")
    if len(config["attrs"]) != len(config["attr_rows"]):
        bad.append(
            f"attr_rows = {config['attr_rows']}: needs a number for each of the "
            f"{len(config['attrs'])} attrs"
        )
    bad += [f"attr_rows: {rows} must be at least 1" for rows in config["attr_rows"] if rows < 1]
    for attr in config["attrs"]:
        affix = attr.startswith(("PREFIX", "SUFFIX")) and attr[6:].isdecimal() and int(attr[6:]) > 0
        if attr not in LEXEME_ATTRIBUTES and not affix:
            bad.append(
                f"attrs: {attr!r} is unknown; use {', '.join(LEXEME_ATTRIBUTES)}, PREFIX<n> or "
                "SUFFIX<n>"
            )
    if bad:
        raise DeepALError("spacy_deepal.CnnCnnLstm.v1 cannot be built:\n- " + "\n- ".join(bad))


def init(model: Model, X: Iterable[Doc] | None = None, Y: Any = None) -> None:
    """Build the network: vocabularies from the text of the Docs, tags from dimension nO.

    X (Iterable[Doc]): All the text there is; no label is read. Y is not used.
    """
    docs = list(X or [])
    if [doc.text.strip() for doc in docs] == [NO_DATA]:
        warnings.warn(
            "The CNN-CNN-LSTM model was initialised without data: the characters and words that it "
            "tells apart come from examples. Call nlp.initialize(lambda: examples).",
            stacklevel=2,
        )
    characters: set[str] = set()
    words: Counter[str] = Counter()
    for doc in docs:
        words.update(token.text for token in doc if not token.is_space)
    for word in words:
        characters.update(word)
    config = dict(model.attrs["config"])
    least = config["word_min_freq"]
    config["characters"] = "".join(sorted(characters))
    config["words"] = sorted(word for word, count in words.items() if count >= least)
    vocab = docs[0].vocab if docs else Vocab()
    used = config["vectors_projection"] and len(vocab.vectors)
    config["vectors_width"] = vocab.vectors.shape[1] if used else 0
    orths = [vocab.strings[word] for word in words] if used else []
    config["vectors_scale"] = find_vectors_scale(vocab, orths) if used else 1.0
    config["tok2vec_width"] = init_tok2vec(model, docs)
    config["n_tags"] = model.get_dim("nO")
    model.shims[0].set_network(CnnCnnLstm(config))


def forward(model: Model, X: Any, is_train: bool) -> tuple[Any, Callable]:
    """TeacherForced -> logits [n_words, n_tags] and their backward pass, which gives the gradients
    of the context [n_words, width] per Doc; Docs -> Paths."""
    shim = model.shims[0]
    if not isinstance(X, TeacherForced):
        context = predict_context(model, X, shim.batch_words)
        return predict_paths(shim, X, shim.batch_words, context, shim.beam_width), _no_backprop
    shim.network.set_dropout(model.attrs["dropout_rate"])
    sentences = [word_orths(doc) for doc in X.docs]
    batch = batch_of(shim, sentences, X.docs[0].vocab, X.context)
    if is_train and batch.context is not None:
        batch.context.requires_grad_()
    previous = xp2torch(np.concatenate(X.previous), device=shim.device)
    output, torch_backprop = shim(ArgsKwargs((batch, previous), {}), is_train)

    def backprop(d_logits: NDArray) -> list[Floats2d]:
        gradient = xp2torch(d_logits, device=shim.device)
        torch_backprop(ArgsKwargs(((output,),), {"grad_tensors": (gradient,)}))
        if batch.context is None:
            return []
        lengths = [len(sentence) for sentence in sentences]
        return model.ops.unflatten(torch2xp(batch.context.grad), lengths)

    return output.detach().cpu().numpy(), backprop


def batch_of(
    shim: NetworkShim,
    sentences: Sequence[NDArray],
    vocab: Vocab,
    context: Sequence[Floats2d | None] = (),
) -> Batch:
    """Lay sentences (ORTH ids) out as this network needs them."""
    check_vectors(shim, vocab)
    config = shim.network.config
    return make_batch(
        sentences,
        vocab,
        shim.lexicon,
        gap=config["encoder_kernel"] // 2,
        char_gap=config["char_kernel"] // 2,
        context=context_tensor(shim, context),
        device=shim.device,
    )


def _no_backprop(_: Any) -> list:
    return []
