"""The encoder of the autoencoder: from a respondent's answers to a vector in one pass."""

from __future__ import annotations

import numpy as np

from personaspace.embedding.sparse import chosen_options
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import IntArray, Vectors

PRIOR = 20.0  # empty answers in the length that inputs are divided by
SCALE = 5.0  # size of the inputs, so that the first steps reach beyond tanh's linear part


def encode(answers: Answers, respondents: int, offsets: IntArray, weights: Vectors, shift: Vectors) -> Vectors:
    """The vectors u = tanh(W x + c) of respondents, with x_o = 5 / sqrt(n + 20) for the n options chosen, else 0.

    Args:
        answers: Ascending by respondent.
        respondents: How many.
        offsets: Start of each question's options, shape ``[questions + 1]``.
        weights: W, transposed, shape ``[options, dim]``.
        shift: c, shape ``[dim]``.

    Returns:
        Shape ``[respondents, dim]``.
    """
    size = (SCALE / np.sqrt(np.bincount(answers.respondent, minlength=respondents) + PRIOR))[answers.respondent]
    vectors: Vectors = np.tanh(chosen_options(answers, respondents, offsets, size) @ weights + shift)
    return vectors
