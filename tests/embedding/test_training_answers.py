from __future__ import annotations

import numpy as np
import pytest

from personaspace.embedding.training_answers import check_learnable, training_and_validation_answers
from personaspace.errors import SurveyError
from personaspace.survey.simulate import simulate
from personaspace.survey.validation import validation_mask


def test_training_and_validation_answers_are_all_answers_once() -> None:
    survey = simulate(respondents=60)
    shuffled = survey.with_answers(np.random.default_rng(0).permutation(len(survey.answers)))
    training, validation = training_and_validation_answers(shuffled)
    assert len(validation) == validation_mask(survey).sum() > 0
    assert len(training) + len(validation) == len(survey.answers)
    assert (np.diff(training.respondent * len(survey.questions) + training.question) > 0).all()
    cells = [{*zip(part.respondent, part.question, strict=True)} for part in (training, validation)]
    assert not cells[0] & cells[1]


def test_training_answers_stand_for_validation_answers_where_there_are_none() -> None:
    survey = simulate(respondents=60)
    first = np.unique(survey.answers.respondent, return_index=True)[1]
    training, validation = training_and_validation_answers(survey.with_answers(first))
    assert len(training) == 60
    assert validation.equals(training)


def test_a_survey_without_answers_is_refused() -> None:
    survey = simulate(respondents=10)
    with pytest.raises(SurveyError, match="at least two respondents and one answer"):
        check_learnable(survey.with_answers(np.zeros(len(survey.answers), np.bool_)))
