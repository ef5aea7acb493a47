"""Rows of the table for questions that a few respondents were asked (a pilot), everybody else predicted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.rows.baselines import majority
from personaspace.evaluation.rows.language_model_rows import each_question
from personaspace.evaluation.rows.method import Method
from personaspace.newquestions.new_question import NewQuestion
from personaspace.newquestions.new_questions import NewQuestions
from personaspace.steer.steered_lm import SteeredLM
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.lookup import positions
from personaspace.survey.option_sums import option_shares
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

FEW = 1e-9
"""Weight of an answer beside the respondent's, so that shares are known where all weights are 0."""


def pilot_rows(space: NewQuestions, pilot: Survey, lm: SteeredLM | None = None) -> Iterator[Method]:
    """Yield every row.

    Args:
        space: The space of the training answers.
        pilot: Answers of a few respondents of the space to questions that it does not know.
        lm: A model with an informed soft-prompting model, for the row "individual".
    """
    yield Method("topline", topline, of_known=False)
    yield Method("pilot majority", partial(majority, pilot), of_known=False)
    yield Method("question prior", partial(question_prior_after_pilot, space, pilot), slow=True)
    if lm is not None:
        yield Method("individual", partial(individual_after_pilot, lm, space, pilot), slow=True)


def topline(test: Survey) -> Predictions:
    """Predict every answer by the weighted shares of those who answered: what no prediction for everybody can beat.

    Args:
        test: Answers to predict, from which the shares are taken too.
    """
    counts = test.option_counts(weighted=True) + FEW * test.option_counts()
    return Predictions.from_table(
        test, option_shares(counts, test.offsets)[None], np.zeros(len(test.answers), np.int64)
    )


def question_prior_after_pilot(space: NewQuestions, pilot: Survey, test: Survey) -> Predictions:
    """Predict every answer by the question prior, sharpened by the pilot's answers to the same question.

    Args:
        space: The space of the training answers.
        pilot: Answers of other respondents of the space to the same questions.
        test: Answers to predict, of respondents of the space.
    """
    places = space.people.place_of(test.respondents, None)

    def predict(respondents: IntArray, question: Question) -> FloatArray:
        return _told(space, question, pilot).belief.probabilities(places[respondents])

    return each_question(predict, test)


def individual_after_pilot(lm: SteeredLM, space: NewQuestions, pilot: Survey, test: Survey) -> Predictions:
    """Predict every answer by the steered model at the respondent's own vector, told what the pilot says.

    Args:
        lm: A model with an informed soft-prompting model.
        space: The space of the training answers.
        pilot: Answers of other respondents of the space to the same questions.
        test: Answers to predict, of respondents of the space.
    """
    embedder = space.people.embedder
    vectors = embedder.respondents_[positions(test.respondents, embedder.ids_)]

    def predict(respondents: IntArray, question: Question) -> Vectors:
        return lm.predict(vectors[respondents], question, prior=_told(space, question, pilot))

    return each_question(predict, test)


def _told(space: NewQuestions, question: Question, pilot: Survey) -> NewQuestion:
    """A question with the pilot's answers to it."""
    given = pilot.answers.where(pilot.answers.question == pilot.question_index[question.id])
    options = [question.options[option].text for option in given.option]
    told = {pilot.respondents[row]: option for row, option in zip(given.respondent, options, strict=True)}
    return space.ask(question).pilot(told) if told else space.ask(question)
