"""Platt scaling and logarithmic pooling: weights of scores that make probabilities calibrated on validation answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import log_softmax

from personaspace.embedding.base import Embedder
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.option_sums import option_shares
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask, without_validation

BLOCK = 4096  # answers scored at a time; bounds the memory, not the result
IMAGINED = 20  # answers
CELLS = 2000  # over which they are spread, beside the validation answers

Expert = tuple[Vectors, Vectors, Vectors]
"""Vectors of respondents and of options, and the options' biases: score(i, o) = <u_i, v_o> + b_o."""


def pool_weights(experts: Sequence[Expert], survey: Survey, start: float) -> Vectors:
    """Weights of a logarithmic pool, at least 0, that minimise the log loss of the validation answers.

    To these are added 20 imagined answers, spread evenly over the cells that were answered, which follow the majority:
    p(o) = (count(o) + 1) / (answers + options). Where there are few validation answers, the pool predicts about as the
    majority; where there are hundreds, the imagined ones do not count.

    Args:
        experts: The models pooled; each scores every option for every respondent.
        survey: Whose respondents, questions and answers.
        start: Where the search begins.

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

    mask = validation_mask(survey)
    validation, training = survey.answers.where(mask), np.flatnonzero(~mask)
    sampled = training[:: len(training) // CELLS + 1]
    cells = survey.answers.where(np.concatenate([np.flatnonzero(mask), sampled]))
    sizes = np.diff(survey.offsets)[cells.question, None]
    option = np.arange(sizes.max(initial=0))
    inside, columns = option < sizes, survey.offsets[cells.question, None] + np.minimum(option, sizes - 1)
    table = np.stack([_scores(expert, cells.respondent, columns) for expert in experts], axis=-1)
    target = np.where(inside, majority_shares(survey)[columns], 0) * IMAGINED / len(cells)
    target[np.arange(len(validation)), validation.option] += 1
    answers = target.sum(axis=1, keepdims=True)
    beyond = np.where(inside, 0, -np.inf)

    def log_loss(weights: FloatArray) -> tuple[float, FloatArray]:
        logs = log_softmax(table @ weights + beyond, axis=1)
        slope = np.einsum("nk,nkm->m", answers * np.exp(logs) - target, table)
        return -(target * np.where(inside, logs, 0)).sum() / answers.sum(), slope / answers.sum()

    found = minimize(
        log_loss, np.full(len(experts), start), jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(experts)
    )
    return np.asarray(found.x, np.float32)


def platt_scale(embedder: Embedder, survey: Survey) -> None:
    """Multiply all v_o by one number and all b_o by another, and add a multiple of the majority's log-shares to b.

    Platt (1999) and Guo et al. (2017), with a second and a third number: the majority's prediction can be reached,
    whatever the embedder's b is.

    Args:
        embedder: Fitted on the survey.
        survey: That survey.
    """
    vectors = embedder.embed(without_validation(survey))
    options, bias = embedder.options_, embedder.bias_
    nothing, log_shares = (vectors[:, :0], options[:, :0]), np.log(majority_shares(survey)).astype(np.float32)
    parts = [(vectors, options, np.zeros_like(bias)), (*nothing, bias), (*nothing, log_shares)]
    slope, level, common = pool_weights(parts, survey, 1.0)
    embedder.options_, embedder.bias_ = options * slope, bias * level + log_shares * common


def majority_shares(survey: Survey) -> FloatArray:
    """p(o) = (count(o) + 1) / (answers + options) of every option, validation answers left out, shape ``[options]``."""
    return option_shares(without_validation(survey).option_counts() + 1.0, survey.offsets)


def _scores(expert: Expert, rows: IntArray, columns: IntArray) -> FloatArray:
    """Scores of some options for some respondents, both of the shape of ``columns``."""
    vectors, options, bias = expert
    table = bias[columns].astype(np.float64)
    for start in range(0, len(rows), BLOCK):
        at = slice(start, start + BLOCK)
        table[at] += np.einsum("nd,nkd->nk", vectors[rows[at]], options[columns[at]])
    return table
