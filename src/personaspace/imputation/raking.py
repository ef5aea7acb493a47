"""Shares that hold: predictions multiplied, option by option, so that on average they say what people answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.imputation.answer_matrix import NONE, as_survey
from personaspace.survey.arrays import FloatArray, IntArray, Vectors

FOLDS = 10
MOST = 10_000  # respondents who speak for the others; bounds the memory
SHRINK = 5.0  # answers' worth of belief in the embedder's own shares
STEPS = 8
SOLVED = 1e-3


@dataclass(frozen=True, eq=False)
class Calibration:
    """What an embedder predicts of answers it was not shown, beside those answers.

    Attributes:
        choices: The embedder's questions.
        predicted: Probability of every option of the questions a respondent answered, from the respondent's answers
            without this one's fold; 0 elsewhere. Shape ``[respondents, options]``.
        chosen: The running option index of every answer, and who gave it; shape ``[2, answers]``.
    """

    choices: OptionSoftmax
    predicted: Vectors
    chosen: IntArray

    @classmethod
    def of(cls, space: Embedder, known: IntArray, rng: np.random.Generator) -> Self:
        """Deal every respondent's answers into folds and predict each fold from the others.

        Args:
            space: A fitted embedder.
            known: The option chosen, :data:`NONE` where none; shape ``[respondents, questions]``.
            rng: Deals the folds, and draws respondents where there are more than :data:`MOST`.
        """
        known = known[np.sort(rng.permutation(len(known))[:MOST])]
        turn = np.where(known != NONE, rng.random(known.shape), np.inf).argsort(axis=1).argsort(axis=1)
        fold = turn % FOLDS
        offsets = space.offsets_
        predicted = np.zeros((len(known), int(offsets[-1])), np.float32)
        for k in range(FOLDS):
            left_out = (known != NONE) & (fold == k)
            table = space.predict(space.embed(as_survey(space, np.where(left_out, NONE, known))))
            np.copyto(predicted, table, where=np.repeat(left_out, np.diff(offsets), axis=1))
        respondent, question = np.nonzero(known != NONE)
        return cls(
            OptionSoftmax(offsets), predicted, np.stack([offsets[question] + known[respondent, question], respondent])
        )

    def factors(self, weights: FloatArray) -> FloatArray:
        """The factor c_o of every option under which mean predictions equal answered shares.

        Solves, by iterative proportional fitting, sum_i w_i p_i(o) c_o / sum_o' p_i(o') c_o' = sum_i w_i [i chose o]
        over the respondents who answered the question.

        Args:
            weights: What each respondent counts, shape ``[respondents]``, of mean 1.

        Returns:
            Shape ``[options]``.
        """
        node, respondent = self.chosen
        answered = np.bincount(node, weights[respondent], self.predicted.shape[1]).astype(np.float64)
        return balanced(self.choices, self.predicted, weights, answered, np.ones(len(answered)))


def balanced(
    choices: OptionSoftmax, predicted: Vectors, weights: FloatArray, wanted: FloatArray, start: FloatArray
) -> FloatArray:
    """The factor c_o of every option under which mean predictions are as wanted, by iterative proportional fitting.

    Args:
        choices: The questions.
        predicted: Probability of every option, 0 for questions that do not count; shape ``[respondents, options]``.
        weights: What each respondent counts, shape ``[respondents]``.
        wanted: What sum_i w_i p_i(o) c_o / sum_o' p_i(o') c_o' is to be, shape ``[options]``.
        start: The factors believed in, as if :data:`SHRINK` answers more had been given as they predict.

    Returns:
        Shape ``[options]``.
    """
    heavy, factors = weights.astype(np.float32), start.copy()
    belief = SHRINK * choices.shares(heavy @ choices.shares(predicted * factors.astype(np.float32)))
    for _ in range(STEPS):
        expected = heavy @ choices.shares(predicted * factors.astype(np.float32))
        step = (wanted + belief) / np.maximum(expected + belief, 1e-9)
        factors *= np.where(belief > 0, step, 1.0)
        if np.abs(step[belief > 0] - 1).max(initial=0) < SOLVED:
            break
    return factors
