"""Softmax over each question's options, many questions at once and without padding."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from personaspace.survey.answers import Answers
from personaspace.survey.arrays import IntArray

UNANSWERED = -100


class OptionSoftmax:
    """Questions gathered by their number of options, so that every group is one dense softmax.

    The scores of a group have shape ``[respondents, options, questions]``; the softmax runs over the middle.

    Args:
        offsets: Start of each question's options in one running count, shape ``[questions + 1]``.

    Example:
        >>> choices = OptionSoftmax(np.array([0, 2, 5]))
        >>> print(choices.softmax(np.zeros((1, 5))).round(2))
        [[0.5  0.5  0.33 0.33 0.33]]
    """

    def __init__(self, offsets: IntArray) -> None:
        sizes = np.diff(offsets)
        self.questions = len(sizes)
        self.groups: list[tuple[IntArray, IntArray]] = []
        for size in np.unique(sizes):
            questions = np.flatnonzero(sizes == size)
            self.groups.append((questions, offsets[questions] + np.arange(size)[:, None]))

    def cross_entropy(self, vectors: Tensor, options: Tensor, bias: Tensor, answers: Tensor) -> Tensor:
        """Sum of -log p(answer | vector) over the answers given.

        Args:
            vectors: Shape ``[respondents, dim]``.
            options: Shape ``[options, dim]``.
            bias: Shape ``[options]``.
            answers: The option chosen, :data:`UNANSWERED` where none; shape ``[respondents, questions]``.

        Returns:
            A scalar.
        """
        total = vectors.new_zeros(())
        for questions, columns in self.groups:
            flat = torch.from_numpy(columns.ravel())
            scores = torch.addmm(bias[flat], vectors, options[flat].T).view(len(vectors), *columns.shape)
            chosen = answers[:, torch.from_numpy(questions)]
            total = total + functional.cross_entropy(scores, chosen, ignore_index=UNANSWERED, reduction="sum")
        return total

    def softmax(self, scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Probabilities from scores, both of shape ``[n, options]``; the options of a question sum to 1."""
        result = np.empty(scores.shape, np.float32)
        for _, columns in self.groups:
            group = scores[:, columns]
            group = np.exp(group - group.max(axis=1, keepdims=True))
            result[:, columns] = group / group.sum(axis=1, keepdims=True)
        return result

    def shares(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Values of at least 0, shape ``[..., options]``, divided by their sum over each question's options."""
        result = np.zeros(values.shape, np.float32)
        for _, columns in self.groups:
            group = values[..., columns]
            total = group.sum(axis=-2, keepdims=True)
            result[..., columns] = np.divide(group, total, out=np.zeros_like(group), where=total > 0)
        return result

    def draw(self, probabilities: npt.NDArray[np.floating], rng: np.random.Generator) -> IntArray:
        """An option of every question at random, from ``[n, options]`` to ``[n, questions]``."""
        drawn = np.empty((len(probabilities), self.questions), np.int64)
        for questions, columns in self.groups:
            limits = probabilities[:, columns].cumsum(axis=1)
            points = rng.random((len(limits), 1, len(questions))) * limits[:, -1:]
            drawn[:, questions] = (points > limits[:, :-1]).sum(axis=1)
        return drawn


def answer_table(answers: Answers, rows: IntArray, questions: int) -> Tensor:
    """The answers of some respondents as a table, found by bisection: others' answers cost nothing.

    Args:
        answers: Ascending by respondent.
        rows: Respondents, one row of the table each.
        questions: How many there are.

    Returns:
        The option chosen, :data:`UNANSWERED` where none; shape ``[rows, questions]``.
    """
    start, end = (np.searchsorted(answers.respondent, rows, side) for side in ("left", "right"))
    row = np.repeat(np.arange(len(rows)), end - start)
    at = np.arange(len(row)) + (end - np.cumsum(end - start))[row]
    table = np.full((len(rows), questions), UNANSWERED)
    table[row, answers.question[at]] = answers.option[at]
    return torch.from_numpy(table)


def mean_cross_entropy(
    choices: OptionSoftmax, vectors: Tensor, options: Tensor, bias: Tensor, answers: Answers, block: int = 8192
) -> float:
    """Mean of -log p(answer | vector), a block of answers at a time; only the questions answered are scored.

    Args:
        choices: The questions.
        vectors: One per respondent that ``answers`` counts, shape ``[respondents, dim]``.
        options: Shape ``[options, dim]``.
        bias: Shape ``[options]``.
        answers: At least one.
        block: Answers at a time; bounds the memory, not the result.

    Returns:
        The mean, in nats.
    """
    total = 0.0
    for questions, columns in choices.groups:
        place = np.full(choices.questions, -1)
        place[questions] = np.arange(len(questions))
        group = np.flatnonzero(place[answers.question] >= 0)
        for start in range(0, len(group), block):
            part = answers.where(group[start : start + block])
            nodes = torch.from_numpy(columns[:, place[part.question]].T.copy())
            scores = torch.einsum("nd,nkd->nk", vectors[torch.tensor(part.respondent)], options[nodes]) + bias[nodes]
            total += functional.cross_entropy(scores, torch.tensor(part.option), reduction="sum").item()
    return total / len(answers)
