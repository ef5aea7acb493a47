"""Softmax over each question's options, many questions at once and without padding."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from personaspace.survey.arrays import IntArray


class OptionSoftmax:
    """Softmax within questions, which are grouped by their number of options so that each group is one dense array.

    The scores of a group have shape ``[respondents, options, questions]``; the softmax runs over the middle.

    Args:
        offsets: Start of each question's options in one running count, shape ``[questions + 1]``.

    Attributes:
        questions: Number of questions.
        groups: Per number of options, the questions that have so many, shape ``[questions of the group]``, and their
            options' columns, shape ``[options, questions of the group]``.

    Example:
        >>> option_softmax = OptionSoftmax(np.array([0, 2, 5]))
        >>> print(option_softmax.softmax(np.zeros((1, 5))).round(2))
        [[0.5  0.5  0.33 0.33 0.33]]
    """

    def __init__(self, offsets: IntArray) -> None:
        sizes = np.diff(offsets)
        self.questions = len(sizes)
        self.groups: list[tuple[IntArray, IntArray]] = []
        for size in np.unique(sizes):
            questions = np.flatnonzero(sizes == size)
            self.groups.append((questions, offsets[questions] + np.arange(size)[:, None]))

    def softmax(self, scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Probabilities from scores, both of shape ``[n, options]``; the options of a question sum to 1."""
        result = np.empty(scores.shape, np.float32)
        for _, columns in self.groups:
            group = scores[:, columns]
            group = np.exp(group - group.max(axis=1, keepdims=True))
            result[:, columns] = group / group.sum(axis=1, keepdims=True)
        return result

    def shares(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Values of at least 0, shape ``[..., options]``, divided by their sum over each question's options.

        Unlike :func:`personaspace.survey.option_sums.option_shares` in float32, and 0 where a sum is 0.
        """
        result = np.zeros(values.shape, np.float32)
        for _, columns in self.groups:
            group = values[..., columns]
            total = group.sum(axis=-2, keepdims=True)
            result[..., columns] = np.divide(group, total, out=np.zeros_like(group), where=total > 0)
        return result

    def draw(self, probabilities: npt.NDArray[np.floating], rng: np.random.Generator) -> IntArray:
        """Draw an option of every question at random, from probabilities ``[n, options]`` to ``[n, questions]``."""
        drawn = np.empty((len(probabilities), self.questions), np.int64)
        for questions, columns in self.groups:
            limits = probabilities[:, columns].cumsum(axis=1)
            points = rng.random((len(limits), 1, len(questions))) * limits[:, -1:]
            drawn[:, questions] = (points > limits[:, :-1]).sum(axis=1)
        return drawn
