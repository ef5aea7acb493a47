"""Pooling and calibration: scores weighted so that chances mean what they say, judged by answers nobody trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from personaspace.embedding.base import Embedder
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask

BLOCK = 4096  # answers scored at a time; bounds the memory, not the result

Expert = tuple[Vectors, Vectors, Vectors]
"""Vectors of respondents and of options, and the options' biases: score(i, o) = <u_i, v_o> + b_o."""


def pool_weights(experts: Sequence[Expert], survey: Survey, start: float) -> Vectors:
    """The weights of a logarithmic pool that is least surprised by the answers watched for early stopping.

    Args:
        experts: Who score every option for every respondent.
        survey: Whose respondents, questions and answers.
        start: Where the search begins, and the weight where no answers are watched.

    Returns:
        w in p(o) proportional to exp(sum over m of w_m score_m(o)), shape ``[experts]``.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100, seed=0)
        >>> score = np.log(survey.option_counts() + 1)
        >>> nothing = np.zeros((100, 0)), np.zeros((len(score), 0))
        >>> shy, bold = (pool_weights([(*nothing, b)], survey, 1.0) for b in (score / 2, score))
        >>> print((shy / bold).round(2))
        [2.]
    """
    watched = survey.answers.where(validation_mask(survey))
    weights = np.full(len(experts), start)
    if not len(watched):
        return weights.astype(np.float32)
    sizes = np.diff(survey.offsets)[watched.question, None]
    place = np.arange(sizes.max())
    columns = survey.offsets[watched.question, None] + np.minimum(place, sizes - 1)
    table = np.stack([_scores(expert, watched.respondent, columns) for expert in experts], axis=-1)
    beyond = np.where(place < sizes, 0, -np.inf)
    given = np.arange(len(watched)), watched.option

    def surprise(weights: FloatArray) -> tuple[float, FloatArray]:
        logs = log_softmax(table @ weights + beyond, axis=1)
        slope = np.einsum("nk,nkm->m", np.exp(logs), table) - table[given].sum(axis=0)
        return -logs[given].mean(), slope / len(watched)

    return np.asarray(minimize(surprise, weights, jac=True, method="L-BFGS-B").x, np.float32)


def calibrate(embedder: Embedder, survey: Survey) -> None:
    """Multiply all v_o by one number and all b_o by another (Platt 1999; Guo et al. 2017, with a second number).

    Args:
        embedder: Fitted on the survey; its respondents' vectors do not know the answers watched.
        survey: That survey.
    """
    vectors, options, bias = embedder.respondents_, embedder.options_, embedder.bias_
    parts = [(vectors, options, np.zeros_like(bias)), (vectors[:, :0], options[:, :0], bias)]
    likeness, level = pool_weights(parts, survey, 1.0)
    embedder.options_, embedder.bias_ = options * likeness, bias * level


def _scores(expert: Expert, rows: IntArray, columns: IntArray) -> FloatArray:
    """Scores of some options for some respondents, both of the shape of ``columns``."""
    vectors, options, bias = expert
    table = bias[columns].astype(np.float64)
    for start in range(0, len(rows), BLOCK):
        at = slice(start, start + BLOCK)
        table[at] += np.einsum("nd,nkd->nk", vectors[rows[at]], options[columns[at]])
    return table
