"""The noise floor: the distance at which answers lie, by chance alone, from the opinions that they are a sample of.

A prediction of the population's true shares is still measured at some distance from the answers, since those are of few
people. How far that is two random halves of the people say, who differ by chance: each half has twice the variance of
the whole, their difference four times, and so half of their distance is that of all answers from the truth. These are
the half-samples by which survey statistics estimates variances (McCarthy 1966, Pseudo-replication: Half samples).

The floor is that of predictions of *shares*. Who predicts individuals knows who answered, and can come nearer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from personaspace.evaluation.measures.averages import known_mean, ratio
from personaspace.evaluation.measures.groups import usable_groups
from personaspace.evaluation.measures.within import WITHIN, cells_within
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.results import Row
from personaspace.survey.arrays import BoolArray, FloatArray, IntArray
from personaspace.survey.survey import Survey

NOISE_FLOOR = "noise floor"
"""The name of the row."""

HALVINGS = 200
"""How often respondents are divided into halves."""

FEWEST = 10
"""Fewest answers of a question, on average: with fewer the floor comes out too low, by a fifth with five."""


def noise_floor(split: str, test: Survey, groupings: Mapping[str, pd.Series], seed: int = 0) -> tuple[Row, ...]:
    """Estimate how far answers lie from what they are a sample of: per question, and within groups and personas.

    Every respondent falls into one of two halves by the toss of a coin. To first order the shares A of all answers to
    a question are off by D(o) = sqrt(n / (n - 1)) sum_i s_i w_i (1[y_i = o] - A(o)) / sum_i w_i, with s_i = 1 in the
    one half and -1 in the other, n the number of answers and w the weights. Distances are those of A + D from A.

    Args:
        split: The name of the evaluation set.
        test: Its answers, of which choices are taken.
        groupings: The value of each respondent, or missing, by trait; ``personas`` for cluster personas.
        seed: Of the halves.

    Returns:
        ``total_variation``, ``wasserstein`` and ``topline_error``, and each ``within`` every grouping that has a large
        enough cell: the mean over 200 halvings, and the range in which 95% of them lie, where chance alone would put a
        prediction of the true shares. With survey weights too, where they are not all equal. NaN where questions have
        fewer than ten answers on average.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=400, seed=0)
        >>> small, large = (noise_floor("all", survey.select(range(n)), {})[0] for n in (100, 400))
        >>> print(small.metric, round(small.value / large.value, 1))
        total_variation 2.0
    """
    given = Predictions.of(test, np.eye(max(map(int, np.diff(test.offsets))))[test.answers.option])
    choices = np.isnan(given.value)
    if not choices.any():
        return ()
    given = given.where(choices)
    cells = {"": given.question}
    for name, values in groupings.items():
        cell = cells_within(given, usable_groups(values, given))
        if (cell >= 0).any():
            cells[f" within {name}"] = cell
    signs = np.random.default_rng([seed, 5]).choice([-1.0, 1.0], size=(len(given.weight), HALVINGS))
    uneven = np.ptp(given.weight[np.unique(given.respondent)]) > 0
    rows = []
    for weighted in (False, True) if uneven else (False,):
        weight = given.weight if weighted else np.ones(len(given.weight))
        for behind, cell in cells.items():
            counted = _counted(cell, (cell >= 0) & (weight[given.respondent] > 0))
            people = len(np.unique(given.respondent[counted]))
            for metric, found in _distances(given, cell, counted, weight, signs):
                value, low, high = (
                    float(f"{number:.7g}") for number in (found.mean(), *np.quantile(found, [0.025, 0.975]))
                )
                name = metric + behind
                rows.append(Row(split, NOISE_FLOOR, name, value, low, high, people, int(counted.sum()), weighted))
    return tuple(rows)


class _Shares(NamedTuple):
    """Options chosen in cells, in the order of their positions, and by how much their shares are off in each halving.

    Attributes:
        off: Shape ``[options chosen, halvings]``; the sum over the options of a cell is 0.
        first: The first option of each cell.
        question: The question of each option chosen.
        position: The position of each.
    """

    off: FloatArray
    first: IntArray
    question: IntArray
    position: FloatArray


def _distances(
    given: Predictions, cell: IntArray, counted: BoolArray, weight: FloatArray, signs: FloatArray
) -> Iterator[tuple[str, FloatArray]]:
    """Each metric's name, and its value in each halving."""
    none = np.full(signs.shape[1], np.nan)
    if not counted.any():
        yield from ((name, none) for name in WITHIN)
        return
    every = _shares(given, cell, counted, weight, signs)
    errors = np.add.reduceat(np.abs(every.off), every.first)
    yield "total_variation", known_mean(errors.T / 2)
    ordinal = _lengths(given) > 0
    has_place = ~np.isnan(given.positions[given.question, given.option])
    placed = _counted(cell, counted & ordinal[given.question] & has_place)
    yield "wasserstein", _moved(given, _shares(given, cell, placed, weight, signs)) if placed.any() else none
    yield "topline_error", known_mean(100 * errors.T / given.sizes[every.question[every.first]])


def _counted(cell: IntArray, rows: BoolArray) -> BoolArray:
    """Those of some answers in whose cell there are two; none where cells have too few on average."""
    answers = np.bincount(cell[rows], minlength=1)
    if answers.sum() < FEWEST * np.count_nonzero(answers):
        return np.zeros(len(rows), np.bool_)
    counted: BoolArray = rows & np.append(answers > 1, False)[np.where(rows, cell, -1)]
    return counted


def _shares(given: Predictions, cell: IntArray, rows: BoolArray, weight: FloatArray, signs: FloatArray) -> _Shares:
    respondent, question, option = given.respondent[rows], given.question[rows], given.option[rows]
    order = np.argsort(given.positions, axis=1, kind="stable")
    place = np.argsort(order, axis=1)[question, option]
    key, at, chosen = np.unique(cell[rows] * order.shape[1] + place, return_index=True, return_inverse=True)
    _, first, of_cell = np.unique(key // order.shape[1], return_index=True, return_inverse=True)
    weights = weight[respondent]
    sums = csr_array((weights, (chosen, respondent)), shape=(len(key), len(weight)))
    total, answers = (np.bincount(of_cell[chosen], of).astype(np.float64) for of in (weights, np.ones(len(chosen))))
    share = sums.sum(axis=1) / total[of_cell]
    signed: FloatArray = np.asarray(sums @ signs)
    off = signed - share[:, None] * np.add.reduceat(signed, first)[of_cell]
    off *= (np.sqrt(ratio(answers, answers - 1)) / total)[of_cell, None]
    return _Shares(off, first, question[at], given.positions[question, option][at])


def _moved(given: Predictions, placed: _Shares) -> FloatArray:
    """The 1-Wasserstein distance over the scale's length: how much share moves past each option, times how far."""
    step = np.diff(placed.position, append=np.nan)
    step[np.append(placed.first[1:], len(step)) - 1] = 0
    step /= _lengths(given)[placed.question]
    past = np.abs(np.cumsum(placed.off, axis=0)) * step[:, None]
    return known_mean(np.add.reduceat(past, placed.first).T)


def _lengths(given: Predictions) -> FloatArray:
    """The length of each question's scale; 0 where at most one option has a place."""
    known = ~np.isnan(given.positions)
    low, high = (np.where(known, given.positions, end) for end in (np.inf, -np.inf))
    lengths: FloatArray = np.maximum(high.max(axis=1) - low.min(axis=1), 0)
    return lengths
