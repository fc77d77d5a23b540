"""Where the Thinc model keeps the network: its life, its updates, its averages, its bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from io import BytesIO
from typing import Any

import torch
from pydantic import ValidationError
from thinc.api import Optimizer, PyTorchShim, Shim, get_array_module, torch2xp, xp2torch
from thinc.util import get_torch_default_device
from torch import nn

from ..errors import DeepALError
from .decoding import Tagger
from .forks import ForkGuard
from .network import CnnCnnLstm
from .sizes import Sizes, Vocabulary

IMPROBABLE = 5.0  # how far the bias of a new tag is below the lowest bias there is
SHARED = ("cpu", "cuda")  # where an array is the tensor's own memory; elsewhere it is a copy


class NetworkShim(PyTorchShim):
    """Holds a `Tagger`, once the model is initialised or loaded: its sizes depend on the data."""

    def __init__(self) -> None:
        super().__init__(None)
        self._tagger: Tagger | None = None
        self.fork_guard = ForkGuard()

    @property
    def tagger(self) -> Tagger:
        """The network and its vocabulary. Raises a DeepALError before initialisation."""
        if self._tagger is None:
            raise DeepALError(
                "The CNN-CNN-LSTM model has no weights yet. Call nlp.initialize(), train it with "
                "`spacy train`, or load a trained pipeline."
            )
        return self._tagger

    @property
    def network(self) -> CnnCnnLstm:
        """The torch module. Raises a DeepALError before initialisation."""
        return self.tagger.network

    def set_network(self, network: CnnCnnLstm, vocabulary: Vocabulary) -> None:
        """Take a network and its vocabulary in."""
        self._model = network.to(get_torch_default_device())
        self._tagger = Tagger(self._model, vocabulary)

    def grow(self, tags: int) -> None:
        """Make room for more tags. The new ones are improbable, so that no prediction changes."""
        old, new = self.network, tags - self.network.sizes.tags
        network = CnnCnnLstm(old.sizes.model_copy(update={"tags": tags}))
        weights = old.state_dict()
        weight, bias = weights["decoder.output.weight"], weights["decoder.output.bias"]
        weights["decoder.output.weight"] = nn.functional.pad(weight, (0, 0, 0, new))
        low = (bias.min() - IMPROBABLE).expand(new)
        weights["decoder.output.bias"] = torch.cat([bias, low])
        embedding = weights["decoder.embedding.weight"]  # that of [GO] stays the last
        drawn = network.decoder.embedding.weight.data[:new].to(embedding)
        weights["decoder.embedding.weight"] = torch.cat([embedding[:-1], drawn, embedding[-1:]])
        network.load_state_dict(weights)
        self.set_network(network, self.tagger.vocabulary)
        Shim.global_id += 1  # an optimiser knows weights by this id, and these have other shapes
        self.id = Shim.global_id

    def to_bytes(self) -> bytes:
        """RETURNS (bytes): Sizes, vocabulary and weights; empty before initialisation."""
        if self._tagger is None:
            return b""
        saved = {
            "sizes": self._tagger.network.sizes.model_dump(),
            "vocabulary": asdict(self._tagger.vocabulary),
            "weights": self._tagger.network.state_dict(),
        }
        stream = BytesIO()
        torch.save(saved, stream)
        return stream.getvalue()

    def from_bytes(self, bytes_data: bytes) -> "NetworkShim":
        """Build the network that the bytes describe, whatever network was there before.

        RAISES (DeepALError): A version with other arguments of the architecture has saved it.
        """
        self._model = self._tagger = None
        if bytes_data:
            device = get_torch_default_device()
            saved = torch.load(BytesIO(bytes_data), map_location=device, weights_only=True)
            try:
                network = CnnCnnLstm(Sizes(**saved["sizes"]))
            except ValidationError as error:
                places = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
                raise DeepALError(
                    "This model was saved by another version of spacy_deepal, whose architecture "
                    f"has other arguments: {places}. Install that version, or train it again."
                ) from error
            network.load_state_dict(saved["weights"])
            self.set_network(network, Vocabulary(**saved["vocabulary"]))
        return self

    def finish_update(self, optimizer: Optimizer) -> None:
        """Update the weights in place. The base class makes a new tensor for each weight at each
        update, which keeps the one before it alive: that scatters gigabytes of memory."""
        for name, weight in self.network.named_parameters():
            if weight.grad is not None:
                values, gradient = _array(weight.data), _array(weight.grad)
                updated, _ = optimizer((self.id, name), values, gradient)
                # What Thinc's optimisers return is another view of the same memory.
                in_place = get_array_module(values).may_share_memory(updated, values)
                if not in_place or weight.device.type not in SHARED:
                    weight.data.copy_(xp2torch(updated, device=weight.device))
                weight.grad = None  # zeros would cost the backward pass an addition
        self.tagger.forget()

    @contextmanager
    def use_params(self, params: dict) -> Iterator[None]:
        """Use other weights for a while, such as an optimiser's averages. The base class looks for
        keys under which Thinc's optimiser stores no torch weight."""
        if self._tagger is None:
            yield
            return
        backup = []
        for name, weight in self.network.named_parameters():
            if (self.id, name) in params:
                backup.append((weight, weight.data))
                weight.data = xp2torch(params[self.id, name], device=weight.device).clone()
        self._tagger.forget()
        try:
            yield
        finally:
            for weight, data in backup:
                weight.data = data
            self._tagger.forget()


def _array(values: torch.Tensor) -> Any:
    """RETURNS (array): A tensor's values; on the devices of SHARED its memory, too."""
    return values.numpy() if values.device.type == "cpu" else torch2xp(values)
