"""Sequential imputation: blanks are filled in several steps, and respondents are placed anew before each.

Predictions from real and drawn answers together would have to say, on average over what was drawn, the same as those
from the real answers alone: predictive distributions are a martingale. A softmax of fitted vectors is not quite one.
Where few questions place a respondent, each answer drawn pushes the vector outwards, and options in the middle lose in
every step. So each step has raking factors of its own, which keep the shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.imputation.answer_matrix import predict_matrix
from personaspace.imputation.raking import rake
from personaspace.survey.arrays import BoolArray, FloatArray, IntArray, Vectors
from personaspace.survey.option_sums import repeat_options

FIRST = 1  # answers drawn for a respondent in the first step; every later step draws twice as many
MOST = 2000  # respondents on whom the factors are found


def factors_of_steps(
    embedder: Embedder, known: IntArray, empty: BoolArray, factors: FloatArray, rng: np.random.Generator
) -> list[FloatArray]:
    """The raking factors of every step under which predictions keep the mean of the first step.

    They are found in a filling of its own, which is thrown away: factors found from the answers that are kept would
    remove the chance differences of shares between fillings.

    Args:
        embedder: Fitted.
        known: Answer matrix, shape ``[respondents, placed_by_ of the embedder]``.
        empty: The cells to fill, shape ``[respondents, questions_ of the embedder]``.
        factors: By which probabilities are multiplied in the first step, shape ``[options]``.
        rng: Draws respondents, where more than :data:`MOST` have blanks, the order of their blanks and their answers.

    Returns:
        One array of shape ``[options]`` for each step that the respondents drawn need.
    """
    rows = np.sort(rng.permutation(np.flatnonzero(empty.any(axis=1)))[:MOST])
    matrix, empty = known[rows], empty[rows]
    option_softmax = OptionSoftmax(embedder.offsets_)
    found: list[FloatArray] = []
    first = None
    for left, now in _steps(empty, rng):
        predicted = predict_matrix(embedder, matrix)
        first = option_softmax.shares(predicted * factors.astype(np.float32)) if first is None else first
        counted = repeat_options(left, embedder.offsets_)
        wanted = np.where(counted, first, 0).sum(axis=0, dtype=np.float64)
        found.append(rake(option_softmax, np.where(counted, predicted, 0), np.ones(len(matrix)), wanted, factors))
        _fill(matrix, now, _drawn(option_softmax, predicted, found[-1], rng))
    return found


def fill_sequentially(
    embedder: Embedder, known: IntArray, empty: BoolArray, factors: Sequence[FloatArray], rng: np.random.Generator
) -> IntArray:
    """Draw the empty cells of an answer matrix, step by step and in random order.

    Args:
        embedder: Fitted.
        known: Answer matrix, shape ``[respondents, placed_by_ of the embedder]``.
        empty: The cells to fill, shape ``[respondents, questions_ of the embedder]``.
        factors: By which probabilities are multiplied in each step, of shape ``[options]``; the last serves all later
            steps.
        rng: Draws order and answers.

    Returns:
        The answer matrix with those cells filled.
    """
    option_softmax, matrix = OptionSoftmax(embedder.offsets_), known.copy()
    for step, (_, now) in enumerate(_steps(empty, rng)):
        predicted = predict_matrix(embedder, matrix)
        _fill(matrix, now, _drawn(option_softmax, predicted, factors[min(step, len(factors) - 1)], rng))
    return matrix


def _steps(empty: BoolArray, rng: np.random.Generator) -> Iterator[tuple[BoolArray, BoolArray]]:
    """The cells still empty, and those of them filled in this step."""
    order = np.where(empty, rng.random(empty.shape), np.inf).argsort(axis=1).argsort(axis=1)
    start, size, last = 0, FIRST, int(empty.sum(axis=1).max(initial=0))
    while start < last:
        left = empty & (order >= start)
        yield left, left & (order < start + size)
        start, size = start + size, 2 * size


def _drawn(
    option_softmax: OptionSoftmax, predicted: Vectors, factors: FloatArray, rng: np.random.Generator
) -> IntArray:
    """Answers drawn from predictions times factors, shape ``[respondents, questions]``."""
    return option_softmax.draw(option_softmax.shares(predicted * factors.astype(np.float32)), rng)


def _fill(matrix: IntArray, now: BoolArray, drawn: IntArray) -> None:
    """Write some of the answers drawn into an answer matrix, which may have traits behind its questions."""
    matrix[:, : now.shape[1]][now] = drawn[now]
