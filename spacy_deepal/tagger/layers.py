"""The parts of which the encoders are built, in torch alone."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# oneDNN takes half the time of MKL on processors of AMD with AVX-512, and up to a third more with
# AVX2; for a few rows its calls cost more than they save.
AVX512 = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
ONE_DNN = AVX512 and torch.backends.mkldnn.is_available()
FEW_ROWS = 16


def one_dnn(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """[V, width_in] times the transpose of [width, width_in], plus a bias [width].

    weight: May be a transposed view: oneDNN lays it out anew by itself.
    """
    return torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")


def suits_one_dnn(weight: Tensor) -> bool:
    """Whether oneDNN can multiply with this weight."""
    return ONE_DNN and weight.device.type == "cpu" and weight.dtype == torch.float32


class _Product(torch.autograd.Function):
    """`one_dnn` with the gradients of a linear layer."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(rows, weight)
        ctx.biased = bias is not None
        return one_dnn(rows, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor | None]:
        rows, weight = ctx.saved_tensors
        d_rows = None
        if ctx.needs_input_grad[0]:
            d_rows = one_dnn(gradient.contiguous(), weight.t())
        d_weight = one_dnn(gradient.t().contiguous(), rows.t())
        return d_rows, d_weight, gradient.sum(0) if ctx.biased else None


def linear(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """What torch's function of this name computes; its products, those of the backward pass too, go
    through oneDNN where that is faster."""
    if len(rows) < FEW_ROWS or not suits_one_dnn(weight):
        return F.linear(rows, weight, bias)
    return _Product.apply(rows.contiguous(), weight, bias)


class Linear(nn.Linear):
    """A linear layer through `linear`."""

    def forward(self, values: Tensor) -> Tensor:
        return linear(values, self.weight, self.bias)


class Dropout(nn.Module):
    """Dropout whose rate training sets, and whose mask MC dropout sets.

    rate (float | None): Dropout rate. None: the rate that `set_dropout` gives.
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
        if not (self.training and self.rate):
            return values
        return values * keep(values, self.rate)


def keep(values: Tensor, rate: float) -> Tensor:
    """What dropout multiplies values with: 0 at the rate, elsewhere the inverse of what is kept.

    16 random bits a value, which take a quarter of the time of torch's own dropout on a CPU. The
    rate is rounded to 1/65,536.
    """
    dropped = round(rate * 2**16)
    longs = torch.empty(values.numel() // 4 + 1, dtype=torch.int64, device=values.device)
    random = longs.random_(-(2**63), None).view(torch.int16)[: values.numel()].view(values.shape)
    kept = torch.ge(random, dropped - 2**15, out=torch.empty_like(values))  # not by way of booleans
    return kept.mul_(2**16 / (2**16 - dropped))


class Convolution(nn.Module):
    """Convolutions over flat rows: dropout, convolution, ReLU, residual connection, layer by layer.

    The residual is projected where the widths differ. Rows of [PAD] come in as zeros and are so
    before each layer; what comes out of them is of no use.
    """

    def __init__(
        self,
        width_in: int,
        width: int,
        kernel: int,
        layers: int,
        dropouts: list[float | None],
        layer_norm: bool,
    ):
        super().__init__()
        self.kernel = kernel
        widths = [width_in] + [width] * layers
        self.dropouts = nn.ModuleList(
            Dropout(w, rate) for w, rate in zip(widths[:-1], dropouts, strict=True)
        )
        self.convolutions = nn.ModuleList(Linear(w * kernel, width) for w in widths[:-1])
        self.residuals = nn.ModuleList(
            nn.Identity() if w == width else Linear(w, width, bias=False) for w in widths[:-1]
        )
        self.norms = nn.ModuleList(
            nn.LayerNorm(width) if layer_norm else nn.Identity() for _ in range(layers)
        )
        for convolution in self.convolutions:
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            nn.init.zeros_(convolution.bias)

    def forward(self, rows: Tensor, mask: Tensor) -> Tensor:
        """rows [N, width_in], mask [N, 1] (0 at [PAD]) -> [N, width]"""
        for layer, (dropout, convolution, residual, norm) in enumerate(
            zip(self.dropouts, self.convolutions, self.residuals, self.norms, strict=True)
        ):
            rows = dropout(rows * mask if layer else rows)
            reach = self.kernel // 2
            padded = F.pad(rows, (0, 0, reach, reach))
            windows = torch.cat([padded[k : k + len(rows)] for k in range(self.kernel)], dim=1)
            rows = norm(residual(rows) + F.relu(convolution(windows)))
        return rows
