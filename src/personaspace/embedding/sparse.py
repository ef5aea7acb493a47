"""Sparse matrices of answers: a row per respondent, a column per option or question."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray, IntArray

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


def chosen_options(answers: Answers, respondents: int, offsets: IntArray, values: npt.ArrayLike = 1.0) -> Matrix:
    """A row per respondent with a value at every option chosen, and 0 elsewhere.

    Args:
        answers: Ascending by respondent.
        respondents: How many.
        offsets: Start of each question's options, shape ``[questions + 1]``.
        values: Of every answer, or one for all.

    Returns:
        Shape ``[respondents, options]``.
    """
    nodes = offsets[answers.question] + answers.option
    return sparse_rows(answers.respondent, nodes, values, (respondents, int(offsets[-1])))


def inverse_root_degrees(answers: Answers, respondents: int, prior: float) -> FloatArray:
    """1 / sqrt(n_i + prior) for the number n_i of answers of every respondent, shape ``[respondents]``."""
    norm: FloatArray = 1 / np.sqrt(np.bincount(answers.respondent, minlength=respondents) + prior)
    return norm
