"""Sums and shares over the options of each question, for arrays whose last axis is all options of all questions.

``offsets`` says where each question's options start, shape ``[questions + 1]``, as :attr:`Survey.offsets` does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from personaspace.survey.arrays import FloatArray, IntArray


def sum_options(values: npt.NDArray[Any], offsets: IntArray) -> npt.NDArray[Any]:
    """The sum over each question's options: ``[..., options]`` to ``[..., questions]``.

    Example:
        >>> sum_options(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 2, 4]))
        array([3., 7.])
    """
    sums: npt.NDArray[Any] = np.add.reduceat(values, offsets[:-1], axis=-1)
    return sums


def repeat_options(values: npt.NDArray[Any], offsets: IntArray) -> npt.NDArray[Any]:
    """One value per question, repeated for each of its options: ``[..., questions]`` to ``[..., options]``.

    Example:
        >>> repeat_options(np.array([1.0, 2.0]), np.array([0, 2, 5]))
        array([1., 1., 2., 2., 2.])
    """
    return np.repeat(values, np.diff(offsets), axis=-1)


def option_shares(values: npt.NDArray[Any], offsets: IntArray) -> FloatArray:
    """Values divided by their sum over each question's options, NaN where that is 0; shape ``[..., options]``.

    Example:
        >>> option_shares(np.array([1.0, 3.0, 0.0, 0.0]), np.array([0, 2, 4]))
        array([0.25, 0.75,  nan,  nan])
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: FloatArray = np.divide(values, repeat_options(sum_options(values, offsets), offsets))
    return shares
