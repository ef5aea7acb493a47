"""Answers as numbers in [0, 1], and predicted numbers as probabilities of options."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.numeric_answers import number_places
from personaspace.survey.option_sums import repeat_options, sum_options
from personaspace.survey.question import Question, offsets_of

LEAST_VARIANCE = 1e-3


def option_values(questions: Sequence[Question]) -> FloatArray:
    """The value of each option: its ordinal position, or even spacing in listed order where a question is not ordinal.

    Args:
        questions: Any.

    Returns:
        Shape ``[options]``, in [0, 1]; NaN for an option without a position, such as "Not sure".

    Example:
        >>> from personaspace.survey.question import Option
        >>> fuel = Question("q", "Which?", (Option("coal"), Option("gas"), Option("sun")))
        >>> option_values([fuel]).tolist()
        [0.0, 0.5, 1.0]
    """
    return np.concatenate([q.positions if q.ordinal else np.linspace(0, 1, len(q.options)) for q in questions])


def answer_values(questions: Sequence[Question], answers: Answers) -> FloatArray:
    """The value of each answer: that of the exact number where one was given, else its option's.

    Args:
        questions: Any.
        answers: To these questions.

    Returns:
        Shape ``[answers]``, in [0, 1]; NaN where the option has no position.
    """
    starts = offsets_of(questions)
    on_option, exact = (
        option_values(questions)[starts[answers.question] + answers.option],
        number_places(questions, answers),
    )
    return np.where(np.isnan(exact), on_option, exact)


def options_of_numbers(
    slopes: FloatArray, levels: FloatArray, vectors: FloatArray, answers: Answers, sizes: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Linear discriminant analysis in one dimension: from a predicted number r = <u, q> + b to option vectors.

    Among those who chose option o, r is taken to be normal with mean m_o and a variance s that all options share:
    p(o | u) is proportional to share_o Normal(r; m_o, s). Where r does not depend on the answer, that is the shares;
    the option nearest to r, by contrast, would be one in the middle wherever people are divided. What does not depend
    on o cancels: v_o = q m_o / s, b_o = log share_o + (b m_o - m_o^2 / 2) / s.

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
    offsets = np.cumsum([0, *sizes])
    node = offsets[answers.question] + answers.option
    count = np.bincount(node, minlength=offsets[-1])
    total = repeat_options(sum_options(count, offsets) + sizes, offsets)
    level = repeat_options(levels, offsets)
    mean = (np.bincount(node, number, minlength=len(count)) + level) / (count + 1)
    variance = max(np.mean((number - mean[node]) ** 2), LEAST_VARIANCE)
    vectors_of_options = np.repeat(slopes, sizes, axis=0) * mean[:, None] / variance
    return vectors_of_options, np.log((count + 1) / total) + (level * mean - mean**2 / 2) / variance
