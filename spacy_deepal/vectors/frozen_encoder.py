"""`spacy_deepal.FrozenEncoder.v1`: a pretrained encoder as the tok2vec of a model."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
import srsly
import torch
from numpy.typing import NDArray
from spacy.attrs import ORTH
from spacy.tokens import Doc
from thinc.api import Model, Optimizer, Shim
from thinc.types import Floats2d

from ..errors import DeepALError
from ..sentences import word_places
from ..tagger.forks import ForkGuard
from ..tagger.packing import split
from .encoder_cache import EncoderCache, WordIds, sentence_key
from .pretrained import (
    OVERLAP,
    SPAN,
    PretrainedEncoder,
    encoder_files,
    find_encoder,
    find_fingerprint,
)

FrozenModel = Model[list[Doc], list[Floats2d]]
PLACE_REMEDY = 'In Python: spacy.load(MODEL, config={"paths": {"encoder": FOLDER}}).'


def build_frozen_encoder(
    encoder: str | None,
    layers: Sequence[int] = (),
    mix: bool = False,
    cache: str | None = None,
    cache_gb: float = 20.0,
    embed: bool = False,
) -> FrozenModel | None:
    """Build a layer that gives tokens the vectors of a pretrained encoder, which is not trained.

    encoder (str | None): The folder of a transformer, or `hub:` and the name of one on the Hugging
        Face hub. With None there is no layer.
    layers (Sequence[int]): The layers of the encoder whose vectors are joined. The first is 1; 0 is
        the input embeddings. With none, these are the layers at a third, at two thirds and at the
        end.
    mix (bool): Take a weighted mean of the layers instead, and learn the weights (Peters et al.
        2018, "Deep contextualized word representations", equation 1).
    cache (str | None): A folder that keeps the vectors of sentences. Training makes the folder. A
        trained pipeline uses it where it is there. With None nothing is kept.
    cache_gb (float): The largest size of the cache of one encoder, in gigabytes.
    embed (bool): Save the encoder with the pipeline, which then needs no folder any more.
    RETURNS (Model | None): From Docs to vectors of their tokens. White space has zeros.
    RAISES (DeepALError): The cache has no size above 0.
    """
    if not cache_gb > 0:
        raise DeepALError(
            f"cache_gb = {cache_gb:g} of the encoder's layer must be above 0. To keep nothing, set "
            "cache = null."
        )
    if encoder is None:
        return None
    return Model(
        "frozen_encoder",
        forward_encoder,
        init=init_encoder,
        dims={"nO": None},
        params={"mix": None} if mix else {},
        attrs={"frozen": not mix},  # nothing in it needs a gradient
        shims=[EncoderShim(encoder, layers, cache, cache_gb, embed)],
    )


def init_encoder(model: FrozenModel, X: Sequence[Doc] | None = None, Y: Any = None) -> None:
    """Find the encoder, make the folder of the cache, and learn the width of the vectors."""
    shim = encoder_shim(model)
    shim.start()
    width = shim.encoder.width
    if "mix" in model.param_names:
        model.set_param("mix", model.ops.alloc1f(len(shim.layers)))
        width //= len(shim.layers)
    model.set_dim("nO", width, force=True)


def forward_encoder(
    model: FrozenModel, docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    """RETURNS (list[array[n_tokens, nO]], Callable): The vectors of each Doc, and a backward pass
    that trains the weights of the layers, where there are any."""
    real = [model.ops.asarray_i(cast(Any, word_places(doc))) for doc in docs]
    mixing, lengths = "mix" in model.param_names, [len(places) for places in real]
    layers = model.get_param("mix").size if mixing else 1
    filled = [doc for doc, length in zip(docs, lengths, strict=True) if length]
    known = [np.zeros((0, layers * model.get_dim("nO")), "float16")]
    known += encoder_shim(model).read(filled)
    # Torch converts several times as fast as NumPy.
    vectors: Any = torch.from_numpy(np.concatenate(known)).float().numpy()
    vectors = model.ops.asarray(vectors)
    if not mixing:
        return _spread(model, docs, real, split(vectors, lengths)), lambda gradients: []
    mix: Any = model.get_param("mix")
    weights = model.ops.softmax(mix[None])[0]  # [K]
    vectors = vectors.reshape(-1, layers, model.get_dim("nO"))
    mixed = model.ops.xp.einsum("nkd,k->nd", vectors, weights)

    def backprop(gradients: list[Floats2d]) -> list[Doc]:
        of_words = [gradient[places] for gradient, places in zip(gradients, real, strict=True)]
        flat = model.ops.xp.concatenate(of_words)
        of_weights = model.ops.xp.einsum("nkd,nd->k", vectors, flat)
        model.inc_grad("mix", weights * (of_weights - weights @ of_weights))
        return []

    return _spread(model, docs, real, split(mixed, lengths)), backprop


def _spread(
    model: FrozenModel, docs: list[Doc], real: list[Any], vectors: list[Any]
) -> list[Floats2d]:
    """RETURNS (list[array[n_tokens, nO]]): The vectors of words, with zeros for white space."""
    tables = []
    for doc, places, table in zip(docs, real, vectors, strict=True):
        if len(places) < len(doc):
            words, table = table, model.ops.alloc2f(len(doc), model.get_dim("nO"))
            table[places] = words
        tables.append(table)
    return tables


def encoder_shim(model: FrozenModel) -> "EncoderShim":
    """RETURNS (EncoderShim): What a frozen encoder's layer holds."""
    return cast(EncoderShim, model.shims[0])


