"""A committee: several embedders that err differently, pooled into one embedder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from personaspace.checks import check_whole
from personaspace.embedding.autoencoder.model import Autoencoder
from personaspace.embedding.base import Embedder, OnEpoch
from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.embedding.platt import pool_weights
from personaspace.errors import MAX_SEED, SettingError
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey
from personaspace.survey.trait_questions import TraitQuestion
from personaspace.survey.validation import without_validation

UNITS = 14  # 4 for LightGCN, 8 for the autoencoder, 1 for either factorization


@dataclass(eq=False)
class Committee(Embedder):
    """A logarithmic opinion pool (Genest, Zidek 1986) of LightGCN, autoencoder and two factorizations.

    The factorizations are those of the alternating solver, of answers as numbers and as choices.

    A logarithmic pool, p(o) proportional to the product over members m of p_m(o)^w_m, of log-linear predictions is
    itself log-linear, so that the pool is an embedder like any other: with c_m such that the vectors of every member
    have length 1 in the root mean square,

        u = (c_1 u_1, c_2 u_2, ...),  v_o = (w_1 v_1o / c_1, w_2 v_2o / c_2, ...),  b_o = sum over m of w_m b_mo.

    The weights minimise the log loss of the validation answers, which calibrates the pool; members are not calibrated
    before.

    Attributes:
        repeats: How often each of the four is a member, with different seeds. Of 14 equal parts of a repeat's
            dimensions LightGCN has 4, the autoencoder 8 and either factorization 1.
        epochs: Epochs of every member at most.
        members_: The fitted members.
        weights_: w, shape ``[members]``.
        lengths_: 1 / c, shape ``[members]``.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100)
        >>> Committee(dim=28, repeats=1, epochs=2).fit(survey).embed(survey).shape
        (100, 28)
    """

    name: ClassVar[str] = "committee"
    tensors: ClassVar[tuple[str, ...]] = (*Embedder.tensors, "weights_", "lengths_")

    dim: int = 896
    seed: int = 0
    repeats: int = 2
    epochs: int = 30

    def __post_init__(self) -> None:
        super().__post_init__()
        self.members_: list[Embedder]
        self.weights_: Vectors
        self.lengths_: Vectors

    def check(self) -> None:
        """Check all settings; see :meth:`Settings.check`."""
        super().check()
        check_whole("repeats", self.repeats, least=1)
        check_whole("epochs", self.epochs, least=1)
        parts = UNITS * self.repeats
        if self.dim % parts:
            near = parts * max(1, round(self.dim / parts))
            raise SettingError(
                f"dim is {self.dim} for {self.repeats} repeat(s): give a multiple of {parts}, such as {near}"
            )

    def _learn(self, survey: Survey, on_epoch: OnEpoch | None) -> None:
        members = self._new_members()
        for place, member in enumerate(members):
            member.fit(survey, on_epoch and _counted(on_epoch, place * self.epochs, len(members) * self.epochs))
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
        unit = self.dim // (UNITS * self.repeats)
        members: list[Embedder] = []
        for repeat in range(self.repeats):
            seed = (self.seed * self.repeats + repeat) % (MAX_SEED + 1)
            numbers = Factorization(dim=unit, seed=seed, epochs=self.epochs, solver="alternating", calibrated=False)
            members += [
                LightGCN(dim=4 * unit, seed=seed, epochs=self.epochs, calibrated=False),
                Autoencoder(dim=8 * unit, seed=seed, epochs=self.epochs, calibrated=False),
                numbers,
                replace(numbers, loss="cross-entropy"),
            ]
        return members

    def _side_by_side(self, vectors: Sequence[Vectors]) -> Vectors:
        return np.hstack([part / length for part, length in zip(vectors, self.lengths_, strict=True)])


def _counted(on_epoch: OnEpoch, before: int, epochs: int) -> OnEpoch:
    return lambda epoch, _, loss: on_epoch(before + epoch, epochs, loss)


def _length(vectors: Vectors) -> float:
    """Root of the mean squared length, 1 where all vectors are 0."""
    return float(np.sqrt(np.square(vectors).sum(1).mean())) or 1.0
