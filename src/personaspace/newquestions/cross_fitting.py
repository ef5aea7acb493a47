"""Training points that do not know the answer they are to predict, some of them made from few answers.

A respondent's point is made from all their answers, the one to be predicted among them. Who learns from such points
trusts them too much where the answer is not known: on held-out answers, and more so on new questions. So questions are
dealt into folds, and in each fold respondents stand where they would without their answers to its questions. A share of
them stands where only a few of their answers would put them, as unseen respondents do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from personaspace.survey.arrays import BoolArray, IntArray, Vectors
from personaspace.survey.survey import Survey

FOLDS = 10
FEW = 0.3
FEWEST = 3


@runtime_checkable
class Embeds(Protocol):
    """A space that places respondents by their answers: what a fitted embedder offers."""

    def embed(self, survey: Survey) -> Vectors:
        """Vectors of a survey's respondents, shape ``[respondents, dim]``."""


@dataclass(frozen=True)
class CrossFittedVectors:
    """Where respondents stand in each fold.

    Attributes:
        vectors: Of every respondent in every fold, fold after fold, shape ``[folds * respondents, dim]``.
        fold: Of each question, shape ``[questions]``.
    """

    vectors: Tensor
    fold: IntArray

    def rows(self, respondent: IntArray, question: IntArray) -> IntArray:
        """Rows of ``vectors`` for pairs of respondent and question."""
        respondents = len(self.vectors) // (int(self.fold.max(initial=0)) + 1)
        return self.fold[question] * respondents + respondent


def cross_fitted_vectors(survey: Survey, space: Embeds, known: BoolArray, seed: int) -> CrossFittedVectors:
    """Place the respondents of a survey once a fold.

    Args:
        survey: Training answers.
        space: Places respondents.
        known: Which answers may be known at all; shape of the answers.
        seed: Of folds and choices.
    """
    rng = np.random.default_rng([seed, 2])
    folds = min(FOLDS, len(survey.questions))
    fold: IntArray = rng.permutation(len(survey.questions)) % folds
    of_answers = fold[survey.answers.question]
    tables = (
        space.embed(survey.with_answers(_some_few(survey, known & (of_answers != one), rng))) for one in range(folds)
    )
    return CrossFittedVectors(_stacked(tables, folds), fold)


def _stacked(tables: Iterator[Vectors], count: int) -> Tensor:
    """Tables one under the other, without holding all of them twice."""
    first = next(tables)
    stacked = np.empty((count, *first.shape), np.float32)
    for place, table in enumerate(chain([first], tables)):
        stacked[place] = table
    return torch.from_numpy(stacked).flatten(0, 1)


def _some_few(survey: Survey, mask: BoolArray, rng: np.random.Generator) -> BoolArray:
    """The mask with but a few answers left of some respondents; their number is log-uniform."""
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
