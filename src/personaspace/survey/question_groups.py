"""Groups of questions that belong together, by battery, topic or wave, so that a split can hold out whole groups.

A question drawn alone often leaves siblings among the training questions, from which it is easy to predict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from personaspace.survey.arrays import BoolArray, FloatArray, IntArray
from personaspace.survey.survey import Survey
from personaspace.survey.text_vectors import question_text, tfidf

SAME_BATTERY, SAME_TOPIC = 0.5, 0.3
"""Cosine of tf-idf vectors of texts and options above which two questions are linked."""
SAME_WAVE = 0.9
"""Share of the people asked one question who were asked another, above which the two are linked."""
BLOCK = 4096
"""Respondents counted at a time."""


def question_groups(survey: Survey, by: str) -> IntArray:
    """Number the group of each question: its battery, its topic or its wave.

    Questions are linked in pairs, and a group is all that links lead to (single linkage).

    Args:
        survey: The survey.
        by: ``"battery"``: the cosine of tf-idf vectors of texts and options is above .5. ``"topic"``: the survey's own
            where every question has one, otherwise that cosine is above .3. ``"wave"``: of those who were asked the
            less asked of the two, more than nine in ten were asked both.

    Returns:
        Shape ``[questions]``, from 0.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=50)
        >>> groups = question_groups(survey, "topic")
        >>> len(survey.questions), len(set(groups.tolist()))
        (60, 8)
    """
    return GROUPINGS[by](survey)


def _batteries(survey: Survey) -> IntArray:
    return _linked(_alike(survey) > SAME_BATTERY)


def _topics(survey: Survey) -> IntArray:
    topics = [question.topic for question in survey.questions]
    if None in topics:
        return _linked(_alike(survey) > SAME_TOPIC)
    return np.unique(np.array(topics), return_inverse=True)[1].astype(np.int64)


def _waves(survey: Survey) -> IntArray:
    given, refused = survey.answers, survey.refusals
    respondent = np.concatenate([given.respondent, refused.respondent])
    question = np.concatenate([given.question, refused.question])
    people, questions = len(survey.respondents), len(survey.questions)
    asked = csr_array((np.ones(len(question), np.float32), (respondent, question)), (people, questions))
    both = np.zeros((questions, questions))
    for start in range(0, people, BLOCK):
        block = asked[start : start + BLOCK].toarray()
        both += block.T @ block
    each = both.diagonal()
    return _linked(both > SAME_WAVE * np.maximum(np.minimum(each[:, None], each), 1))


GROUPINGS: Mapping[str, Callable[[Survey], IntArray]] = {"battery": _batteries, "topic": _topics, "wave": _waves}
"""What makes the groups, by its name."""


def _alike(survey: Survey) -> FloatArray:
    texts = [question_text(question) for question in survey.questions]
    vectors = tfidf(texts).transform(texts)
    cosines: FloatArray = (vectors @ vectors.T).toarray()
    return cosines


def _linked(pairs: BoolArray) -> IntArray:
    return np.asarray(connected_components(pairs, directed=False)[1], dtype=np.int64)
