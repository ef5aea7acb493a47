"""Cross-entropy of answers under a softmax over each question's options, for training in torch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import IntArray

UNANSWERED = -100
"""Stands for a missing answer in a table of answers: torch's ``ignore_index``."""


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


def sum_cross_entropy(
    option_softmax: OptionSoftmax, vectors: Tensor, options: Tensor, bias: Tensor, answers: Tensor
) -> Tensor:
    """Sum of -log p(answer | vector) over the answers given.

    Args:
        option_softmax: The questions.
        vectors: Shape ``[respondents, dim]``.
        options: Shape ``[options, dim]``.
        bias: Shape ``[options]``.
        answers: The option chosen, :data:`UNANSWERED` where none; shape ``[respondents, questions]``.

    Returns:
        A scalar.
    """
    total = vectors.new_zeros(())
    for questions, columns in option_softmax.groups:
        chosen = answers[:, torch.from_numpy(questions)]
        scores = group_scores(columns, vectors, options, bias)
        total = total + functional.cross_entropy(scores, chosen, ignore_index=UNANSWERED, reduction="sum")
    return total


def group_scores(columns: IntArray, vectors: Tensor, options: Tensor, bias: Tensor) -> Tensor:
    """Scores <u, v_o> + b_o of a group of questions with equally many options.

    Args:
        columns: The options, shape ``[options, questions]``, as in :attr:`OptionSoftmax.groups`.
        vectors: u, shape ``[respondents, dim]``.
        options: v of all options, shape ``[options of all questions, dim]``.
        bias: b of all options.

    Returns:
        Shape ``[respondents, options, questions]``.
    """
    flat = torch.from_numpy(columns.ravel())
    return torch.addmm(bias[flat], vectors, options[flat].T).view(len(vectors), *columns.shape)


def mean_cross_entropy(
    option_softmax: OptionSoftmax, vectors: Tensor, options: Tensor, bias: Tensor, answers: Answers, block: int = 8192
) -> float:
    """Mean of -log p(answer | vector), a block of answers at a time; only the questions answered are scored.

    Args:
        option_softmax: The questions.
        vectors: One per respondent that ``answers`` counts, shape ``[respondents, dim]``.
        options: Shape ``[options, dim]``.
        bias: Shape ``[options]``.
        answers: At least one.
        block: Answers at a time; bounds the memory, not the result.

    Returns:
        The mean, in nats.
    """
    total = 0.0
    for questions, columns in option_softmax.groups:
        column = np.full(option_softmax.questions, -1)
        column[questions] = np.arange(len(questions))
        group = np.flatnonzero(column[answers.question] >= 0)
        for start in range(0, len(group), block):
            part = answers.where(group[start : start + block])
            nodes = torch.from_numpy(columns[:, column[part.question]].T.copy())
            scores = torch.einsum("nd,nkd->nk", vectors[torch.tensor(part.respondent)], options[nodes]) + bias[nodes]
            total += functional.cross_entropy(scores, torch.tensor(part.option), reduction="sum").item()
    return total / len(answers)
