"""Learners in closed form: an epoch is a turn of the respondents and one of the questions, both ridge regressions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import numpy as np
from torch import Tensor

from personaspace.embedding.base import OnEpoch
from personaspace.embedding.factorization.fold_in import Prior
from personaspace.embedding.factorization.gradient import Learner
from personaspace.embedding.optimize import keep_best


class AlternatingLearner(Learner):
    """A factorization that is fitted by turns, with u_i ~ Normal(0, 1)."""

    @abstractmethod
    def _epoch(self) -> None:
        """Take both turns, which change ``parameters`` in place."""

    def _changed(self) -> tuple[Tensor, ...]:
        """All that an epoch changes."""
        return self.parameters

    def fit(
        self,
        validation_loss: Callable[[], float],
        *,
        learning_rate: float | None,  # noqa: ARG002  closed form has none
        epochs: int,
        patience: int,
        on_epoch: OnEpoch | None,
    ) -> None:
        """Alternate until the validation loss improves no more."""
        keep_best(self._changed(), self._epoch, validation_loss, epochs=epochs, patience=patience, on_epoch=on_epoch)

    def prior(self) -> Prior:
        """Normal(0, 1)."""
        dim = self.parameters[0].shape[1]
        return Prior(np.zeros(dim), np.eye(dim))
