"""Questions and respondents that two surveys share, matched by id: where they are, their answers and counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from personaspace.errors import SettingError, listed, shown
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.lookup import NOWHERE, positions
from personaspace.survey.option_sums import repeat_options
from personaspace.survey.question import Question, offsets_of
from personaspace.survey.survey import Survey


def matched_questions(
    questions: Sequence[Question], test: Survey, where: str = "in training and in evaluation"
) -> IntArray:
    """Find the questions of a survey among other questions.

    Args:
        questions: Those to look among.
        test: The survey whose questions are looked up.
        where: Where both are asked, in words, for the message.

    Returns:
        The position among ``questions`` of every question of ``test``, -1 where it is not there; shape ``[questions]``.

    Raises:
        SettingError: A question has options of other texts there than in ``test``, or another scale.
    """
    source = positions((question.id for question in test.questions), (question.id for question in questions))
    for question, j in zip(test.questions, source, strict=True):
        if j == NOWHERE:
            continue
        texts, others = ([option.text for option in of.options] for of in (questions[j], question))
        if texts != others or questions[j].scale != question.scale:
            raise SettingError(
                f"question {shown(question.id)} does not have the same options {where}: {listed(texts, 4)} and "
                f"{listed(others, 4)}; give both the same, or leave the question out"
            )
    return source


def seen_questions(train: Survey, test: Survey) -> IntArray:
    """The position in ``train`` of every question of ``test``, -1 where ``train`` holds no answer to it."""
    answered = np.append(np.bincount(train.answers.question, minlength=len(train.questions)) > 0, False)
    index = matched_questions(train.questions, test)
    return np.where(answered[index], index, NOWHERE)


def matched_options(questions: Sequence[Question], test: Survey) -> IntArray:
    """The column of every option of ``test`` among all options of ``questions``, -1 where unknown; ``[options]``."""
    source = matched_questions(questions, test)
    shift = offsets_of(questions)[source] - test.offsets[:-1]
    columns = np.arange(test.offsets[-1]) + repeat_options(shift, test.offsets)
    return np.where(repeat_options(source, test.offsets) == NOWHERE, NOWHERE, columns)


def carried_over(train: Survey, test: Survey, counts: FloatArray) -> FloatArray:
    """Carry counts over the options of one survey to those of another.

    A question without answers in ``train`` takes the counts of **option places**: how often the first, second, ...
    option was chosen among the questions of ``train`` with as many options.

    Args:
        train: The survey counted.
        test: The survey whose options the counts are wanted for.
        counts: Shape ``[groups, options of train]``.

    Returns:
        Shape ``[groups, options of test]``; zeros where no question of ``train`` has as many options.
    """
    seen = seen_questions(train, test)
    sizes = np.diff(train.offsets)
    places = {
        n: counts[:, train.offsets[:-1][sizes == n, None] + np.arange(n)].sum(axis=1) for n in np.unique(sizes).tolist()
    }
    carried = np.zeros((len(counts), int(test.offsets[-1])))
    for j, question in enumerate(test.questions):
        here = slice(test.offsets[j], test.offsets[j + 1])
        if seen[j] >= 0:
            carried[:, here] = counts[:, train.offsets[seen[j]] : train.offsets[seen[j] + 1]]
        else:
            carried[:, here] = places.get(len(question.options), 0.0)
    return carried


def answers_of(known: Survey, test: Survey) -> IntArray:
    """The option every respondent of ``test`` gave to every question of ``known``, -1 for none."""
    row = positions(known.respondents, test.respondent_index)
    given = np.full((len(test.respondents) + 1, len(known.questions)), -1, dtype=np.int64)
    given[row[known.answers.respondent], known.answers.question] = known.answers.option
    return given[:-1]
