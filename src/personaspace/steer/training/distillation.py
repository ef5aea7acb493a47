"""Knowledge distillation: prior features and soft targets of training pairs, for an informed soft-prompting model.

The prior features of a question are drawn anew for every block of pairs: half of the time leave-one-out, as if the
question had not been asked, so that the model learns how far to rely on them. The target
mixes the answer given with the embedder's distribution over the options (distillation, arXiv 1503.02531), because one
answer says little about the other options.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torch.nn import functional

from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.steer.soft_prompts.informed import prior_features

LEFT_OUT = 0.5


@dataclass(frozen=True)
class Distillation:
    """Prior features and soft targets for a survey's questions.

    Attributes:
        prior: The question prior.
        share: Share of the target that is the embedder's distribution and not the answer given.
    """

    prior: QuestionPrior
    share: float

    def features(self, question: int, vectors: Tensor, rng: np.random.Generator | None = None) -> Tensor:
        """Prior features of points ``[n, dim]`` for a question, shape ``[n, 53]``; drawn for training with ``rng``."""
        left_out = rng is not None and rng.random() < LEFT_OUT
        source = self.prior.leave_one_out if left_out else self.prior.own
        return prior_features(source[question], vectors)

    def target(self, question: int, vectors: Tensor, chosen: Tensor, outcomes: int) -> Tensor:
        """Target distributions, shape ``[n, outcomes]``; a refusal has all of the probability of its target."""
        given = functional.one_hot(chosen, outcomes).to(vectors.dtype)
        options = self.prior.own[question].log_odds(vectors).softmax(dim=1)
        own = functional.pad(options, (0, outcomes - options.shape[1]))
        share = self.share * (chosen < options.shape[1]).to(vectors.dtype)[:, None]
        return (1 - share) * given + share * own

    def digest(self) -> bytes:
        """A checksum of the question prior's weights."""
        return hashlib.sha256(np.ascontiguousarray(self.prior.weights).tobytes()).digest()
