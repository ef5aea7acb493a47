"""The graph of respondents and options as sparse matrices, and products with them that carry gradients."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from scipy.sparse import csr_array
from torch import Tensor

from personaspace.survey.arrays import IntArray

Matrix: TypeAlias = csr_array[np.float32, tuple[int, int]]


def sparse_rows(rows: IntArray, columns: IntArray, values: npt.ArrayLike, shape: tuple[int, int]) -> Matrix:
    """A sparse matrix from entries whose rows ascend.

    Args:
        rows: Row of every entry, ascending.
        columns: Column of every entry.
        values: Value of every entry, or one for all.
        shape: Shape of the matrix.

    Returns:
        The matrix in CSR, its entries in the order given.

    Example:
        >>> sparse_rows(np.array([0, 0, 2]), np.array([1, 2, 0]), 1.0, (3, 3)).toarray().tolist()
        [[0.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=shape[0]))])
    data = np.broadcast_to(np.asarray(values, np.float32), len(columns))
    return csr_array((data, columns, starts), shape=shape)


def keep_edges(matrix: Matrix, kept: IntArray) -> Matrix:
    """The matrix with some of its entries, scaled up so that sums keep their expectation.

    Args:
        matrix: Any.
        kept: Which entries, ascending, counted in the matrix's order.

    Returns:
        The matrix of kept entries, each divided by the share that was kept.
    """
    share = max(len(kept) / max(matrix.nnz, 1), 1 / max(matrix.nnz, 1))
    data = matrix.data.take(kept) / np.float32(share)
    return csr_array((data, matrix.indices.take(kept), np.searchsorted(kept, matrix.indptr)), shape=matrix.shape)


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, vectors: Tensor, matrix: Tensor, transposed: Tensor) -> Tensor:
        ctx.transposed = transposed
        return matrix @ vectors

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return ctx.transposed @ gradients[0].contiguous(), None, None


class Edges:
    """A sparse matrix with its transpose kept; multiplying by either carries the gradient and uses every core.

    Args:
        matrix: Shape ``[respondents, options]``.
    """

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = _as_tensor(matrix)
        self.transposed = _as_tensor(csr_array(matrix.T))

    def to_respondents(self, options: Tensor) -> Tensor:
        """From option vectors ``[options, dim]`` to respondent vectors ``[respondents, dim]``."""
        return _product(options, self.matrix, self.transposed)

    def to_options(self, respondents: Tensor) -> Tensor:
        """From respondent vectors ``[respondents, dim]`` to option vectors ``[options, dim]``."""
        return _product(respondents, self.transposed, self.matrix)


def _as_tensor(matrix: Matrix) -> Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
        starts, columns = (
            torch.tensor(matrix.indptr, dtype=torch.int32),
            torch.tensor(matrix.indices, dtype=torch.int32),
        )
        return torch.sparse_csr_tensor(starts, columns, torch.tensor(matrix.data), matrix.shape, check_invariants=False)


def _product(vectors: Tensor, matrix: Tensor, transposed: Tensor) -> Tensor:
    apply: Callable[..., Tensor] = _Product.apply
    return apply(vectors, matrix, transposed)
