"""Blanks filled in rounds, each respondent placed anew between them, without the shares drifting from round to round.

Predictions from real and drawn answers together would have to say, on average over what was drawn, the same as those
from the real answers alone: beliefs are a martingale. A softmax of fitted vectors is not quite one. Where few questions
place a respondent, each answer drawn pushes the vector outwards, and options in the middle lose in every round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.imputation.answer_matrix import as_survey
from personaspace.imputation.raking import balanced
from personaspace.survey.arrays import BoolArray, FloatArray, IntArray

FIRST = 1  # answer a respondent is given in the first round; every later round gives twice as many
MOST = 2000  # respondents on whom a rehearsal is held


def correction_factors(
    space: Embedder, known: IntArray, empty: BoolArray, factors: FloatArray, rng: np.random.Generator
) -> list[FloatArray]:
    """The factors of every round under which predictions keep the mean of the first round.

    Found in a filling of its own, which is thrown away: factors found from the answers that are kept would take out
    of them how much shares differ by chance between fillings.

    Args:
        space: A fitted embedder.
        known: The option chosen, ``NONE`` where none; shape ``[respondents, questions]``.
        empty: The cells to fill, same shape.
        factors: What probabilities are multiplied by in the first round, shape ``[options]``.
        rng: Draws respondents, where more than :data:`MOST` have blanks, their order and their answers.

    Returns:
        As many as the respondents drawn need rounds, each of shape ``[options]``.
    """
    rows = np.sort(rng.permutation(np.flatnonzero(empty.any(axis=1)))[:MOST])
    table, empty = known[rows], empty[rows]
    choices, sizes = OptionSoftmax(space.offsets_), np.diff(space.offsets_)
    found: list[FloatArray] = []
    first = None
    for left, now in _rounds(empty, rng):
        predicted = space.predict(space.embed(as_survey(space, table)))
        first = choices.shares(predicted * factors.astype(np.float32)) if first is None else first
        counted = np.repeat(left, sizes, axis=1)
        wanted = np.where(counted, first, 0).sum(axis=0, dtype=np.float64)
        found.append(balanced(choices, np.where(counted, predicted, 0), np.ones(len(table)), wanted, factors))
        table[now] = choices.draw(choices.shares(predicted * found[-1].astype(np.float32)), rng)[now]
    return found


def filled(
    space: Embedder, known: IntArray, empty: BoolArray, factors: Sequence[FloatArray], rng: np.random.Generator
) -> IntArray:
    """The table with its empty cells drawn, in rounds and in random order.

    Args:
        space: A fitted embedder.
        known: The option chosen, ``NONE`` where none; shape ``[respondents, questions]``.
        empty: The cells to fill, same shape.
        factors: What probabilities are multiplied by, a round each, shape ``[options]``; the last one holds on.
        rng: Draws order and answers.
    """
    choices, table = OptionSoftmax(space.offsets_), known.copy()
    for number, (_, now) in enumerate(_rounds(empty, rng)):
        predicted = space.predict(space.embed(as_survey(space, table)))
        scaled = predicted * factors[min(number, len(factors) - 1)].astype(np.float32)
        table[now] = choices.draw(choices.shares(scaled), rng)[now]
    return table


def _rounds(empty: BoolArray, rng: np.random.Generator) -> Iterator[tuple[BoolArray, BoolArray]]:
    """The cells still empty, and those of them filled in this round."""
    turn = np.where(empty, rng.random(empty.shape), np.inf).argsort(axis=1).argsort(axis=1)
    start, size, last = 0, FIRST, int(empty.sum(axis=1).max(initial=0))
    while start < last:
        left = empty & (turn >= start)
        yield left, left & (turn < start + size)
        start, size = start + size, 2 * size