class EncoderShim(Shim):
    """Holds an encoder, which is loaded when the first sentence that the cache does not know comes.

    Its bytes have the encoder's fingerprint and layers, so that no others take their place. They
    have its files only where `embed` asks for it. The arguments are those of
    `build_frozen_encoder`.
    """

    def __init__(
        self, place: str, layers: Sequence[int], cache: str | None, cache_gb: float, embed: bool
    ):
        super().__init__(None)
        self.place, self.embed = place, embed
        self.wanted, self.layers = list(layers), list(layers)
        self.cache_place, self.cache_gb = cache, cache_gb
        self.fingerprint: str | None = None  # of the encoder that the model is trained with
        self.files: dict[str, bytes] = {}  # its own, if it came with the pipeline
        self.fork_guard = ForkGuard()
        self._forget()

    def _forget(self) -> None:
        self._encoder: PretrainedEncoder | None = None
        self._cache: EncoderCache | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles load the encoder again."""
        return {**self.__dict__, "_encoder": None, "_cache": None}

    def start(self) -> None:
        """Begin with the encoder that is in its place now."""
        self._forget()
        self.files = {}
        folder = find_encoder(self.place)
        self.fingerprint = find_fingerprint(folder)
        self._encoder = PretrainedEncoder(folder, self.wanted)
        self.layers = self._encoder.layers
        if self.cache_place is not None:
            Path(self.cache_place).expanduser().mkdir(parents=True, exist_ok=True)

    @property
    def encoder(self) -> PretrainedEncoder:
        """The encoder. Raises a DeepALError if it is missing or another than that of training."""
        if self._encoder is None:
            with self._folder() as folder:
                self._encoder = PretrainedEncoder(folder, self.layers)
        return self._encoder

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        if self.files:
            with TemporaryDirectory() as draft:
                for name, content in self.files.items():
                    Path(draft, name).write_bytes(content)
                yield Path(draft)
            return
        if self.fingerprint is None:
            raise DeepALError("The encoder's layer is not initialised. Call nlp.initialize().")
        try:
            folder = find_encoder(self.place)
        except DeepALError as error:
            raise DeepALError(f"{error} {PLACE_REMEDY}") from error
        if find_fingerprint(folder) != self.fingerprint:
            raise DeepALError(
                f"{self.place} holds another encoder than the one that this pipeline was trained "
                f"with, whose fingerprint is {self.fingerprint}. {PLACE_REMEDY}"
            )
        yield folder

    def read(self, docs: Sequence[Doc]) -> list[NDArray[np.float16]]:
        """Encode Docs that have words. What the cache knows comes from it; the rest is added.

        RETURNS (list[array[n_words, D]]): The vectors of the words of each Doc.
        """
        self.fork_guard.settle()
        cache = self._open_cache()
        sentences: list[WordIds] = [cast(Any, doc.to_array(ORTH))[word_places(doc)] for doc in docs]
        keys = [sentence_key(sentence) for sentence in sentences]
        places = {key: i for i, key in enumerate(keys)}  # which Doc has it, if several: any
        distinct = [sentences[i] for i in places.values()]
        found = cache.read(distinct) if cache else [None] * len(distinct)
        vectors = dict(zip(places, found, strict=True))
        if new := [key for key, each in vectors.items() if each is None]:
            words = [
                [token.text for token in docs[places[key]] if not token.is_space] for key in new
            ]
            encoded = self.encoder.encode(words)
            if cache:
                cache.write([sentences[places[key]] for key in new], encoded)
            vectors |= dict(zip(new, encoded, strict=True))
        return [cast(NDArray[np.float16], vectors[key]) for key in keys]

    def _open_cache(self) -> EncoderCache | None:
        """RETURNS (EncoderCache | None): None where there is no folder for it."""
        if self._cache is None and self.cache_place is not None and self.fingerprint:
            folder = Path(self.cache_place).expanduser()
            if folder.is_dir():
                layers = "-".join(map(str, self.layers))
                name = f"{self.fingerprint}_layers-{layers}_spans-{SPAN}-{OVERLAP}.sqlite"
                self._cache = EncoderCache(folder / name, self.cache_gb)
        return self._cache

    def to_bytes(self) -> bytes:
        """RETURNS (bytes): Fingerprint and layers, and the encoder's files if it is embedded."""
        files = self.files
        if self.embed and self.fingerprint and not files:
            with self._folder() as folder:
                files = {path.name: path.read_bytes() for path in encoder_files(folder)}
        saved = {"fingerprint": self.fingerprint, "layers": self.layers, "files": files}
        return cast(bytes, srsly.msgpack_dumps(saved))

    def from_bytes(self, bytes_data: bytes) -> "EncoderShim":
        """Expect the encoder that the bytes name, or take the one that they hold."""
        saved = srsly.msgpack_loads(bytes_data)
        self.fingerprint, self.layers = saved["fingerprint"], saved["layers"]
        self.files = saved["files"]
        self._forget()
        return self

    def finish_update(self, optimizer: Optimizer) -> None:
        """Nothing is trained here."""

    def to_device(self, device_type: str, device_id: int) -> None:
        """Load the encoder again where it is needed: on Thinc's device."""
        self._forget()
