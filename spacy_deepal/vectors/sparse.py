"""A sparse matrix whose products torch computes fast in one thread, without its beta layouts."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import embedding_bag


@dataclass(frozen=True)
class SparseMatrix:
    """A matrix of which only some entries are stored, one row after the other.

    starts (Tensor[n_rows]): Where the entries of each row begin.
    columns (Tensor[n_entries]): The column of each entry. Entries at one place are summed.
    values (Tensor[n_entries]): What stands there.
    transposed (tuple[Tensor, Tensor, Tensor]): The same three for the transposed matrix.
    """

    starts: torch.Tensor
    columns: torch.Tensor
    values: torch.Tensor
    transposed: tuple[torch.Tensor, torch.Tensor, torch.Tensor]

    @classmethod
    def from_entries(
        cls, rows: NDArray, columns: NDArray, values: NDArray, shape: tuple[int, int]
    ) -> "SparseMatrix":
        """Make a matrix from its entries in any order.

        rows (array[n_entries]), columns (array[n_entries]): Where each entry stands.
        values (array[n_entries]): What stands there.
        shape (tuple[int, int]): Numbers of rows and of columns.
        """
        matrix = _by_rows(rows, columns, values, shape[0])
        return cls(*matrix, transposed=_by_rows(columns, rows, values, shape[1]))

    def times(self, dense: torch.Tensor) -> torch.Tensor:
        """RETURNS (Tensor[n_rows, D]): The product with a dense matrix [n_columns, D]."""
        return _product(self.starts, self.columns, self.values, dense)

    def transposed_times(self, dense: torch.Tensor) -> torch.Tensor:
        """RETURNS (Tensor[n_columns, D]): The transposed matrix times a dense one [n_rows, D]."""
        return _product(*self.transposed, dense)


def _by_rows(
    rows: NDArray, columns: NDArray, values: NDArray, n_rows: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    order = np.argsort(rows, kind="stable")
    starts = np.searchsorted(rows[order], np.arange(n_rows))
    return (
        torch.from_numpy(starts),
        torch.from_numpy(columns[order]),
        torch.from_numpy(values[order].astype("float32")),
    )


def _product(
    starts: torch.Tensor, columns: torch.Tensor, values: torch.Tensor, dense: torch.Tensor
) -> torch.Tensor:
    return embedding_bag(columns, dense, starts, mode="sum", per_sample_weights=values)
