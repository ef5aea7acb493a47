"""A held-out question put to a fitted run as a new one: expected before and after a pilot, beside its answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from personaspace.errors import SettingError
from personaspace.profiles.statistics import effective_size
from personaspace.reports.story import HeldOutQuestion
from personaspace.runs.asking import expected
from personaspace.runs.fitted import FittedRun
from personaspace.survey.question import Question

PILOT = 10
"""Respondents asked in the pilot."""


def most_answered(fitted: FittedRun) -> Question:
    """The held-out question that most training respondents answered and that is not also among the seen ones.

    Raises:
        SettingError: There is none.
    """
    survey = fitted.split.held_out_questions
    answers = np.bincount(survey.answers.question, minlength=len(survey.questions))
    for column in np.argsort(-answers, kind="stable").tolist():
        question: Question = survey.questions[column]
        if answers[column] and fitted.new_questions.ask(question).known is None:
            return question
    raise SettingError("no question was held out that anybody answered")


def ask_held_out(fitted: FittedRun, question: Question) -> HeldOutQuestion:
    """Ask a held-out question before and after a pilot of ten.

    They are the first ten training respondents, in the order in which
    :meth:`~personaspace.newquestions.new_question.NewQuestion.whom_to_ask` names them without knowing any answer, of
    those who answered the question.

    Args:
        fitted: The run.
        question: Of ``fitted.split.held_out_questions``.

    Returns:
        What is expected of every persona and of everybody, and what the training respondents answered.
    """
    survey = fitted.split.held_out_questions
    given = survey.answers.where(survey.answers.question == survey.question_index[question.id])
    names = [survey.respondents[row] for row in given.respondent]
    texts = [question.options[option].text for option in given.option]
    answer = dict(zip(names, texts, strict=True))
    asked = fitted.new_questions.ask(question)
    order = asked.whom_to_ask(len(survey), fitted.personas)["respondent"]
    pilot = {name: answer[name] for name in order if name in answer}
    pilot = dict(list(pilot.items())[:PILOT])
    before, after = (expected(one, fitted.personas) for one in (asked, asked.pilot(pilot) if pilot else asked))
    members = {persona.name: set(persona.members) for persona in fitted.personas} | {"everybody": set(names)}
    weight, chosen = survey.weight[given.respondent], np.eye(len(question.options))[given.option]
    here = np.array([[name in people for name in names] for people in members.values()]) * weight
    with np.errstate(invalid="ignore"):
        shares = (here @ chosen) / here.sum(axis=1, keepdims=True)
    rows = before.probabilities.index
    return HeldOutQuestion(
        question,
        before,
        after,
        pd.DataFrame(shares, rows, before.probabilities.columns),
        pd.Series((here > 0).sum(axis=1), rows),
        pd.Series(effective_size(here.sum(axis=1), np.square(here).sum(axis=1)), rows),
        len(pilot),
    )
