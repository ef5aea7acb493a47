"""Answers as numbers in [0, 1]: each option's place on its question's scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.numeric_answers import number_places
from personaspace.survey.question import Question, offsets_of

LEAST_VARIANCE = 1e-3


def places(questions: Sequence[Question]) -> FloatArray:
    """Each option's place: its ordinal position, or even spacing in listed order where a question has no scale.

    Args:
        questions: Any.

    Returns:
        Shape ``[options]``, in [0, 1]; NaN for an option beside the scale, such as "Not sure".

    Example:
        >>> from personaspace.survey.question import Option
        >>> fuel = Question("q", "Which?", (Option("coal"), Option("gas"), Option("sun")))
        >>> places([fuel]).tolist()
        [0.0, 0.5, 1.0]
    """
    return np.concatenate([q.positions if q.ordinal else np.linspace(0, 1, len(q.options)) for q in questions])


def answer_places(questions: Sequence[Question], answers: Answers) -> FloatArray:
    """Each answer's place: that of the exact number where one was given, else its option's.

    Args:
        questions: Any.
        answers: To these questions.

    Returns:
        Shape ``[answers]``, in [0, 1]; NaN where the option is beside the scale.
    """
    starts = offsets_of(questions)
    on_option, exact = places(questions)[starts[answers.question] + answers.option], number_places(questions, answers)
    return np.where(np.isnan(exact), on_option, exact)


def as_choice(
    slopes: FloatArray, levels: FloatArray, vectors: FloatArray, answers: Answers, sizes: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Turn a predicted number r = <u, q> + b into the probability of every option.

    Among those who chose option o, r is taken for normal with mean m_o and a variance s that all options share
    (linear discriminant analysis in one dimension): p(o | u) is proportional to share_o Normal(r; m_o, s). Where r
    says nothing, that is the shares; the option nearest to r, by contrast, is in the middle wherever people are
    divided. What does not depend on o cancels: v_o = q m_o / s, b_o = log share_o + (b m_o - m_o^2 / 2) / s.

    Args:
        slopes: q, shape ``[questions, dim]``.
        levels: b, shape ``[questions]``.
        vectors: u, shape ``[respondents, dim]``.
        answers: Given by these respondents; at least one.
        sizes: Options of each question, shape ``[questions]``.

    Returns:
        v of shape ``[options, dim]`` and b of shape ``[options]``.
    """
    number = (vectors[answers.respondent] * slopes[answers.question]).sum(axis=1) + levels[answers.question]
    starts = np.cumsum([0, *sizes[:-1]])
    node = starts[answers.question] + answers.option
    count = np.bincount(node, minlength=sizes.sum())
    total = np.repeat(np.add.reduceat(count, starts), sizes)
    mean = (np.bincount(node, number, minlength=len(count)) + np.repeat(levels, sizes)) / (count + 1)
    variance = max(np.mean((number - mean[node]) ** 2), LEAST_VARIANCE)
    share = (count + 1) / (total + np.repeat(sizes, sizes))
    options = np.repeat(slopes, sizes, axis=0) * mean[:, None] / variance
    return options, np.log(share) + (np.repeat(levels, sizes) * mean - mean**2 / 2) / variance
