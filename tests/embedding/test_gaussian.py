"""The normal distribution over all answers: conditional expectations, and EM where answers are missing."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.embedding.gaussian import PRIOR, Gaussian
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Question
from personaspace.survey.scale import Scale
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask

QUESTIONS = tuple(Question.number(f"n{j}", f"Number {j}?", 0, 100) for j in range(6))


def planted(respondents: int, asked: float) -> tuple[Survey, FloatArray]:
    """Numbers of a known correlation, of which each was asked with a probability; and the correlation."""
    rng = np.random.default_rng(0)
    loading = rng.normal(size=(6, 2))
    covariance = loading @ loading.T + 0.5 * np.eye(6)
    correlation = covariance / np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    numbers = np.clip(50 + 12 * rng.multivariate_normal(np.zeros(6), correlation, respondents), 0, 100)
    row, column = np.nonzero(rng.random(numbers.shape) < asked)
    value = numbers[row, column]
    option = Scale(0, 100).nearest(value)
    ids = tuple(f"r{i}" for i in range(respondents))
    return Survey(ids, QUESTIONS, Answers(row, column, option, value)), correlation


def standardised(fitted: Gaussian, survey: Survey) -> FloatArray:
    """The numbers answered, NaN where none was."""
    table, at = np.full((len(survey.respondents), len(survey.questions)), np.nan), survey.answers
    assert at.value is not None
    mean, deviation = fitted.scale_[:, at.question]
    table[at.respondent, at.question] = (at.value / 100 - mean) / deviation
    return table


def test_missing_answers_do_not_hide_what_correlates() -> None:
    survey, correlation = planted(4000, asked=0.4)
    fitted = Gaussian(dim=6, epochs=60, calibrated=False).fit(survey)
    apart = ~np.eye(6, dtype=bool)
    assert np.abs(fitted.covariance_ - correlation)[apart].max() < 0.12
    early = Gaussian(dim=6, epochs=1, calibrated=False).fit(survey)
    assert np.abs(early.covariance_ - correlation)[apart].max() > 0.3


def test_where_everything_was_answered_one_epoch_is_the_covariance_drawn_towards_none() -> None:
    survey, _ = planted(500, asked=1.0)
    trained_on = np.setdiff1d(np.arange(500), survey.answers.respondent[validation_mask(survey)])
    survey = survey.select(trained_on)
    fitted = Gaussian(dim=6, epochs=1, calibrated=False).fit(survey)
    numbers = standardised(fitted, survey)
    expected = (numbers.T @ numbers + PRIOR * np.eye(6)) / (len(numbers) + PRIOR)
    np.testing.assert_allclose(fitted.covariance_, expected, atol=1e-4)


@pytest.mark.parametrize("dim", [6, 9])
def test_vectors_give_the_conditional_expectation_of_what_was_not_asked(dim: int) -> None:
    survey, _ = planted(300, asked=0.5)
    fitted = Gaussian(dim=dim, calibrated=False).fit(survey)
    known, covariance = standardised(fitted, survey), fitted.covariance_.astype(np.float64)
    found = fitted.embed(survey) @ fitted.roots_.T
    for i in range(50):
        answered, missing = np.flatnonzero(~np.isnan(known[i])), np.flatnonzero(np.isnan(known[i]))
        gain = covariance[np.ix_(missing, answered)] @ np.linalg.inv(covariance[np.ix_(answered, answered)])
        np.testing.assert_allclose(found[i, missing], gain @ known[i, answered], atol=1e-4)
