"""Dropout whose rate training sets, and whose masks MC dropout draws. In torch alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import DeepALError

M = TypeVar("M", bound=nn.Module)


class Layers(nn.ModuleList, Generic[M]):
    """An nn.ModuleList whose modules are all of one known type."""

    if TYPE_CHECKING:

        def __iter__(self) -> Iterator[M]: ...


class Dropout(nn.Module):
    """Dropout of `width` units whose mask MC dropout sets.

    rate (float | None): A fixed rate. None: the rate that `CnnCnnLstm.set_dropout` gives.
    """

    def __init__(self, width: int, rate: float | None):
        super().__init__()
        self.width = width
        self.follows = rate is None
        self.rate = rate or 0.0
        self.mask: Tensor | None = None

    def forward(self, values: Tensor) -> Tensor:
        if self.mask is not None:
            return values * self.mask
        return F.dropout(values, self.rate, self.training)


class DropoutNetwork(nn.Module):
    """A network that knows its dropouts."""

    trained_rate: Tensor  # the last rate above 0 that training used; MC dropout uses it again

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("trained_rate", torch.zeros(()))

    @cached_property
    def dropouts(self) -> list[Dropout]:
        """RETURNS (list[Dropout]): Every dropout of the network, in a fixed order."""
        return [module for module in self.modules() if isinstance(module, Dropout)]

    def set_dropout(self, rate: float) -> None:
        """Set the rate of each dropout that the architecture leaves open: from 0 to below 1."""
        if not 0 <= rate < 1:
            raise DeepALError(f"dropout = {rate}: must be 0 or more, and below 1.")
        for dropout in self.dropouts:
            if dropout.follows:
                dropout.rate = rate
        if rate:
            self.trained_rate.fill_(rate)

    def draw_masks(self, generator: torch.Generator) -> list[Tensor]:
        """Draw a network by MC dropout (Gal & Ghahramani 2016): a mask [width] for each dropout.
        All words of all sentences share it, as they share the weights of one network."""
        masks = []
        for dropout in self.dropouts:
            rate = float(self.trained_rate) if dropout.follows else dropout.rate
            keep = torch.rand(dropout.width, generator=generator) >= rate
            masks.append(keep.float() / (1 - rate))
        return masks

    @contextmanager
    def masked(self, masks: Sequence[Tensor]) -> Iterator[None]:
        """Use the masks of `draw_masks`; afterwards the network is as it was."""
        device = self.trained_rate.device
        try:
            for dropout, mask in zip(self.dropouts, masks, strict=True):
                dropout.mask = mask.to(device)
            yield
        finally:
            for dropout in self.dropouts:
                dropout.mask = None
