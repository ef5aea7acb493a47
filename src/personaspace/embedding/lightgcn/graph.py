"""The graph of respondents and the options they chose, along which vectors travel with their gradients."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.sparse import csr_array
from torch import Tensor

from personaspace.embedding.sparse import Matrix, inverse_root_degrees, sparse_rows
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import BoolArray, FloatArray, IntArray
from personaspace.survey.survey import Survey
from personaspace.survey.trait_questions import about_traits
from personaspace.survey.validation import training_and_validation_answers


class Graph:
    """A bipartite graph: respondents of a survey, or of a part of it, and the options they chose.

    Args:
        survey: Whose answers.
        prior: Empty answers added to every respondent's degree.
        option_norm: 1 / sqrt(deg_o) in the whole survey, shape ``[options]``; from this survey where not given.
        share: The part of all respondents that these are; what options receive from them is divided by it.
        weights: What each respondent counts in the loss, of mean 1 in the whole survey; equal where not given.
    """

    def __init__(
        self,
        survey: Survey,
        prior: float,
        option_norm: npt.NDArray[np.float32] | None = None,
        share: float = 1.0,
        weights: FloatArray | None = None,
    ) -> None:
        self.answers, self.validation = training_and_validation_answers(survey)
        self.present, self.share = np.unique(self.answers.respondent), share
        self.visible = about_traits(survey.questions)[self.answers.question]
        nodes = survey.offsets[self.answers.question] + self.answers.option
        weight = None if weights is None else weights[self.answers.respondent]
        self.counts = np.bincount(nodes, weight, minlength=int(survey.offsets[-1]))
        norm = inverse_root(self.counts) if option_norm is None else option_norm
        values = inverse_root_degrees(self.answers, len(survey.respondents), prior)[self.answers.respondent]
        shape = (len(survey.respondents), len(self.counts))
        self.matrix = sparse_rows(self.answers.respondent, nodes, values * norm[nodes], shape)
        self.edges = Edges(self.matrix)
        self.weights = None if weights is None else torch.tensor(weights, dtype=torch.float32)

    def propagated(self, options: Tensor, layers: int, edges: Edges | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Vectors after travelling along the graph, all divided by ``layers + 1``.

        Args:
            options: v^(0), shape ``[options, dim]``.
            layers: How often they travel.
            edges: Part of the graph; the whole where not given.

        Returns:
            u, the sum of u^(1), u^(3), ...; v, the sum of v^(0), v^(2), ...; and what options send to respondents,
            from which ``edges`` makes u: the sum of v^(0), v^(2), ... below ``layers``.
        """
        edges = edges or self.edges
        sent, received, reached = options, options, edges.to_respondents(options)
        respondents, latest = reached, options
        for layer in range(2, layers + 1):
            if layer % 2:
                sent, reached = sent + latest, edges.to_respondents(latest)
                respondents = respondents + reached
            else:
                latest = edges.to_options(reached) / self.share
                received = received + latest
        scale = 1 / (layers + 1)
        return respondents * scale, received * scale, sent * scale

    def left_out(self, kept: BoolArray, rows: IntArray) -> Answers:
        """The answers of some respondents that are not kept."""
        here = np.zeros(self.matrix.shape[0], np.bool_)
        here[rows] = True
        return self.answers.where(np.flatnonzero(here[self.answers.respondent] & ~kept))


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


def keep_edges(matrix: Matrix, kept: BoolArray, visible: BoolArray) -> Matrix:
    """Drop entries of a sparse matrix at random and scale the others up, so that sums keep their expectation.

    Args:
        matrix: Any.
        kept: Whether each entry is kept, in the matrix's order.
        visible: Whether it is always kept, and so never scaled.

    Returns:
        The matrix of kept entries, those that might have been dropped divided by the share of them that was kept.
    """
    at = np.flatnonzero(kept)
    share = max(int((kept & ~visible).sum()), 1) / max(int((~visible).sum()), 1)
    data = matrix.data.take(at) / np.where(visible[at], 1, share).astype(np.float32)
    return csr_array((data, matrix.indices.take(at), np.searchsorted(at, matrix.indptr)), shape=matrix.shape)


def inverse_root(counts: FloatArray | IntArray) -> npt.NDArray[np.float32]:
    """1 / sqrt(deg_o), shape ``[options]``."""
    return (1 / np.sqrt(np.maximum(counts, 1))).astype(np.float32)


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, vectors: Tensor, matrix: Tensor, transposed: Tensor) -> Tensor:
        ctx.transposed = transposed
        return matrix @ vectors

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return ctx.transposed @ gradients[0].contiguous(), None, None


def _product(vectors: Tensor, matrix: Tensor, transposed: Tensor) -> Tensor:
    apply: Callable[..., Tensor] = _Product.apply
    return apply(vectors, matrix, transposed)


def _as_tensor(matrix: Matrix) -> Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
        starts, columns = (
            torch.tensor(matrix.indptr, dtype=torch.int32),
            torch.tensor(matrix.indices, dtype=torch.int32),
        )
        return torch.sparse_csr_tensor(starts, columns, torch.tensor(matrix.data), matrix.shape, check_invariants=False)
