"""Distances of predicted and actual answers of each question within each group: of a trait, or of the personas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from personaspace.evaluation.measures.averages import ratio, weights_of
from personaspace.evaluation.measures.distances import topline_error, total_variation, wasserstein
from personaspace.evaluation.measures.distributions import Distributions, shares
from personaspace.evaluation.predictions import Predictions
from personaspace.survey.arrays import FloatArray, IntArray

SMALLEST = 50
"""Fewest answers of a cell: of one question within one group."""

WITHIN = {"total_variation": total_variation, "wasserstein": wasserstein, "topline_error": topline_error}
"""Metrics that are measured within groups."""


def cells_within(predictions: Predictions, group: IntArray) -> IntArray:
    """The cell of each answer, counted from 0; -1 without a group, or in a cell of fewer than 50 answers."""
    own = group[predictions.respondent]
    cell = np.where(own >= 0, predictions.question * (group.max(initial=0) + 1) + own, -1)
    counts = np.bincount(cell[cell >= 0])
    number = np.where(counts >= SMALLEST, np.cumsum(counts >= SMALLEST) - 1, -1)
    return np.where(cell >= 0, np.append(number, -1)[cell], -1)


@dataclass(frozen=True, eq=False)
class Within:
    """Distances of predicted and actual distributions of each question within each group, averaged over cells.

    A cell of few answers lies some way off its own truth, so even a perfect prediction does not reach 0. Under
    resampled weights distances change to first order: each is a difference of means, sum_o h(o) (P(o) - A(o)), with
    h = sign(P - A) / 2 for total variation, and h stays as it was. That makes intervals a little wide where cells are
    small.

    Args:
        predictions: Predictions and answers.
        cells: By trait the cell of each answer, as :func:`cells_within` finds it; at least one cell each.
        weights: Weights of the respondents, shape ``[respondents]``; all alike if not given.

    Example:
        Half of the women say yes and all of the men; everybody is predicted alike.

        >>> p = Predictions([[0.25, 0.75]] * 4, [0, 1, 1, 1], range(4), [0] * 4, [[0, 1]])
        >>> print(Within(p, {"sex": np.array([0, 0, 1, 1])}).measure()["total_variation within sex"])
        0.25
    """

    predictions: Predictions
    cells: Mapping[str, IntArray]
    weights: FloatArray | None = None

    def measure(self, weights: FloatArray | None = None) -> dict[str, FloatArray]:
        """``total_variation within TRAIT``, and so on, under these weights or rows of them, else under its own."""
        own = weights_of(self.predictions, self.weights)
        counted = own if weights is None else weights
        names, values, changes = self._linear
        found = values + (counted - own) @ changes.T
        return dict(zip(names, np.moveaxis(found, -1, 0), strict=True))

    @cached_property
    def _linear(self) -> tuple[list[str], FloatArray, FloatArray]:
        """Names, values, and by how much a respondent's weight changes each, shape [metrics, respondents]."""
        own = weights_of(self.predictions, self.weights)
        names, values, changes = [], [], []
        for trait, cell in self.cells.items():
            rows = np.flatnonzero(cell >= 0)
            for name, value, of_answer in _measured(self.predictions.where(rows), cell[rows], own):
                names.append(f"{name} within {trait}")
                values.append(value)
                changes.append(np.bincount(self.predictions.respondent[rows], of_answer, len(own)))
        return names, np.array(values), np.array(changes, np.float64).reshape(len(names), len(own))


def _measured(
    predictions: Predictions, cell: IntArray, base: FloatArray
) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """Each metric's name, value, and by how much an answer's weight changes it, shape [answers]."""
    order = np.argsort(predictions.positions, axis=1, kind="stable")
    chances = np.take_along_axis(predictions.probabilities, order[predictions.question], axis=1)
    place = np.argsort(order, axis=1)[predictions.question, predictions.option]
    weight, cells = base[predictions.respondent], int(cell.max()) + 1
    shape = (cells, order.shape[1])
    predicted = np.array([np.bincount(cell, weight * of_option, cells) for of_option in chances.T], np.float64).T
    actual = np.bincount(cell * shape[1] + place, weight, cells * shape[1]).astype(np.float64).reshape(shape)
    question = np.zeros(cells, np.int64)
    question[cell] = predictions.question
    positions = np.take_along_axis(predictions.positions, order, axis=1)[question]
    known = Distributions(positions, predictions.sizes[question], predicted, actual)
    every, placed = np.ones(positions.shape), (~np.isnan(positions)).astype(np.float64)
    sign = np.sign(shares(predicted) - shares(actual))
    step = np.nan_to_num(np.diff(positions, axis=1, append=np.nan))
    scale = np.where(step.sum(axis=1, keepdims=True) > 0, step.sum(axis=1, keepdims=True), np.nan)
    gap = np.cumsum(shares(predicted * placed) - shares(actual * placed), axis=1)
    ahead = np.cumsum((np.sign(gap) * step / scale)[:, ::-1], axis=1)[:, ::-1]
    functions = {
        "total_variation": (sign / 2, every),
        "wasserstein": (ahead, placed),
        "topline_error": (100 * sign / known.sizes[:, None], every),
    }
    for name, (h, counts) in functions.items():
        change = np.zeros(len(cell))
        for sums, of_answer, turn in ((predicted, chances, 1), (actual, None, -1)):
            total = (sums * counts).sum(axis=1)
            centred = turn * ratio(
                (h - (h * shares(sums * counts)).sum(axis=1, keepdims=True)) * counts, total[:, None]
            )
            change += centred[cell, place] if of_answer is None else (centred[cell] * of_answer).sum(axis=1)
        whole = ~np.isnan(h).any(axis=1)
        yield name, WITHIN[name](predictions, None, known), np.nan_to_num(change) / max(int(whole.sum()), 1)
