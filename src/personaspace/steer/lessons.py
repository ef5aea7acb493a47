"""What an informed soft-prompting model is taught beside the answers themselves.

It is told what is expected of a question now as if the question had been asked, now as if not, and at times nothing,
so that it learns how far to rely on it. And it is to give not only the answer that was given but, in part, the space's
whole distribution (distillation, arXiv 1503.02531): one answer says little of what else might have been answered.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torch.nn import functional

from personaspace.steer.expectation import Expectation
from personaspace.steer.told import told, told_nothing

UNASKED = 0.5
NOTHING = 0.1


@dataclass(frozen=True)
class Lessons:
    """Lessons on a survey's questions.

    Attributes:
        expectation: Of the survey's questions.
        distillation: Share of the target that is the space's distribution and not the answer given.
    """

    expectation: Expectation
    distillation: float

    def told(self, question: int, vectors: Tensor, rng: np.random.Generator | None = None) -> Tensor:
        """What points ``[n, dim]`` are told of a question, shape ``[n, 53]``; drawn anew if ``rng`` is given."""
        if rng is None:
            return told(self.expectation.as_asked[question], vectors)
        unasked, nothing = rng.random(2) < (UNASKED, NOTHING)
        if nothing:
            return told_nothing(len(vectors), vectors.device)
        source = self.expectation.had_it_not_been_asked if unasked else self.expectation.as_asked
        return told(source[question], vectors)

    def target(self, question: int, vectors: Tensor, chosen: Tensor, outcomes: int) -> Tensor:
        """The distribution to give, shape ``[n, outcomes]``; who refused is taught nothing but that."""
        given = functional.one_hot(chosen, outcomes).to(vectors.dtype)
        options = self.expectation.as_told[question].log_odds(vectors).softmax(dim=1)
        expected = functional.pad(options, (0, outcomes - options.shape[1]))
        share = self.distillation * (chosen < options.shape[1]).to(vectors.dtype)[:, None]
        return (1 - share) * given + share * expected

    def digest(self) -> bytes:
        """A checksum."""
        return hashlib.sha256(np.ascontiguousarray(self.expectation.weights).tobytes()).digest()
