"""How consistently people answer the same question at another interview, and accuracy as a share of that.

Consistency is a yardstick and no upper bound: who answers with probabilities p agrees with themselves in sum p^2 of all
cases, and somebody who knows p is right in max p, which is never less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from personaspace.errors import SettingError, shown
from personaspace.evaluation.evaluation_sets import EvaluationSet
from personaspace.evaluation.measures.averages import Metric, ratio
from personaspace.evaluation.measures.metrics import macro_accuracy
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.shared_questions import answers_of, matched_questions
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.lookup import NOWHERE
from personaspace.survey.survey import Survey

OWN_ANSWER = "own answer, asked again"
"""The row that predicts every answer by the same person's answer at the other interview."""
SHARE_OF_RETEST = "share_of_retest"
"""The metric: macro accuracy over that of :data:`OWN_ANSWER`."""
OF_PROBABILITIES = frozenset({"log_loss", "ece", "log_density"})
"""Metrics that one answer, which is no probability, cannot be measured by."""


def given_again(sets: Sequence[EvaluationSet], retest: Survey) -> list[EvaluationSet]:
    """Keep of every evaluation set the answers whose questions the same people answered at another interview.

    Args:
        sets: Evaluation sets.
        retest: The other interview; people and questions are matched by id.

    Returns:
        Those sets of which answers are left.

    Raises:
        SettingError: A question has other options at the other interview, or no answer was given again.
    """
    kept = [replace(at, test=at.test.with_answers(answered_again(at.test, retest) != NOWHERE)) for at in sets]
    kept = [at for at in kept if len(at.test.answers)]
    if not kept:
        raise SettingError(
            f"nobody in {shown(retest.name)} answered a held-out question again: people and questions are matched by "
            "id, so give the other interview the same ids"
        )
    return kept


def answered_again(test: Survey, retest: Survey) -> IntArray:
    """The option that the same person chose at another interview, for every answer of a survey; -1 where none.

    Args:
        test: The answers.
        retest: The other interview.

    Returns:
        Shape ``[answers]``.

    Raises:
        SettingError: A question has other options at the other interview.
    """
    column = matched_questions(retest.questions, test, f"in {shown(retest.name)} and in {shown(test.name)}")
    given = np.pad(answers_of(retest, test), ((0, 0), (0, 1)), constant_values=NOWHERE)
    again: IntArray = given[test.answers.respondent, column[test.answers.question]]
    return again


def own_answer(test: Survey, retest: Survey) -> Predictions:
    """Predict every answer by the same person's answer at another interview.

    Its macro accuracy is the test-retest consistency of the people, changes of mind included.

    Args:
        test: Answers to predict, all of which were given again.
        retest: The other interview.

    Example:
        >>> from personaspace import Answers, Option, Question, Survey
        >>> tea = Question("q", "Tea?", (Option("no"), Option("yes")))
        >>> first = Survey(("ann", "bob"), (tea,), Answers([0, 1], [0, 0], [1, 1]))
        >>> second = Survey(("bob", "ann"), (tea,), Answers([0, 1], [0, 0], [0, 1]))
        >>> print(macro_accuracy(own_answer(first, second)))
        0.5
    """
    options = max(len(question.options) for question in test.questions)
    return Predictions.of(test, np.eye(options)[answered_again(test, retest)])


def share_of(again: Predictions) -> Metric:
    """The metric that divides macro accuracy by that of the people's own second answers.

    Args:
        again: What :func:`own_answer` predicts for the same answers, of which only choices are taken.

    Returns:
        A metric; under resampled weights both accuracies are of the same respondents, so that its interval is paired.
    """

    def share(predictions: Predictions, weights: FloatArray | None = None) -> FloatArray:
        given = macro_accuracy(again.where(np.isnan(again.value)), weights)
        return ratio(macro_accuracy(predictions, weights), np.where(given > 0, given, np.nan))

    return share
