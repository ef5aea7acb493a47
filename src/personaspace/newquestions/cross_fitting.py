"""Cross-fitting: training vectors that do not know the answer they are to predict.

A respondent's vector is made from all their answers, the one to be predicted among them. A model trained on such
vectors trusts them too much where the answer is not known: on held-out answers, and more so on new questions. So
questions are dealt into folds, and for each fold respondents are embedded without their answers to its questions. A
random part of them is embedded from only a few answers, as unseen respondents are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from personaspace.survey.arrays import BoolArray, IntArray, Vectors
from personaspace.survey.survey import Survey

FOLDS = 10
FEW = 0.3  # share of respondents embedded from only a few answers
FEWEST = 3  # answers that these have at the least


@runtime_checkable
class Embeds(Protocol):
    """Turns respondents' answers into vectors, as a fitted embedder does."""

    def embed(self, survey: Survey) -> Vectors:
        """Vectors of a survey's respondents, shape ``[respondents, dim]``."""


@dataclass(frozen=True)
class CrossFittedVectors:
    """The vectors of every respondent in each fold.

    Attributes:
        vectors: Fold after fold, shape ``[folds * respondents, dim]``.
        fold: The fold of each question, shape ``[questions]``.
    """

    vectors: Tensor
    fold: IntArray

    def rows(self, respondent: IntArray, question: IntArray) -> IntArray:
        """Rows of ``vectors`` for pairs of respondent and question."""
        respondents = len(self.vectors) // (int(self.fold.max(initial=0)) + 1)
        return self.fold[question] * respondents + respondent


def cross_fitted_vectors(
    survey: Survey, embedder: Embeds, known: BoolArray, seed: int, on_fold: Callable[[int, int], None] | None = None
) -> CrossFittedVectors:
    """Embed the respondents of a survey once per fold of questions, without their answers to these questions.

    Args:
        survey: Training answers.
        embedder: Fitted.
        known: The answers that may be known at all, shape ``[answers]``.
        seed: Of the folds and of the respondents of whom few answers are known.
        on_fold: Called after each fold with the folds done and the folds in all.
    """
    rng = np.random.default_rng([seed, 2])
    folds = min(FOLDS, len(survey.questions))
    fold: IntArray = rng.permutation(len(survey.questions)) % folds
    of_answers = fold[survey.answers.question]

    def tables() -> Iterator[Vectors]:
        for one in range(folds):
            yield embedder.embed(survey.with_answers(_some_few(survey, known & (of_answers != one), rng)))
            if on_fold:
                on_fold(one + 1, folds)

    return CrossFittedVectors(_stacked(tables(), folds), fold)


def _stacked(tables: Iterator[Vectors], count: int) -> Tensor:
    """Tables one under the other, without holding all of them twice."""
    first = next(tables)
    stacked = np.empty((count, *first.shape), np.float32)
    for place, table in enumerate(chain([first], tables)):
        stacked[place] = table
    return torch.from_numpy(stacked).flatten(0, 1)


def _some_few(survey: Survey, mask: BoolArray, rng: np.random.Generator) -> BoolArray:
    """The mask with only a few answers left of some respondents; the number left is log-uniform."""
    chosen = rng.permutation(np.flatnonzero(mask))
    respondent = survey.answers.respondent[chosen]
    chosen = chosen[np.argsort(respondent, kind="stable")]
    counts = np.bincount(respondent, minlength=len(survey.respondents))
    most = np.exp(rng.uniform(np.log(FEWEST), np.log(np.maximum(counts, FEWEST))))
    keep = np.where(rng.random(len(counts)) < FEW, most, counts)
    rank = np.arange(len(chosen)) - np.repeat(np.cumsum(counts) - counts, counts)
    left = np.zeros_like(mask)
    left[chosen[rank < np.repeat(keep, counts)]] = True
    return left
