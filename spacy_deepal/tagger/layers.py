"""The parts of which the encoders are built, in torch alone."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


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
        return F.dropout(values, self.rate, training=self.training)


class Convolution(nn.Module):
    """Convolutions over flat rows: dropout, convolution, ReLU, residual connection, layer by layer.

    The residual is projected where the widths differ. Rows of [PAD] are zero before each layer.
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
        self.convolutions = nn.ModuleList(nn.Linear(w * kernel, width) for w in widths[:-1])
        self.residuals = nn.ModuleList(
            nn.Identity() if w == width else nn.Linear(w, width, bias=False) for w in widths[:-1]
        )
        self.norms = nn.ModuleList(
            nn.LayerNorm(width) if layer_norm else nn.Identity() for _ in range(layers)
        )
        for convolution in self.convolutions:
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            nn.init.zeros_(convolution.bias)

    def forward(self, rows: Tensor, mask: Tensor) -> Tensor:
        """rows [N, width_in], mask [N, 1] (0 at [PAD]) -> [N, width]"""
        for dropout, convolution, residual, norm in zip(
            self.dropouts, self.convolutions, self.residuals, self.norms, strict=True
        ):
            rows = dropout(rows)
            reach = self.kernel // 2
            padded = F.pad(rows, (0, 0, reach, reach))
            windows = torch.cat([padded[k : k + len(rows)] for k in range(self.kernel)], dim=1)
            rows = norm(residual(rows) + F.relu(convolution(windows))) * mask
        return rows
