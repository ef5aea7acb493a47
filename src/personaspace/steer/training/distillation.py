"""Prior features and targets of training pairs, for an informed soft-prompting model.

The prior features of a question are drawn anew for every block of pairs: half of the time as if the question had not
been asked (leave-one-out), one time in ten empty, so that the model learns how far to rely on them. The target is in
part the answer given and in part the embedder's whole distribution (distillation, arXiv 1503.02531): one answer says
little of what else might have been answered.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torch.nn import functional

from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.steer.soft_prompts.informed import no_prior_features, prior_features

LEFT_OUT = 0.5
EMPTY = 0.1


@dataclass(frozen=True)
class Distillation:
    """Makes prior features and targets for a survey's questions.

    Attributes:
        prior: Of the survey's questions.
        share: Share of the target that is the embedder's distribution and not the answer given.
    """

    prior: QuestionPrior
    share: float

    def features(self, question: int, vectors: Tensor, rng: np.random.Generator | None = None) -> Tensor:
        """Prior features of points ``[n, dim]`` for a question, shape ``[n, 53]``; drawn if ``rng`` is given."""
        if rng is None:
            return prior_features(self.prior.smoothed[question], vectors)
        left_out, empty = rng.random(2) < (LEFT_OUT, EMPTY)
        if empty:
            return no_prior_features(len(vectors), vectors.device)
        source = self.prior.leave_one_out if left_out else self.prior.smoothed
        return prior_features(source[question], vectors)

    def target(self, question: int, vectors: Tensor, chosen: Tensor, outcomes: int) -> Tensor:
        """The target distribution, shape ``[n, outcomes]``; of a refusal it is the refusal alone."""
        given = functional.one_hot(chosen, outcomes).to(vectors.dtype)
        options = self.prior.own[question].log_odds(vectors).softmax(dim=1)
        expected = functional.pad(options, (0, outcomes - options.shape[1]))
        share = self.share * (chosen < options.shape[1]).to(vectors.dtype)[:, None]
        return (1 - share) * given + share * expected

    def digest(self) -> bytes:
        """A checksum."""
        return hashlib.sha256(np.ascontiguousarray(self.prior.weights).tobytes()).digest()
