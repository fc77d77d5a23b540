"""`spacy_deepal.CnnCnnLstm.v1`: the Thinc model around the network, one static node."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, cast

import torch
from numpy.typing import NDArray
from spacy.errors import Errors
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Model, torch2xp, xp2torch
from thinc.types import Floats2d, Ints1d
from torch import nn

from ..errors import DeepALError
from .decoding import Tagger, Vectors
from .initial_text import InitialText
from .lexicon import find_vectors_scale, static_vectors
from .network import EOS, CnnCnnLstm
from .scheme import tag_count
from .shim import NetworkShim
from .sizes import Architecture, Sizes, Vocabulary, check_architecture
from .tok2vec import init_tok2vec, is_frozen

NO_DATA = "x y z"  # what nlp.initialize() has for examples when nobody gives it any


class TeacherForced(NamedTuple):
    """What the model is trained on: Docs, and the tag before each of their real words."""

    docs: Sequence[Doc]
    previous: Sequence[NDArray]  # [n_words] int64 per Doc; the number of tags stands for [GO]
    context: Vectors  # the tok2vec has run before, over the whole batch


CnnCnnLstmModel = Model[TeacherForced, NDArray]


def build_cnn_cnn_lstm(
    embed: dict[str, Any],
    encode: dict[str, Any],
    decode: dict[str, Any],
    tok2vec: Model[list[Doc], list[Floats2d]] | None = None,
) -> CnnCnnLstmModel:
    """Build the CNN-CNN-LSTM of Shen et al. (2017), section 2.

    embed, encode, decode (dict): As `sizes.Embed`, `Encode` and `Decode` describe. The factory
        `deepal_ner` has a value for each key, so a config names only those that it changes.
    tok2vec (Model | None): Vectors of tokens in their sentence, which join w_full: a layer of its
        own, such as `spacy.HashEmbedCNN.v2`, or a listener to a shared component, such as
        `spacy.Tok2VecListener.v1`. It is trained along. None: there is none.
    RETURNS (Model): From TeacherForced to logits [n_words, n_tags]. Its one layer is the tok2vec.
    RAISES (DeepALError): Names every value that is missing, unknown or out of range.
    """
    architecture = check_architecture({"embed": embed, "encode": encode, "decode": decode})
    return Model(
        "cnn_cnn_lstm",
        forward,
        init=partial(init, architecture),
        dims={"nO": None},
        layers=[] if tok2vec is None else [tok2vec],
        refs={} if tok2vec is None else {"tok2vec": tok2vec},  # for `spacy pretrain`
        attrs={"dropout_rate": 0.0},
        shims=[NetworkShim()],
    )


def tagger_of(model: Model) -> Tagger:
    """RETURNS (Tagger): The network of a model and its vocabulary.

    RAISES (DeepALError): The model is not initialised.
    """
    shim = cast(NetworkShim, model.shims[0])
    shim.fork_guard.settle()
    return shim.tagger


def checked_tagger(model: Model, name: str, labels: Sequence[str]) -> Tagger:
    """The `tagger_of` a component's model.

    RAISES (DeepALError): There is no label yet, or the weights are for other labels.
    """
    if not (labels or model.has_dim("nO")):
        raise DeepALError(Errors.E143.format(name=name))
    if model.has_dim("nO") and model.get_dim("nO") != tag_count(labels):
        raise DeepALError(
            f"The component '{name}' has {len(labels)} labels, and its weights are for "
            f"{model.get_dim('nO')} tags instead of {tag_count(labels)}. Its files are not of one "
            "model: restore them from a copy."
        )
    return tagger_of(model)


def add_tags(model: Model, count: int) -> None:
    """Let an initialised model tell more tags apart. Its predictions stay as they are."""
    n_tags = model.get_dim("nO") + count
    cast(NetworkShim, model.shims[0]).grow(n_tags)
    model.set_dim("nO", n_tags, force=True)


def init(
    architecture: Architecture,
    model: Model,
    X: InitialText | Iterable[Doc] | None = None,
    Y: Any = None,
) -> None:
    """Build the network: vocabulary from the text, tags from dimension nO.

    X (InitialText | Iterable[Doc]): All the text there is. No label is read. Y is not used.
    """
    text = X if isinstance(X, InitialText) else InitialText.of(X or [])
    if [doc.text.strip() for doc in text.sample] == [NO_DATA]:
        warnings.warn(
            "The CNN-CNN-LSTM model was initialised without data: the characters and words that it "
            "tells apart come from examples. Call nlp.initialize(lambda: examples).",
            stacklevel=2,
        )
    vocab = text.sample[0].vocab if text.sample else Vocab()
    embed, has_vectors = architecture.embed, len(vocab.vectors) > 0
    starts, projects = embed.word_init == "vectors", embed.vectors_projection > 0
    scale = 1.0
    if has_vectors and text.words and (starts or projects):
        with vocab.memory_zone():  # the vocab need not keep all words of a large pool
            scale = find_vectors_scale(vocab, [vocab.strings.add(word) for word in text.words])
    vocabulary = Vocabulary(
        characters="".join(sorted(text.characters)),
        words=tuple(sorted(text.known_words(embed.word_min_freq, embed.max_words))),
        vectors_scale=scale,
    )
    sizes = Sizes(
        **dict(architecture),
        tags=model.get_dim("nO"),
        characters=len(vocabulary.characters),
        words=len(vocabulary.words),
        vectors_width=vocab.vectors.shape[1] if has_vectors and projects else 0,
        tok2vec_width=init_tok2vec(model, text.sample),
    )
    network = CnnCnnLstm(sizes)
    if starts and has_vectors:
        start_from_vectors(network.encoder.embedding, vocabulary, vocab)
    cast(NetworkShim, model.shims[0]).set_network(network, vocabulary)


def start_from_vectors(embedding: nn.Embedding, vocabulary: Vocabulary, vocab: Vocab) -> None:
    """Set the embeddings of the words to their static vectors.

    RAISES (DeepALError): The embeddings have another width.
    """
    width = vocab.vectors.shape[1]
    if width != embedding.embedding_dim:
        raise DeepALError(
            f'embed.word_init = "vectors" needs word_width = {width}, the width of the static '
            f"vectors, not {embedding.embedding_dim}. Change [components.ner.model.embed] "
            "word_width, or name other vectors."
        )
    orths = [vocab.strings.add(word) for word in vocabulary.words]
    rows = vocabulary.vectors_scale * static_vectors(vocab, orths)
    with torch.no_grad():
        embedding.weight[EOS + 1 :] = torch.from_numpy(rows)


def forward(model: Model, X: TeacherForced, is_train: bool) -> tuple[NDArray, Callable]:
    """Run the network with teacher forcing.

    RETURNS: Logits [n_words, n_tags], Doc by Doc, and their backward pass. It returns the gradients
        of the context, [n_words, width] per Doc, or nothing where there is no tok2vec.
    """
    tagger = tagger_of(model)
    tagger.network.set_dropout(model.attrs["dropout_rate"])
    context = tagger.gather(X.context, range(len(X.docs)))
    if is_train and context is not None and not is_frozen(model):
        context.requires_grad_()
    try:
        tagger.network.train(is_train)
        with torch.set_grad_enabled(is_train):
            logits = tagger.teacher_forced(X.docs, X.previous, context)
    finally:
        tagger.network.eval()  # as prediction expects it

    def backprop(d_logits: NDArray) -> list[Floats2d]:
        gradient = xp2torch(cast(Floats2d, d_logits), device=tagger.device)
        torch.autograd.backward(logits, gradient)
        if context is None or context.grad is None:
            return []
        lengths = cast(Ints1d, [len(previous) for previous in X.previous])
        return model.ops.unflatten(cast(Floats2d, torch2xp(context.grad)), lengths)

    return logits.detach().cpu().numpy(), backprop
