"""The answers an embedder learns from, and the validation answers by which it stops early."""

from __future__ import annotations

import numpy as np

from personaspace.errors import SurveyError
from personaspace.survey.answers import Answers
from personaspace.survey.stream import SurveyStream
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask


def check_learnable(survey: Survey) -> None:
    """Raise :class:`SurveyError` unless this is a survey in memory with two respondents and an answer."""
    if isinstance(survey, SurveyStream):
        raise SurveyError(f"{survey!r} is a stream, which LightGCN learns from: read_survey brings it into memory")
    if len(survey.respondents) < 2 or not len(survey.answers):
        raise SurveyError(
            f"{survey!r} has {len(survey.respondents)} respondent(s) and {len(survey.answers)} answer(s): "
            "an embedder learns from at least two respondents and one answer"
        )


def training_and_validation_answers(survey: Survey) -> tuple[Answers, Answers]:
    """The survey's training answers in ascending order, and its validation answers.

    Where the survey has no validation answers (:func:`personaspace.survey.validation.validation_mask`), the training
    answers stand for them too.
    """
    mask = validation_mask(survey)
    training = ascending(survey.answers.where(~mask))
    return training, survey.answers.where(mask) if mask.any() else training


def ascending(answers: Answers) -> Answers:
    """The answers by respondent, then question, so that no sum depends on the order they came in."""
    cells = answers.respondent * (answers.question.max(initial=0) + 1) + answers.question
    return answers if (np.diff(cells) >= 0).all() else answers.where(np.argsort(cells, kind="stable"))
