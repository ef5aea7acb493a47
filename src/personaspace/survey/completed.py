"""Drawn answers put beside the real ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from personaspace.survey.answers import Answers
from personaspace.survey.survey import Survey


def completed(survey: Survey, drawn: Answers) -> Survey:
    """The survey with these answers beside its own; a refusal in one of their cells is gone.

    Args:
        survey: Any.
        drawn: Answers to cells that hold none, counted as in the survey.

    Raises:
        SurveyError: A cell would hold two answers.
    """
    width = len(survey.questions)
    cells = drawn.respondent * width + drawn.question
    refused = survey.refusals.respondent * width + survey.refusals.question
    columns = (np.concatenate([getattr(survey.answers, name), getattr(drawn, name)]) for name in vars(drawn))
    return replace(survey, answers=Answers(*columns), refusals=survey.refusals.where(~np.isin(refused, cells)))
