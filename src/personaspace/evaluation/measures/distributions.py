"""Distributions of answers, predicted and given, in cells: of each question, or of each question within a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from personaspace.evaluation.measures.averages import ratio, rows_by, weights_of
from personaspace.evaluation.predictions import Predictions
from personaspace.survey.arrays import FloatArray, IntArray

ENDS = ((np.min, np.inf), (np.max, -np.inf))


@dataclass(frozen=True, eq=False)
class Distributions:
    """Weighted sums over the answers of each cell, options in the order of their positions.

    Attributes:
        positions: Shape ``[cells, options]``, ascending; NaN behind for options without a position and past the last.
        sizes: How many options each cell's question has, shape ``[cells]``.
        predicted: Sums of the predicted probabilities, shape ``[..., cells, options]``.
        actual: Sums of the answers given, of the same shape.
    """

    positions: FloatArray
    sizes: IntArray
    predicted: FloatArray
    actual: FloatArray

    @cached_property
    def errors(self) -> FloatArray:
        """Sum over options of how far the predicted share is from the actual one, shape ``[..., cells]``."""
        errors = shares(self.predicted)
        errors -= shares(self.actual)
        apart: FloatArray = np.abs(errors, out=errors).sum(axis=-1)
        return apart

    @cached_property
    def ordinal(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Positions of the ordinal cells, and predicted and actual shares of the options that have one, else 0."""
        low, high = (of(self.positions, axis=1, where=~np.isnan(self.positions), initial=at) for of, at in ENDS)
        cells = low < high
        placed = ~np.isnan(self.positions[cells])
        of_placed = (sums[..., cells, :] * placed for sums in (self.predicted, self.actual))
        return self.positions[cells], *map(shares, of_placed)


def distributions(
    predictions: Predictions, weights: FloatArray | None = None, cells: Sequence[IntArray] | None = None
) -> Distributions:
    """Sum up predictions and answers in cells.

    Args:
        predictions: Predictions and answers.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.
        cells: Rows of the predictions, all of one question each; every question that has answers if not given.

    Example:
        >>> p = Predictions([[0.8, 0.2], [0.6, 0.4]], [0, 1], [0, 1], [0, 0], [[1, 0]])
        >>> distributions(p).predicted, distributions(p).actual
        (array([[0.6, 1.4]]), array([[1., 1.]]))
    """
    cells = rows_by(predictions.question) if cells is None else cells
    counted = weights_of(predictions, weights)
    of_respondent = counted.T
    question = np.array([predictions.question[rows[0]] for rows in cells], np.int64)
    order = np.argsort(predictions.positions, axis=1, kind="stable")
    chances = np.take_along_axis(predictions.probabilities, order[predictions.question], axis=1)
    place = np.argsort(order, axis=1)[predictions.question, predictions.option]
    shape = (*counted.shape[:-1], len(cells), order.shape[1])
    predicted, actual = np.zeros(shape), np.zeros(shape)
    for cell, rows in enumerate(cells):
        size = predictions.sizes[question[cell]]
        both = np.hstack([chances[rows, :size], place[rows, None] == np.arange(size)])
        weight = of_respondent[predictions.respondent[rows]]
        sums = np.einsum("n,no->o", weight, both) if weight.ndim == 1 else weight.T @ both  # einsum has no threads
        predicted[..., cell, :size], actual[..., cell, :size] = sums[..., :size], sums[..., size:]
    positions = np.take_along_axis(predictions.positions, order, axis=1)[question]
    return Distributions(positions, predictions.sizes[question], predicted, actual)


def shares(sums: FloatArray) -> FloatArray:
    """Sums over options divided by their total, along the last axis."""
    return ratio(sums, sums.sum(axis=-1, keepdims=True))
