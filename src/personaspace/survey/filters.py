"""Filtered questions: those that are only asked of respondents who gave certain answers to another question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse import csr_array

from personaspace.survey.arrays import BoolArray, FloatArray, IntArray
from personaspace.survey.option_sums import repeat_options, sum_options
from personaspace.survey.survey import Survey

NEARLY_ALL = 0.75
"""Least share asked among those whose answer leads to the question; the rest is item non-response or held out."""

HARDLY_ANY = 0.01
"""Largest share asked among those with another answer."""

LEAST = 20
"""Respondents that there must be on either side: with fewer, chance makes filters of skipped questions."""

AS_BY_LOT = 1.5
"""Chi-square per degree of freedom, over all other questions, up to which a variable is a questionnaire form."""


class Filter(NamedTuple):
    """The earlier answer that decides whether a question is asked.

    Attributes:
        parent: Id of the question answered before.
        answers: Texts of its options that lead to the filtered question.
    """

    parent: str
    answers: tuple[str, ...]


def filtered_questions(survey: Survey) -> dict[str, Filter]:
    """Find the questions whose being asked is determined by the answer to another question.

    A question counts as asked where it is answered or refused. It is filtered by a parent if the parent's options
    fall in two: among the respondents who chose one of the first kind it is asked of nearly all
    (:data:`NEARLY_ALL`), among those who chose one of the second of hardly any (:data:`HARDLY_ANY`), at least
    :data:`LEAST` respondents are of either kind, and nearly all who were asked it have answered the parent. Where
    questionnaire forms or waves decide who is asked, shares are alike for all answers, and nothing is filtered. Nor
    is it by the form's own number, should that be among the questions: a parent of which every option leads to some
    question, and which is independent of what people answer (:data:`AS_BY_LOT`), was dealt, not answered. A filter
    that takes two parents, or that only works in one of two forms, is not found.

    Args:
        survey: Any.

    Returns:
        The filter of every filtered question, by id, in the survey's order. Of several parents the one that fits
        most respondents, then the nearest before the question.

    Example:
        Forty people; only those who drink tea are asked how they take it.

        >>> from personaspace.survey.answers import Answers
        >>> from personaspace.survey.question import Option, Question
        >>> tea = Question("tea", "Do you drink tea?", (Option("yes"), Option("no")))
        >>> milk = Question("milk", "With milk?", (Option("yes"), Option("no")))
        >>> first, then = (np.arange(40), [0] * 40, [0, 1] * 20), (np.arange(0, 40, 2), [1] * 20, [0, 1] * 10)
        >>> answers = Answers(*(np.concatenate(pair) for pair in zip(first, then)))
        >>> filtered_questions(Survey(tuple(map(str, range(40))), (tea, milk), answers))
        {'milk': Filter(parent='tea', answers=('yes',))}
    """
    if survey not in _FOUND:
        _FOUND[survey] = _found_in(survey)
    return dict(_FOUND[survey])


_FOUND: WeakKeyDictionary[Survey, dict[str, Filter]] = WeakKeyDictionary()
"""What was found in surveys still in use, which never change: looking takes a second where there are many questions."""


def _found_in(survey: Survey) -> dict[str, Filter]:
    if not len(survey.answers):
        return {}
    asked = np.zeros((len(survey.respondents), len(survey.questions)), np.float32)
    for pairs in (survey.answers, survey.refusals):
        asked[pairs.respondent, pairs.question] = 1
    chose = csr_array(
        (np.ones(len(survey.answers), np.float32), (survey.option_nodes, survey.answers.respondent)),
        (int(survey.offsets[-1]), len(survey.respondents)),
    )
    both = np.asarray(chose @ asked, np.float64)  # [options of the parent, questions]: who chose it and was asked
    chosen = np.broadcast_to(survey.option_counts()[:, None], both.shape)
    leads = both > chosen / 2
    fit = _fit(survey, both, chosen, leads, asked.sum(axis=0, dtype=np.float64))
    for parent in np.flatnonzero((fit > 0).any(axis=1)).tolist():
        block = slice(survey.offsets[parent], survey.offsets[parent + 1])
        options = block.start + np.flatnonzero(chosen[block, 0] >= LEAST)
        if (
            len(options) > 1
            and leads[options][:, fit[parent] > 0].any(axis=1).all()
            and _by_lot(survey, chose, options)
        ):
            fit[parent] = 0
    distance = np.subtract.outer(np.arange(len(fit)), np.arange(len(fit)))  # below 0 where the parent comes first
    found: dict[str, Filter] = {}
    for column in np.flatnonzero((fit > 0).any(axis=0)).tolist():
        best = np.flatnonzero(fit[:, column] == fit[:, column].max())
        before = best[distance[best, column] < 0]
        parent = int(before[-1] if len(before) else best[0])
        options = survey.questions[parent].options
        kinds = leads[survey.offsets[parent] : survey.offsets[parent + 1], column]
        texts = tuple(option.text for option, kind in zip(options, kinds, strict=True) if kind)
        found[survey.questions[column].id] = Filter(survey.questions[parent].id, texts)
    return found


def reached(survey: Survey, filters: Mapping[str, Filter]) -> BoolArray:
    """The cells that filters let through: of questions without a filter, and where a known answer leads to it.

    Args:
        survey: Any with the questions of the filters.
        filters: Some of what :func:`filtered_questions` found.

    Returns:
        Shape ``[respondents, questions]``.
    """
    through = np.ones((len(survey.respondents), len(survey.questions)), np.bool_)
    for name, (parent, answers) in filters.items():
        texts = [option.text for option in survey.question(parent).options]
        at = survey.answers.where(survey.answers.question == survey.question_index[parent])
        column = through[:, survey.question_index[name]]
        column[:] = False
        column[at.respondent] = np.isin(at.option, [texts.index(answer) for answer in answers])
    return through


def _by_lot(survey: Survey, chose: csr_array, options: IntArray) -> bool:
    """Whether choosing one of these options of a question is independent of all other answers.

    Args:
        survey: Any.
        chose: Which respondents chose which options, shape ``[options, respondents]``.
        options: Of one question.
    """
    counts = np.asarray((chose[options] @ chose.T).toarray(), np.float64)
    totals = sum_options(counts, survey.offsets)  # [options, questions]
    parent = int(np.searchsorted(survey.offsets, options[0], side="right")) - 1
    comparable = (totals >= LEAST).all(axis=0) & (np.arange(len(survey.questions)) != parent)
    at = repeat_options(comparable, survey.offsets) & (counts.sum(axis=0) > 0)
    if not at.any():
        return False
    expected = repeat_options(totals / totals.sum(axis=0).clip(1), survey.offsets)[:, at] * counts[:, at].sum(axis=0)
    freedom = (len(options) - 1) * (at.sum() - comparable.sum())
    return bool((np.square(counts[:, at] - expected) / expected).sum() <= AS_BY_LOT * freedom)


def _fit(survey: Survey, both: FloatArray, chosen: FloatArray, leads: BoolArray, asked: FloatArray) -> FloatArray:
    """How well each parent determines who is asked, shape ``[parents, questions]``; 0 where it is no filter.

    Args:
        survey: Whose questions.
        both: How many chose an option and were asked a question, shape ``[options, questions]``.
        chosen: How many chose an option, same shape.
        leads: Whether an option leads to a question, same shape.
        asked: How many were asked each question.
    """

    def per_parent(values: FloatArray) -> FloatArray:
        return sum_options(values.T, survey.offsets).T

    inside, reach = per_parent(np.where(leads, both, 0)), per_parent(np.where(leads, chosen, 0))
    outside, rest = per_parent(np.where(leads, 0, both)), per_parent(np.where(leads, 0, chosen))
    is_filter = (
        (np.minimum(reach, rest) >= LEAST)
        & (inside >= NEARLY_ALL * reach)
        & (outside <= HARDLY_ANY * rest)
        & (inside + outside >= NEARLY_ALL * asked)
    )
    return np.where(is_filter, (inside + rest - outside) / np.maximum(reach + rest, 1), 0)
