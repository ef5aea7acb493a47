"""Platt scaling and logarithmic pooling: weights of scores that make probabilities calibrated on validation answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import log_softmax

from personaspace.embedding.base import Embedder
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask, without_validation

BLOCK = 4096  # answers scored at a time; bounds the memory, not the result

Expert = tuple[Vectors, Vectors, Vectors]
"""Vectors of respondents and of options, and the options' biases: score(i, o) = <u_i, v_o> + b_o."""


def pool_weights(experts: Sequence[Expert], survey: Survey, start: float) -> Vectors:
    """Weights of a logarithmic pool that minimise the log loss of the validation answers.

    Args:
        experts: The models pooled; each scores every option for every respondent.
        survey: Whose respondents, questions and answers.
        start: Where the search begins, and the weight where there are no validation answers.

    Returns:
        w in p(o) proportional to exp(sum over m of w_m score_m(o)), shape ``[experts]``.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100, seed=0)
        >>> score = np.log(survey.option_counts() + 1)
        >>> nothing = np.zeros((100, 0)), np.zeros((len(score), 0))
        >>> flat, sharp = (pool_weights([(*nothing, b)], survey, 1.0) for b in (score / 2, score))
        >>> print((flat / sharp).round(2))
        [2.]
    """
    from scipy.optimize import minimize

    validation = survey.answers.where(validation_mask(survey))
    weights = np.full(len(experts), start)
    if not len(validation):
        return weights.astype(np.float32)
    sizes = np.diff(survey.offsets)[validation.question, None]
    option = np.arange(sizes.max())
    columns = survey.offsets[validation.question, None] + np.minimum(option, sizes - 1)
    table = np.stack([_scores(expert, validation.respondent, columns) for expert in experts], axis=-1)
    beyond = np.where(option < sizes, 0, -np.inf)
    given = np.arange(len(validation)), validation.option

    def log_loss(weights: FloatArray) -> tuple[float, FloatArray]:
        logs = log_softmax(table @ weights + beyond, axis=1)
        slope = np.einsum("nk,nkm->m", np.exp(logs), table) - table[given].sum(axis=0)
        return -logs[given].mean(), slope / len(validation)

    return np.asarray(minimize(log_loss, weights, jac=True, method="L-BFGS-B").x, np.float32)


def platt_scale(embedder: Embedder, survey: Survey) -> None:
    """Multiply all v_o by one number and all b_o by another (Platt 1999; Guo et al. 2017, with a second number).

    Args:
        embedder: Fitted on the survey.
        survey: That survey.
    """
    vectors = embedder.embed(without_validation(survey))
    options, bias = embedder.options_, embedder.bias_
    parts = [(vectors, options, np.zeros_like(bias)), (vectors[:, :0], options[:, :0], bias)]
    slope, level = pool_weights(parts, survey, 1.0)
    embedder.options_, embedder.bias_ = options * slope, bias * level


def _scores(expert: Expert, rows: IntArray, columns: IntArray) -> FloatArray:
    """Scores of some options for some respondents, both of the shape of ``columns``."""
    vectors, options, bias = expert
    table = bias[columns].astype(np.float64)
    for start in range(0, len(rows), BLOCK):
        at = slice(start, start + BLOCK)
        table[at] += np.einsum("nd,nkd->nk", vectors[rows[at]], options[columns[at]])
    return table
