"""A committee: several embedders that err differently, pooled into one embedder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from personaspace.checks import check_whole
from personaspace.embedding.autoencoder.model import Autoencoder
from personaspace.embedding.base import Embedder, OnEpoch
from personaspace.embedding.ease import EASE
from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.gaussian import Gaussian
from personaspace.embedding.platt import pool_weights
from personaspace.errors import SettingError
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey
from personaspace.survey.trait_questions import TraitQuestion
from personaspace.survey.validation import without_validation

UNITS = 26  # 12 for EASE, 8 for the autoencoder, 4 for the Gaussian, 1 for either factorization


@dataclass(eq=False)
class Committee(Embedder):
    """A logarithmic opinion pool (Genest, Zidek 1986) of an autoencoder, two factorizations, a Gaussian and EASE.

    The factorizations are those of the alternating solver, of answers as numbers and as choices.

    A logarithmic pool, p(o) proportional to the product over members m of p_m(o)^w_m, of log-linear predictions is
    itself log-linear, so that the pool is an embedder like any other: with c_m such that the vectors of every member
    have length 1 in the root mean square,

        u = (c_1 u_1, c_2 u_2, ...),  v_o = (w_1 v_1o / c_1, w_2 v_2o / c_2, ...),  b_o = sum over m of w_m b_mo.

    The weights minimise the log loss of the validation answers, which calibrates the pool; members are not calibrated
    before.

    Attributes:
        dim: Length of the vectors. Of 26 equal parts EASE has 12, the autoencoder 8, the Gaussian 4 and either
            factorization 1.
        epochs: Epochs at most of the autoencoder and the factorizations.
        members_: The fitted members.
        weights_: w, shape ``[members]``.
        lengths_: 1 / c, shape ``[members]``.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100)
        >>> Committee(dim=26, epochs=2).fit(survey).embed(survey).shape
        (100, 26)
    """

    name: ClassVar[str] = "committee"
    tensors: ClassVar[tuple[str, ...]] = (*Embedder.tensors, "weights_", "lengths_")

    dim: int = 832
    seed: int = 0
    epochs: int = 30

    def __post_init__(self) -> None:
        super().__post_init__()
        self.members_: list[Embedder]
        self.weights_: Vectors
        self.lengths_: Vectors

    def check(self) -> None:
        """Check all settings; see :meth:`Settings.check`."""
        super().check()
        check_whole("epochs", self.epochs, least=1)
        if self.dim % UNITS:
            near = UNITS * max(1, round(self.dim / UNITS))
            raise SettingError(f"dim is {self.dim}: give a multiple of {UNITS}, such as {near}")

    def _learn(self, survey: Survey, on_epoch: OnEpoch | None) -> None:
        members = self._new_members()
        epochs = [member.get_params().get("epochs", 0) for member in members]
        for place, member in enumerate(members):
            member.fit(survey, on_epoch and _counted(on_epoch, sum(epochs[:place]), sum(epochs)))
        known = without_validation(survey)
        experts = [(member.embed(known), member.options_, member.bias_) for member in members]
        self.members_ = members
        self.weights_ = pool_weights(experts, survey, 1 / len(experts))
        self.lengths_ = np.array([_length(member.respondents_) for member in members], np.float32)
        scale = self.weights_ * self.lengths_
        self.options_ = np.hstack([part * member.options_ for part, member in zip(scale, members, strict=True)])
        self.bias_ = np.sum([w * member.bias_ for w, member in zip(self.weights_, members, strict=True)], axis=0)

    def embed(self, survey: Survey) -> Vectors:
        """Place respondents by every member; see :meth:`Embedder.embed`."""
        self.check_fitted()
        return self._side_by_side([member.embed(survey) for member in self.members_])

    def state(self) -> dict[str, Vectors]:
        """The fitted arrays by name, those by which a member places respondents as ``MEMBER/NAME``."""
        own = super().state()
        for place, member in enumerate(self.members_):
            own |= {f"{place}/{name}": array for name, array in member.state().items() if name not in Embedder.tensors}
        return own

    def shapes(
        self, respondents: int, questions: Sequence[Question], traits: Sequence[Question] = ()
    ) -> dict[str, tuple[int, ...]]:
        """The shape of every array; see :meth:`Embedder.shapes`."""
        members = self._new_members()
        own = super().shapes(respondents, questions) | {"weights_": (len(members),), "lengths_": (len(members),)}
        for place, member in enumerate(members):
            shapes = member.shapes(respondents, questions, traits)
            own |= {f"{place}/{name}": shape for name, shape in shapes.items() if name not in Embedder.tensors}
        return own

    def restore(
        self,
        state: Mapping[str, Vectors],
        ids: Sequence[str],
        questions: Sequence[Question],
        traits: Sequence[TraitQuestion] = (),
    ) -> None:
        """Take over what was fitted; see :meth:`Embedder.restore`."""
        super().restore(state, ids, questions, traits)
        self.members_ = self._new_members()
        for place, member in enumerate(self.members_):
            for name in set(member.tensors) - set(Embedder.tensors):
                setattr(member, name, state[f"{place}/{name}"])
            member.ids_, member.questions_ = self.ids_, self.placed_by_

    def _new_members(self) -> list[Embedder]:
        unit, seed = self.dim // UNITS, self.seed
        numbers = Factorization(dim=unit, seed=seed, epochs=self.epochs, solver="alternating", calibrated=False)
        return [
            Autoencoder(dim=8 * unit, seed=seed, epochs=self.epochs, calibrated=False),
            numbers,
            replace(numbers, loss="cross-entropy"),
            Gaussian(dim=4 * unit, calibrated=False),
            EASE(dim=12 * unit, calibrated=False),
        ]

    def _side_by_side(self, vectors: Sequence[Vectors]) -> Vectors:
        return np.hstack([part / length for part, length in zip(vectors, self.lengths_, strict=True)])


def _counted(on_epoch: OnEpoch, before: int, epochs: int) -> OnEpoch:
    return lambda epoch, _, loss: on_epoch(before + epoch, epochs, loss)


def _length(vectors: Vectors) -> float:
    """Root of the mean squared length, 1 where all vectors are 0."""
    return float(np.sqrt(np.square(vectors).sum(1).mean())) or 1.0
