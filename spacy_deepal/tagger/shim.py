"""Where the Thinc model keeps the torch network: its life, its updates, its bytes."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.vocab import Vocab
from thinc.api import Optimizer, PyTorchShim, get_array_module, torch2xp, xp2torch
from thinc.util import get_torch_default_device

from ..errors import DeepALError
from .features import word_tensors
from .inference import Inference
from .lexicon import CACHED_WORDS, Lexicon
from .network import CnnCnnLstm

SHARED = ("cpu", "cuda")  # where an array is the tensor's own memory; elsewhere it is a copy
AT_ONCE = 1024  # words worked out at once: what lies between them and the tables stays small

if hasattr(os, "register_at_fork"):
    # The threads of torch do not survive a fork: a child of `nlp.pipe(n_process=2)` would wait for
    # them for ever once the parent has used them.
    os.register_at_fork(after_in_child=partial(torch.set_num_threads, 1))


class NetworkShim(PyTorchShim):
    """The network, and the lexicon that goes with its vocabulary.

    Both are None until the model is initialised or loaded: their sizes depend on the data.

    batch_words, beam_width (int): Of prediction, as the architecture has them.
    """

    def __init__(self, batch_words: int, beam_width: int) -> None:
        super().__init__(
            None, serialize_model=serialize_network, deserialize_model=deserialize_network
        )
        self.lexicon: Lexicon | None = None
        self.batch_words, self.beam_width = batch_words, beam_width
        self._forget()

    def __getstate__(self) -> dict[str, Any]:
        """The tables of words can be computed again: leave them out of copies and pickles."""
        return {**self.__dict__, "_inference": None, "_made_of": None}

    def _forget(self) -> None:
        self._inference: Inference | None = None
        self._made_of: Any = None

    def inference(self, vocab: Vocab, orths: NDArray) -> tuple[Inference, NDArray[np.int64]]:
        """Prediction with the weights and masks as they are now.

        Its tables are kept until weights, masks, or the features of a word change. Threads take
        turns in making them, and what an interruption leaves half made is made anew.

        vocab (Vocab): Where the words' lexemes and vectors are.
        orths (array[U]): ORTH ids, distinct.
        RETURNS (Inference, array[U]): It, and the rows of its tables that these words have.
        """
        with self.lexicon.lock, torch.inference_mode(False), ExitStack() as interrupted:
            interrupted.callback(self._forget)
            rows = self.lexicon.find(vocab, orths)
            self._make_tables()
            interrupted.pop_all()
            return self._inference, rows + 1

    def _make_tables(self) -> None:
        """Make the tables that there are not, of all words of the lexicon."""
        # Kept alive, so that no other tensor can have their place in memory. What is done to
        # `weight.data` raises no version: `finish_update` and `use_params` forget by themselves.
        weights = [weight.detach() for weight in self.network.parameters()]
        masks = [dropout.mask for dropout in self.network.dropouts()]
        key = (
            [(weight.data_ptr(), weight._version) for weight in weights],
            [id(part) for part in (self.lexicon.rows, *masks)],
        )
        if self._inference is None or self._made_of[0] != key:
            self._inference = Inference(self.network, CACHED_WORDS)
            self._made_of = key, weights, masks, self.lexicon.rows
        for start in range(self._inference.words, self.lexicon.size, AT_ONCE):
            new = np.arange(start, min(start + AT_ONCE, self.lexicon.size))
            self._inference.add(word_tensors(self.lexicon, new, self.network, self.device))

    def set_network(self, network: CnnCnnLstm) -> None:
        """Take a network in and make its lexicon."""
        self._model = network.to(get_torch_default_device())
        self.lexicon = Lexicon(network.config)
        self._forget()

    @property
    def network(self) -> CnnCnnLstm:
        """The torch module. Raises a DeepALError before initialisation."""
        if self._model is None:
            raise DeepALError(
                "The CNN-CNN-LSTM model has no weights yet. Call nlp.initialize(), train it with "
                "`spacy train`, or load a trained pipeline."
            )
        return self._model

    def from_bytes(self, bytes_data: bytes) -> "NetworkShim":
        super().from_bytes(bytes_data)
        if self._model is not None:
            self.lexicon = Lexicon(self._model.config)
        self._forget()
        return self

    def finish_update(self, optimizer: Optimizer) -> None:
        """Update the weights in place.

        The base class makes a new tensor for each weight at each update, and every one keeps the
        one before it alive: over a training that scatters gigabytes of memory.
        """
        for name, weight in self.network.named_parameters():
            if weight.grad is not None:
                values, gradient = _array(weight.data), _array(weight.grad)
                updated, _ = optimizer((self.id, name), values, gradient)
                # What Thinc's optimisers return is another view of the same memory.
                in_place = get_array_module(values).may_share_memory(updated, values)
                if not in_place or weight.device.type not in SHARED:
                    weight.data.copy_(xp2torch(updated, device=weight.device))
                weight.grad = None  # zeros would cost the backward pass an addition
        self._forget()

    @contextmanager
    def use_params(self, params: dict) -> Iterator[None]:
        """Use other weights for a while, such as an optimiser's averages.

        The base class looks for keys under which Thinc's optimiser stores no torch weight, so that
        `use_averages = true` would do nothing.
        """
        weights = dict(self._model.named_parameters()) if self._model is not None else {}
        backup = {}
        for name, weight in weights.items():
            if (self.id, name) in params:
                backup[name] = weight.data
                weight.data = xp2torch(params[self.id, name], device=weight.device).clone()
        self._forget()
        try:
            yield
        finally:
            for name, data in backup.items():
                weights[name].data = data
            self._forget()


def _array(values: torch.Tensor) -> Any:
    """A tensor's values; on the devices of SHARED its memory, too."""
    return values.numpy() if values.device.type == "cpu" else torch2xp(values)


def serialize_network(network: CnnCnnLstm | None) -> bytes:
    """Weights and all that is needed to build the network again; empty before initialisation."""
    if network is None:
        return b""
    stream = BytesIO()
    torch.save({"config": network.config, "weights": network.state_dict()}, stream)
    return stream.getvalue()


def deserialize_network(network: Any, data: bytes, device: torch.device) -> CnnCnnLstm | None:
    """Build the network that the bytes describe, whatever network was there before."""
    if not data:
        return None
    saved = torch.load(BytesIO(data), map_location=device, weights_only=True)
    network = CnnCnnLstm(saved["config"])
    network.load_state_dict(saved["weights"])
    return network.to(device)
