"""Numbers for points of a scale: one of those people gave there."""

from __future__ import annotations

import numpy as np

from personaspace.survey.answers import Answers
from personaspace.survey.survey import FloatArray, Survey


def numbers_like(survey: Survey, chosen: Answers, rng: np.random.Generator) -> FloatArray:
    """For every point chosen, a number at random from those given nearest to that point of that question.

    Args:
        survey: Where the numbers come from.
        chosen: Points chosen, counted as in the survey.
        rng: Draws them.

    Returns:
        Shape ``[chosen]``: NaN where the question is answered with a choice, the point's own number where nobody gave
        one near it.

    Example:
        >>> from personaspace.survey.question import Question
        >>> police = Question.number("ftpolice", "How would you rate the police?", 0, 100)
        >>> survey = Survey(("ann", "bob"), (police,), Answers([0], [0], [15], [74.0]))
        >>> numbers_like(survey, Answers([1, 1], [0, 0], [15, 0]), np.random.default_rng(0)).tolist()
        [74.0, 0.0]
    """
    nodes = survey.offsets[chosen.question] + chosen.option
    points = [np.full(len(q.options), np.nan) if q.scale is None else q.scale.numbers for q in survey.questions]
    values: FloatArray = np.concatenate(points)[nodes]
    if not survey.answers.numeric:
        return values
    order = np.argsort(survey.option_nodes, kind="stable")
    given, starts = survey.answers.value[order], np.searchsorted(survey.option_nodes[order], np.arange(nodes.max() + 2))
    counts = np.diff(starts)[nodes]
    like = (counts > 0) & ~np.isnan(values)
    at = starts[nodes[like]] + (rng.random(like.sum()) * counts[like]).astype(np.int64)
    values[like] = given[at]
    return values
