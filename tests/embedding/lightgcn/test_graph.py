from __future__ import annotations

import numpy as np
import torch

from personaspace.embedding.lightgcn.graph import Edges, keep_edges
from personaspace.embedding.sparse import sparse_rows

ROWS, COLUMNS = np.array([0, 0, 2, 3]), np.array([1, 2, 0, 2])


def test_products_and_their_gradients_are_those_of_the_dense_matrix() -> None:
    matrix = sparse_rows(ROWS, COLUMNS, [1.0, 2.0, 3.0, 4.0], (4, 3))
    dense = torch.from_numpy(matrix.toarray())
    sparse_input, dense_input = (torch.arange(6.0).view(3, 2).requires_grad_() for _ in range(2))
    edges = Edges(matrix)
    found = edges.to_options(edges.to_respondents(sparse_input))
    expected = dense.T @ (dense @ dense_input)
    torch.testing.assert_close(found, expected)
    torch.autograd.backward(found.square().sum())
    torch.autograd.backward(expected.square().sum())
    torch.testing.assert_close(sparse_input.grad, dense_input.grad)


def test_dropped_edges_leave_zeros_and_the_others_scaled_up() -> None:
    matrix, never = sparse_rows(ROWS, COLUMNS, 1.0, (4, 3)), np.zeros(4, np.bool_)
    dropped = keep_edges(matrix, np.array([True, False, True, False]), never)
    assert dropped.toarray().tolist() == [[0, 2, 0], [0, 0, 0], [2, 0, 0], [0, 0, 0]]
    assert keep_edges(matrix, never, never).nnz == 0


def test_what_is_always_kept_is_not_scaled() -> None:
    matrix, visible = sparse_rows(ROWS, COLUMNS, 1.0, (4, 3)), np.array([False, True, False, False])
    kept = keep_edges(matrix, np.array([True, True, False, False]), visible)
    assert kept.toarray().tolist() == [[0, 3, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]]
