"""Parts of OpinionQA by wave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import personaspace as ps


def of_waves(survey: ps.Survey, waves: Sequence[str]) -> ps.Survey:
    """The questions of some waves, named at the end of their ids, and those who answered any."""
    questions = [j for j, question in enumerate(survey.questions) if question.id.rsplit("_", 1)[-1] in waves]
    part = survey.select(questions=questions)
    return part.select(respondents=np.unique(part.answers.respondent))
