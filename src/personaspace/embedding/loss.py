"""The losses that embedders minimise: cross-entropy of answers, on request weighted and aware of the options' order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import IntArray
from personaspace.survey.question import Question, offsets_of

UNLIKELY = -1e9  # score of an option that is left out


class AnswerLoss:
    """Mean over answers, weighted by w_i, of -log p(y) + ordinal * RPS(p, y).

    RPS is the ranked probability score (Epstein 1969; Gneiting and Raftery 2007, section 4.2) on the options' positions
    x in [0, 1], the squared distance between two cumulative distributions: RPS = integral of (F_p(x) - [y <= x])^2 dx.
    It is smaller when the answer is next to the likely option than when it is far off. Both terms are proper scoring
    rules, so their sum is least at the true probabilities. Options without a position are left out of the second term:
    F_p is that of the others, and an answer without a position counts 0.

    Args:
        questions: That are answered.
        ordinal: Weight of the second term; 0 for none.

    Example:
        >>> from personaspace.survey.question import Option
        >>> scale = Question("q", "?", (Option("no", 0.0), Option("so-so", 0.5), Option("yes", 1.0)))
        >>> loss = AnswerLoss([scale], ordinal=1.0)
        >>> found = loss(torch.zeros(1, 2), torch.zeros(3, 2), torch.zeros(3), torch.tensor([[0]]))
        >>> print(round(found.item() - np.log(3), 4))  # (1/3 - 1)^2 / 2 + (2/3 - 1)^2 / 2
        0.2778
    """

    def __init__(self, questions: Sequence[Question], ordinal: float = 0.0) -> None:
        self.option_softmax = OptionSoftmax(offsets_of(questions))
        self.ordinal = ordinal
        self.scores = [_RankedScore.of([questions[j] for j in at]) for at, _ in self.option_softmax.groups if ordinal]

    def __call__(
        self, vectors: Tensor, options: Tensor, bias: Tensor, answers: Tensor, weights: Tensor | None = None
    ) -> Tensor:
        """The loss of some respondents' answers.

        Args:
            vectors: Shape ``[respondents, dim]``.
            options: Shape ``[options, dim]``.
            bias: Shape ``[options]``.
            answers: The option chosen, :data:`UNANSWERED` where none; shape ``[respondents, questions]``.
            weights: What each respondent counts, shape ``[respondents]``; equal where not given.

        Returns:
            A scalar; 0 where nobody who counts answered.
        """
        if weights is None and not self.ordinal:
            total = sum_cross_entropy(self.option_softmax, vectors, options, bias, answers)
            return total / (answers >= 0).sum().clamp(min=1)
        weights = torch.ones(len(vectors)) if weights is None else weights
        total, counted = vectors.new_zeros(()), weights @ (answers >= 0).sum(1).to(weights.dtype)
        for group, (questions, columns) in enumerate(self.option_softmax.groups):
            scores = group_scores(columns, vectors, options, bias)
            chosen = answers[:, torch.from_numpy(questions)]
            losses = functional.cross_entropy(scores, chosen, ignore_index=UNANSWERED, reduction="none")
            if self.ordinal:
                losses = losses + self.ordinal * self.scores[group](scores, chosen)
            total = total + weights @ losses.sum(1)
        return total / counted.clamp(min=1e-6)


@dataclass(frozen=True)
class _RankedScore:
    """The ranked probability score for questions with equally many options.

    Attributes:
        order: The options by position, those without one last; shape ``[options, questions]``.
        rank: Rank of each option in that order, shape ``[options, questions]``.
        gaps: From each option so ordered to the next, 0 where there is none; shape ``[options, questions]``.
        placed: Whether an option has a position, shape ``[options, questions]``.
    """

    order: Tensor
    rank: Tensor
    gaps: Tensor
    placed: Tensor

    @classmethod
    def of(cls, questions: Sequence[Question]) -> Self:
        positions = np.stack([question.positions for question in questions], axis=1)
        order = np.argsort(positions, axis=0, kind="stable")
        ordered = np.take_along_axis(positions, order, axis=0)
        gaps = np.nan_to_num(np.diff(ordered, axis=0, append=np.nan))
        return cls(
            torch.from_numpy(order),
            torch.from_numpy(np.argsort(order, axis=0)),
            torch.tensor(gaps, dtype=torch.float32),
            torch.from_numpy(~np.isnan(positions)),
        )

    def __call__(self, scores: Tensor, chosen: Tensor) -> Tensor:
        """The score of every answer, 0 where there is none; shape ``[respondents, questions]``."""
        placed = scores.masked_fill(~self.placed, UNLIKELY).softmax(1)
        ordered = placed.gather(1, self.order.expand_as(scores))
        at = chosen.clamp(min=0)[:, None]
        rank = self.rank.expand_as(scores).gather(1, at)
        below = (torch.arange(scores.shape[1])[:, None] >= rank).to(scores.dtype)
        score = ((ordered.cumsum(1) - below).square() * self.gaps).sum(1)
        counts = (chosen >= 0) & self.placed.expand_as(scores).gather(1, at)[:, 0]
        return score * counts


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
