"""Answers as numbers in [0, 1]: each option's place on its question's scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from personaspace.survey.question import Question
from personaspace.survey.survey import FloatArray


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


def as_choice(
    slopes: FloatArray, levels: FloatArray, variance: float, questions: Sequence[Question], counts: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Turn a predicted number r = <u, q> + b with normal residuals into one vector and one bias per option.

    p(o | u) is proportional to exp(-(r - place_o)^2 / (2 variance)), so its mode is the option nearest to r.
    What does not depend on o cancels: v_o = q place_o / variance, b_o = (b place_o - place_o^2 / 2) / variance.
    An option beside the scale has v_o = 0 and the bias with which it is chosen, at u = 0, as often as it was.

    Args:
        slopes: q, shape ``[questions, dim]``.
        levels: b, shape ``[questions]``.
        variance: Of the residuals.
        questions: The questions.
        counts: How often each option was chosen, shape ``[options]``.

    Returns:
        v of shape ``[options, dim]`` and b of shape ``[options]``.
    """
    sizes = [len(question.options) for question in questions]
    slope, level = np.repeat(slopes, sizes, axis=0), np.repeat(levels, sizes)
    place = places(questions)
    on_scale, at = ~np.isnan(place), np.nan_to_num(place)
    bias = np.where(on_scale, (level * at - at**2 / 2) / variance, 0.0)
    starts = np.cumsum([0, *sizes[:-1]])
    weight, chosen = (
        np.repeat(np.add.reduceat(np.where(on_scale, part, 0.0), starts), sizes) for part in (np.exp(bias), counts + 1)
    )
    beside = np.log((counts + 1) * weight / chosen)
    return slope * at[:, None] / variance, np.where(on_scale, bias, beside)
