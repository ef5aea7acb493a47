"""Rows of the table for questions that a few respondents were asked (a pilot), everybody else predicted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from personaspace.evaluation.baselines import majority
from personaspace.evaluation.predictions import Predictions
from personaspace.newquestions.new_questions import NewQuestions
from personaspace.survey.option_sums import option_shares
from personaspace.survey.survey import Survey

FEW = 1e-9
"""Weight of an answer beside the respondent's, so that shares are known where all weights are 0."""


def pilot_rows(space: NewQuestions, test: Survey, pilot: Survey) -> Iterator[tuple[str, Callable[[], Predictions]]]:
    """Yield name and prediction of every row.

    Args:
        space: The space of the training answers.
        test: Answers to predict, of respondents of the space to questions that it does not know.
        pilot: Answers of other respondents of the space to the same questions.
    """
    yield "topline", partial(topline, test)
    yield "pilot majority", partial(majority, pilot, test)
    yield "question prior", partial(question_prior_after_pilot, space, test, pilot)


def topline(test: Survey) -> Predictions:
    """Predict every answer by the weighted shares of those who answered: what no prediction for everybody can beat.

    Args:
        test: Answers to predict, from which the shares are taken too.
    """
    counts = test.option_counts(weighted=True) + FEW * test.option_counts()
    return Predictions.from_table(
        test, option_shares(counts, test.offsets)[None], np.zeros(len(test.answers), np.int64)
    )


def question_prior_after_pilot(space: NewQuestions, test: Survey, pilot: Survey) -> Predictions:
    """Predict every answer by the question prior, sharpened by the pilot's answers to the same question.

    Args:
        space: The space of the training answers.
        test: Answers to predict, of respondents of the space.
        pilot: Answers of other respondents of the space to the same questions.
    """
    answers, given = test.answers, pilot.answers
    places = space.people.place_of(test.respondents, None)
    probabilities = np.zeros((len(answers), max(len(question.options) for question in test.questions)))
    for j, question in enumerate(test.questions):
        rows, asked = np.flatnonzero(answers.question == j), space.ask(question)
        if told := {
            pilot.respondents[given.respondent[row]]: question.options[given.option[row]].text
            for row in np.flatnonzero(given.question == j)
        }:
            asked = asked.pilot(told)
        predicted = asked.belief.probabilities(places[answers.respondent[rows]])
        probabilities[rows, : len(question.options)] = predicted
    return Predictions.of(test, probabilities)
