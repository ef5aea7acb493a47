"""Macro accuracy, computed here by the plainest means so that tests lean on no other stage."""

from __future__ import annotations

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.survey.arrays import Vectors
from personaspace.survey.survey import Survey


def macro_accuracy(embedder: Embedder, vectors: Vectors, test: Survey) -> float:
    """Accuracy per respondent, averaged over respondents; ``test`` has the embedder's questions."""
    return _macro(embedder.predict(vectors), test)


def majority_accuracy(train: Survey, test: Survey) -> float:
    """The same for the most frequent answer of every question."""
    return _macro(np.tile(train.option_counts(), (len(test.respondents), 1)), test)


def _macro(scores: np.typing.NDArray[np.floating], test: Survey) -> float:
    best = np.stack([part.argmax(axis=1) for part in np.split(scores, test.offsets[1:-1], axis=1)], axis=1)
    hits = best[test.answers.respondent, test.answers.question] == test.answers.option
    given = np.bincount(test.answers.respondent, minlength=len(test.respondents))
    right = np.bincount(test.answers.respondent, hits, minlength=len(test.respondents))
    return float((right[given > 0] / given[given > 0]).mean())
