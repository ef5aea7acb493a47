"""An embedder that learns nothing: its vectors and options are set by the test."""

from __future__ import annotations

from typing import Self

import numpy as np

from personaspace.embedding.base import Embedder, OnEpoch
from personaspace.survey.arrays import Vectors
from personaspace.survey.lookup import positions
from personaspace.survey.survey import Survey


class Unlearned(Embedder):
    """Predicts like every embedder; nothing is learnt: whoever it knows stays where the test put them."""

    name = "unlearned"

    def fit(self, survey: Survey, on_epoch: OnEpoch | None = None) -> Self:
        self._learn(survey, on_epoch)
        self.ids_, self.questions_ = survey.respondents, survey.questions
        return self

    def _learn(self, survey: Survey, on_epoch: OnEpoch | None) -> None:
        pass

    def embed(self, survey: Survey) -> Vectors:
        row = positions(survey.respondents, self.ids_)
        return np.where(row[:, None] >= 0, self.respondents_[row], np.float32(0))
