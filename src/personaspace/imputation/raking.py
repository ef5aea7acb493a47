"""Raking: predictions multiplied, option by option, until their weighted mean equals the shares people answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.imputation.answer_matrix import BLANK, predict_matrix
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.option_sums import repeat_options

FOLDS = 10
MOST = 10_000  # respondents whose answers are predicted at the most; bounds the memory
PRIOR_COUNT = 5.0  # answers that count as given in the embedder's own shares
STEPS = 8
SOLVED = 1e-3


@dataclass(frozen=True, eq=False)
class CrossFittedPredictions:
    """An embedder's predictions of answers it was not shown, beside those answers.

    Attributes:
        option_softmax: The embedder's questions.
        predicted: Probability of every option of the questions a respondent answered, from the respondent's answers
            without this one's fold; 0 elsewhere. Shape ``[respondents, options]``.
        chosen: The running option index of every answer, and its respondent's row; shape ``[2, answers]``.
    """

    option_softmax: OptionSoftmax
    predicted: Vectors
    chosen: IntArray

    @classmethod
    def of(cls, embedder: Embedder, known: IntArray, rng: np.random.Generator) -> Self:
        """Deal every respondent's answers into folds and predict each fold from the others.

        Args:
            embedder: Fitted.
            known: Answer matrix, shape ``[respondents, placed_by_ of the embedder]``; traits are in no fold.
            rng: Deals the folds, and draws respondents where there are more than :data:`MOST`.
        """
        known = known[np.sort(rng.permutation(len(known))[:MOST])]
        asked = known[:, : len(embedder.questions_)]
        order = np.where(asked != BLANK, rng.random(asked.shape), np.inf).argsort(axis=1).argsort(axis=1)
        fold, offsets = order % FOLDS, embedder.offsets_
        predicted = np.zeros((len(known), int(offsets[-1])), np.float32)
        for k in range(FOLDS):
            left_out = (asked != BLANK) & (fold == k)
            seen = np.column_stack([np.where(left_out, BLANK, asked), known[:, asked.shape[1] :]])
            table = predict_matrix(embedder, seen)
            np.copyto(predicted, table, where=repeat_options(left_out, offsets))
        respondent, question = np.nonzero(asked != BLANK)
        nodes = offsets[question] + asked[respondent, question]
        return cls(OptionSoftmax(offsets), predicted, np.stack([nodes, respondent]))

    def raking_factors(self, weights: FloatArray) -> FloatArray:
        """The factor c_o of every option under which mean predictions equal the shares answered.

        Solves sum_i w_i p_i(o) c_o / sum_o' p_i(o') c_o' = sum_i w_i [i chose o] over the respondents who answered the
        question.

        Args:
            weights: What each respondent counts, shape ``[respondents]``, of mean 1.

        Returns:
            Shape ``[options]``.
        """
        node, respondent = self.chosen
        answered = np.bincount(node, weights[respondent], self.predicted.shape[1]).astype(np.float64)
        return rake(self.option_softmax, self.predicted, weights, answered, np.ones(len(answered)))


def rake(
    option_softmax: OptionSoftmax, predicted: Vectors, weights: FloatArray, wanted: FloatArray, start: FloatArray
) -> FloatArray:
    """Iterative proportional fitting: the factor c_o of every option under which predictions have the sums wanted.

    Args:
        option_softmax: The questions.
        predicted: Probability of every option, 0 for questions that do not count; shape ``[respondents, options]``.
        weights: What each respondent counts, shape ``[respondents]``.
        wanted: What sum_i w_i p_i(o) c_o / sum_o' p_i(o') c_o' is to be, shape ``[options]``.
        start: The factors to begin with; :data:`PRIOR_COUNT` prior answers are shared out as they predict.

    Returns:
        Shape ``[options]``.
    """
    weights32, factors = weights.astype(np.float32), start.copy()

    def expected() -> Vectors:
        return weights32 @ option_softmax.shares(predicted * factors.astype(np.float32))

    prior = PRIOR_COUNT * option_softmax.shares(expected())
    for _ in range(STEPS):
        step = (wanted + prior) / np.maximum(expected() + prior, 1e-9)
        factors *= np.where(prior > 0, step, 1.0)
        if np.abs(step[prior > 0] - 1).max(initial=0) < SOLVED:
            break
    return factors
