"""An embedder that learns nothing: its vectors and options are set by the test."""

from __future__ import annotations

from typing import Self

import numpy as np

from personaspace.embedding.base import Embedder, OnEpoch
from personaspace.survey.arrays import Vectors
from personaspace.survey.survey import Survey


class Unlearned(Embedder):
    """Predicts like every embedder; nothing is learnt."""

    name = "unlearned"

    def fit(self, survey: Survey, on_epoch: OnEpoch | None = None) -> Self:
        del on_epoch
        self.ids_, self.questions_ = survey.respondents, survey.questions
        return self

    def embed(self, survey: Survey) -> Vectors:
        return np.zeros((len(survey.respondents), self.dim), np.float32)
