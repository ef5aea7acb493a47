"""EASE: ridge regressions of every question on all others, in one inversion."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from personaspace.embedding.ease import EASE, RIDGE
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.embedding.platt import majority_shares
from personaspace.survey.arrays import FloatArray
from personaspace.survey.simulate import simulate
from personaspace.survey.survey import Survey
from personaspace.survey.validation import without_validation

SURVEY = simulate(respondents=300, seed=2).select(questions=range(12))


def inputs(survey: Survey) -> FloatArray:
    """Chosen or not less the option's share, 0 for the options of a question that was not answered."""
    shares, at = majority_shares(SURVEY), survey.answers
    table = np.zeros((len(survey.respondents), len(shares)))
    for respondent, question, option in zip(at.respondent, at.question, at.option, strict=True):
        own = slice(survey.offsets[question], survey.offsets[question + 1])
        table[respondent, own] = -shares[own]
        table[respondent, own.start + option] += 1
    return table


def test_all_dimensions_are_the_ridge_regression_of_each_question_on_the_others() -> None:
    shares, offsets = majority_shares(SURVEY), SURVEY.offsets
    fitted = EASE(dim=len(shares), calibrated=False).fit(SURVEY)
    known = inputs(without_validation(SURVEY))
    for j in range(len(SURVEY.questions)):
        own = np.arange(offsets[j], offsets[j + 1])
        others = np.delete(np.arange(len(shares)), own)
        ridge = Ridge(alpha=RIDGE, fit_intercept=False).fit(known[:, others], known[:, own])
        unasked = SURVEY.with_answers(SURVEY.answers.question != j)
        shifts = ridge.predict(inputs(unasked)[:, others]) / shares[own]
        softmax = OptionSoftmax(np.array([0, len(own)]))
        expected = softmax.softmax(np.log(shares[own]) + shifts)
        (found,) = fitted.predict_questions(fitted.embed(unasked), [SURVEY.questions[j].id])
        np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("dim", [2, 8])
def test_fewer_dimensions_change_what_is_predicted_as_little_as_any_other_so_many(dim: int) -> None:
    """Of a matrix M of whole rank, the singular values left out say by how much."""
    whole, few = (EASE(dim=d, calibrated=False).fit(SURVEY) for d in (SURVEY.offsets[-1], dim))
    shares, known = majority_shares(SURVEY), inputs(without_validation(SURVEY))
    root = np.linalg.cholesky(known.T @ known + RIDGE * np.eye(len(shares))).T
    matrices = [root @ space.encoder_ @ space.options_.T * np.sqrt(shares) for space in (whole, few)]
    left_out = np.linalg.svd(matrices[0], compute_uv=False)[dim:]
    assert np.square(matrices[0] - matrices[1]).sum() == pytest.approx(np.square(left_out).sum(), rel=0.02)
