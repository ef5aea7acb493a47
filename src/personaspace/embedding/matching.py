"""Match a survey's answers by id to the questions that an embedder was fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from personaspace.errors import SurveyError, listed, shown
from personaspace.survey.answers import Answers
from personaspace.survey.lookup import NOWHERE, positions
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey


def matched_answers(questions: Sequence[Question], survey: Survey) -> Answers:
    """The survey's answers to some questions, counted as these are and in ascending order.

    Raises:
        SurveyError: A question of the survey has other options than the one of its id.
    """
    column = positions((question.id for question in survey.questions), (question.id for question in questions))
    for question, j in zip(survey.questions, column, strict=True):
        if j != NOWHERE and _texts(question) != _texts(questions[j]):
            raise SurveyError(
                f"question {shown(question.id)} has the options {listed(_texts(question), 4)}, but had "
                f"{listed(_texts(questions[j]), 4)} when the embedder was fitted: give it these or another id"
            )
    known = survey.answers.where(column[survey.answers.question] != NOWHERE)
    return replace(known, question=column[known.question]).ascending()


def _texts(question: Question) -> list[str]:
    return [option.text for option in question.options]
