"""The questions two surveys share: matched by id, with equal options."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from personaspace.errors import SettingError
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.question import Question, offsets_of
from personaspace.survey.survey import Survey


def matched_questions(questions: Sequence[Question], test: Survey) -> IntArray:
    """Index among ``questions`` of every question of ``test``, -1 where it is not there; shape ``[questions]``.

    Raises:
        SettingError: A question has other options there than in ``test``.
    """
    index = {question.id: j for j, question in enumerate(questions)}
    source = np.array([index.get(question.id, -1) for question in test.questions], dtype=np.int64)
    for question, j in zip(test.questions, source, strict=True):
        if j >= 0 and questions[j].options != question.options:
            raise SettingError(f"question {question.id!r} does not have the same options in training and evaluation")
    return source


def seen_questions(train: Survey, test: Survey) -> IntArray:
    """Index in ``train`` of every question of ``test``, -1 where ``train`` holds no answer to it."""
    answered = np.append(np.bincount(train.answers.question, minlength=len(train.questions)) > 0, False)
    index = matched_questions(train.questions, test)
    return np.where(answered[index], index, -1)


def matched_options(questions: Sequence[Question], test: Survey) -> IntArray:
    """Running option index among ``questions`` of every option of ``test``, -1 where unknown; ``[options]``."""
    starts = offsets_of(questions)
    source = matched_questions(questions, test)
    sizes = np.diff(test.offsets)
    place = np.arange(test.offsets[-1]) - np.repeat(test.offsets[:-1], sizes)
    return np.where(np.repeat(source, sizes) >= 0, np.repeat(starts[source], sizes) + place, -1)


def carried_over(train: Survey, test: Survey, counts: FloatArray) -> FloatArray:
    """Counts over the options of ``train`` as counts over those of ``test``.

    A question without answers in ``train`` takes the counts of **option places**: how often the first, second, ...
    option was chosen among the questions of ``train`` with as many options.

    Args:
        train: Where the counts come from.
        test: Where they go.
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
