"""Matrix products and dropout for training on a CPU: what torch computes, in less time."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ..dropout import Dropout

# oneDNN takes half the time of MKL on processors of AMD with AVX-512, and up to a third more time
# with AVX2 alone. For a few rows its calls cost more than they save.
AVX512 = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
FEW_ROWS = 16


class OneDnn(NamedTuple):
    """The two private operators of torch through which oneDNN can be called directly."""

    pointwise: Callable[..., Tensor]
    pack: Callable[..., Tensor]  # a weight [width, width_in], as oneDNN likes it best

    def linear(self, rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """[V, width_in] times the transpose of [width, width_in], plus a bias [width].

        weight: What `pack` returns, or a plain tensor. It may be a transposed view.
        """
        return self.pointwise(rows, weight, bias, "none", [], "")


@cache
def find_one_dnn() -> OneDnn | None:
    """Look for the operators and try them once: another version of torch may have others.

    RETURNS (OneDnn | None): None where oneDNN is slower than torch's own choice, or does not work.
    """
    if not (AVX512 and torch.backends.mkldnn.is_available()):
        return None
    rows, weight, bias = torch.ones(FEW_ROWS, 3), torch.ones(2, 3), torch.ones(2)
    try:
        operators = torch.ops.mkldnn
        found = OneDnn(operators._linear_pointwise, operators._reorder_linear_weight)
        results = [found.linear(rows, each, bias) for each in (weight, found.pack(weight))]
    except (AttributeError, RuntimeError, TypeError):
        return None
    expected = F.linear(rows, weight, bias)
    return found if all(torch.equal(result, expected) for result in results) else None


def one_dnn_for(weight: Tensor) -> OneDnn | None:
    """RETURNS (OneDnn | None): None where oneDNN cannot multiply with this weight."""
    suits = weight.device.type == "cpu" and weight.dtype == torch.float32
    return find_one_dnn() if suits else None


class _Product(torch.autograd.Function):
    """`OneDnn.linear` with the gradients of a linear layer."""

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor | None, one_dnn: OneDnn
    ) -> Tensor:
        ctx.save_for_backward(rows, weight)
        ctx.biased, ctx.one_dnn = bias is not None, one_dnn
        return one_dnn.linear(rows, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, Tensor, Tensor | None, None]:
        (gradient,) = gradients
        rows, weight = ctx.saved_tensors
        product = ctx.one_dnn.linear
        d_rows = None
        if ctx.needs_input_grad[0]:
            d_rows = product(gradient.contiguous(), weight.t())
        d_weight = product(gradient.t().contiguous(), rows.t())
        return d_rows, d_weight, gradient.sum(0) if ctx.biased else None, None


def linear(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """What torch's function of this name computes; the products go through oneDNN, those of the
    backward pass too, where that is faster."""
    one_dnn = one_dnn_for(weight)
    if one_dnn is None or len(rows) < FEW_ROWS:
        return F.linear(rows, weight, bias)
    return _Product.apply(rows.contiguous(), weight, bias, one_dnn)


def drop(dropout: Dropout, values: Tensor) -> Tensor:
    """What a Dropout computes, in a quarter of the time on a CPU: it draws 16 random bits a value,
    so the rate is rounded to 1/65,536."""
    if dropout.mask is not None:
        return values * dropout.mask
    if not (dropout.training and dropout.rate):
        return values
    dropped = round(dropout.rate * 2**16)
    longs = torch.empty(values.numel() // 4 + 1, dtype=torch.int64, device=values.device)
    random = longs.random_(-(2**63), None).view(torch.int16)[: values.numel()].view(values.shape)
    kept = torch.ge(random, dropped - 2**15, out=torch.empty_like(values))  # writes floats directly
    return values * kept.mul_(2**16 / (2**16 - dropped))
