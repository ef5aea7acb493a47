"""Whether simulated people are coherent: how much of the correlations between questions predictions recover."""

from __future__ import annotations

import numpy as np

from personaspace.evaluation.measures.averages import ratio, weights_of
from personaspace.evaluation.measures.metrics import FLOOR
from personaspace.evaluation.predictions import Predictions
from personaspace.survey.arrays import FloatArray, IntArray

SMALLEST = 50
"""Fewest respondents who answered both questions of a pair."""

FEWEST, MOST = 10, 100
"""Fewest and most pairs; those that most respondents answered both of are taken."""

QUESTIONS = 300
"""Most questions that pairs are looked for among: those with most answers."""


def question_pairs(predictions: Predictions) -> IntArray:
    """Pairs of ordinal questions that at least 50 respondents answered both of, at most 100; shape ``[pairs, 2]``."""
    answers = np.bincount(predictions.question, minlength=len(predictions.positions))
    answers[np.ptp(np.nan_to_num(predictions.positions), axis=1) == 0] = 0
    chosen = np.sort(np.argsort(-answers, kind="stable")[: min(QUESTIONS, np.count_nonzero(answers))])
    place = np.full(len(answers), -1)
    place[chosen] = np.arange(len(chosen))
    answered = np.zeros((len(predictions.weight), len(chosen)), np.float32)
    rows = (place[predictions.question] >= 0) & ~np.isnan(_given(predictions))
    answered[predictions.respondent[rows], place[predictions.question[rows]]] = 1
    first, second = np.triu_indices(len(chosen), 1)
    both = (answered.T @ answered)[first, second]
    most = np.argsort(-both, kind="stable")[:MOST]
    most = most[both[most] >= SMALLEST]
    return np.stack([chosen[first[most]], chosen[second[most]]], axis=1)


def correlated(predictions: Predictions, pairs: IntArray) -> bool:
    """Whether there are 10 pairs, and their actual correlations can be told from sampling noise.

    Squared sums over pairs of different respondents must exceed 0 by twice the standard error that they would have
    if no two questions were correlated.
    """
    if len(pairs) < FEWEST:
        return False
    actual, _ = products_of(predictions, pairs)
    noise = (actual**2).sum()
    return bool((actual.sum(axis=0) ** 2).sum() - noise > 2 * noise * np.sqrt(2 / len(pairs)))


def correlation_slope(
    predictions: Predictions,
    weights: FloatArray | None = None,
    products: tuple[FloatArray, FloatArray] | None = None,
) -> FloatArray:
    """Slope through the origin of predicted on actual correlations, over pairs of ordinal questions.

    Of pair (a, b), q_i = z_ia z_ib is respondent i's product of answers in standard units, and p_i that of the
    predicted means, in units of the standard deviation that independent answers drawn from the predictions would have
    (variance of the means plus mean of the variances). Correlations are the means of q and p, and the slope is
    sum q_i p_j / sum q_i q_j over all pairs of questions and all pairs of *different* respondents i, j who answered
    both: a respondent is never paired with themselves, which takes the sampling noise out of squared correlations.

    Args:
        predictions: Predictions and answers; a respondent answers a question once.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.
        products: q and p, as :func:`products_of` finds them; under the weights' mean if not given. Resampled weights
            keep the units of the whole.

    Returns:
        1 where simulated people are as coherent as real ones, 0 where their answers are unrelated, one value per row
        of ``weights``.

    Example:
        Two questions that 60 people answer alike. Predicted as answered, and predicted alike for everybody:

        >>> n = 60
        >>> who, what = np.repeat(np.arange(n), 2), np.tile([0, 1], n)
        >>> given, positions = who % 2, [[0, 1], [0, 1]]
        >>> print(correlation_slope(Predictions(np.eye(2)[given], given, who, what, positions)).round(6))
        1.0
        >>> print(correlation_slope(Predictions([[0.5, 0.5]] * 2 * n, given, who, what, positions)).round(6))
        0.0
    """
    counted = weights_of(predictions, weights)
    mean = np.atleast_2d(counted).mean(axis=0)
    actual, predicted = products or products_of(predictions, question_pairs(predictions), mean)
    of_actual = counted @ actual
    slope, size = (
        (of_actual * (counted @ of)).sum(axis=-1) - counted**2 @ (actual * of).sum(axis=1) for of in (predicted, actual)
    )
    return ratio(slope, np.where(size > 0, size, np.nan))


def _given(predictions: Predictions) -> FloatArray:
    return np.asarray(predictions.positions[predictions.question, predictions.option])


def products_of(
    predictions: Predictions, pairs: IntArray, weights: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Actual and predicted products q and p, 0 for who did not answer both; shape ``[respondents, pairs]`` each.

    Args:
        predictions: Predictions and answers.
        pairs: Places of questions, shape ``[pairs, 2]``.
        weights: Weights of the respondents, shape ``[respondents]``, for means and standard deviations.
    """
    weight = weights_of(predictions, weights)
    positions = predictions.positions[predictions.question]
    chances = np.where(np.isnan(positions), 0, predictions.probabilities + FLOOR)
    chances /= np.maximum(chances.sum(axis=1, keepdims=True), FLOOR)
    x = np.nan_to_num(positions)
    mean = (chances * x).sum(axis=1)
    variance = (chances * x**2).sum(axis=1) - mean**2
    given, means, variances = (np.full((len(predictions.weight), len(predictions.positions)), np.nan) for _ in range(3))
    for table, values in ((given, _given(predictions)), (means, mean), (variances, variance)):
        table[predictions.respondent, predictions.question] = values
    both = ~np.isnan(given[:, pairs]).any(axis=2)
    counted = weight[:, None] * both
    counted /= counted.sum(axis=0)

    def standard(of: FloatArray, spread: FloatArray | None) -> FloatArray:
        of = np.where(both, of, 0)
        centred = of - (counted * of).sum(axis=0)
        total = (counted * centred**2).sum(axis=0)
        total += 0 if spread is None else (counted * np.where(both, spread, 0)).sum(axis=0)
        return np.where(both & (total > FLOOR), centred / np.sqrt(np.maximum(total, FLOOR)), 0)

    first, second = pairs.T
    actual = standard(given[:, first], None) * standard(given[:, second], None)
    sides = (standard(means[:, side], variances[:, side]) for side in (first, second))
    return actual, next(sides) * next(sides)
