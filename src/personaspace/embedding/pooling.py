"""Pooling and calibration: scores weighted so that chances mean what they say, judged by answers nobody trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from personaspace.embedding.base import Embedder, Vectors
from personaspace.survey.early_stopping import early_stopping
from personaspace.survey.survey import FloatArray, Survey


def pool_weights(scores: Sequence[Vectors], survey: Survey, start: float) -> Vectors:
    """The weights of a logarithmic pool that is least surprised by the answers watched for early stopping.

    Args:
        scores: Of every option for every respondent, by those who are pooled; each ``[respondents, options]``.
        survey: Whose respondents, questions and answers.
        start: Where the search begins, and the weight where no answers are watched.

    Returns:
        w in p(o) proportional to exp(sum over m of w_m score_m(o)), shape ``[scores]``.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100, seed=0)
        >>> score = np.log(survey.option_counts() + 1)[None].repeat(100, axis=0)
        >>> shy, bold = pool_weights([score / 2], survey, 1.0), pool_weights([score], survey, 1.0)
        >>> print((shy / bold).round(2))
        [2.]
    """
    watched = survey.answers.where(early_stopping(survey))
    weights = np.full(len(scores), start)
    if not len(watched):
        return weights.astype(np.float32)
    sizes = np.diff(survey.offsets)[watched.question, None]
    place = np.arange(sizes.max())
    columns = survey.offsets[watched.question, None] + np.minimum(place, sizes - 1)
    table = np.stack([score[watched.respondent[:, None], columns] for score in scores], axis=-1).astype(np.float64)
    beyond = np.where(place < sizes, 0, -np.inf)
    given = np.arange(len(watched)), watched.option

    def surprise(weights: FloatArray) -> tuple[float, FloatArray]:
        logs = log_softmax(table @ weights + beyond, axis=1)
        slope = np.einsum("nk,nkm->m", np.exp(logs), table) - table[given].sum(axis=0)
        return -logs[given].mean(), slope / len(watched)

    return np.asarray(minimize(surprise, weights, jac=True, method="L-BFGS-B").x, np.float32)


def calibration(embedder: Embedder, survey: Survey) -> Vectors:
    """What <u, v_o> and b_o must be multiplied by, shape ``[2]`` (Platt 1999; Guo et al. 2017, with a second number).

    Args:
        embedder: Fitted on the survey; its respondents' vectors do not know the answers watched.
        survey: That survey.
    """
    likeness = embedder.respondents_ @ embedder.options_.T
    return pool_weights([likeness, np.broadcast_to(embedder.bias_, likeness.shape)], survey, 1.0)
