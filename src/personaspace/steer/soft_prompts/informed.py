r"""A question-aware soft-prompting model that also sees prior features: f(u, h(question), e(u, question)).

    z = (W_u u) * (1 + W_g h) + W_h h + W_e e,    z' = z + W_2 gelu(W_1 norm(z)),    V = V_0 + W_o norm(z')

The prior features e are the answers that the question prior predicts for the point, and their uncertainty
(:mod:`personaspace.newquestions.gaussian_process`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from personaspace.newquestions.gaussian_process import OptionWeights
from personaspace.steer.soft_prompts.question_aware import QuestionAware, QuestionAwareSettings

PLACES = 26
WIDTH = 2 * PLACES + 1
FARTHEST = 4.0
LEAST_UNCERTAINTY = 0.01


def prior_features(weights: OptionWeights, vectors: Tensor) -> Tensor:
    """Prior features of points for one question.

    They are log-odds and probabilities of the first 26 options, 0 for places without an option, and the logarithm of
    the uncertainty.

    Args:
        weights: The question prior's weights, its options in the order in which they are asked.
        vectors: Shape ``[n, dim]``.

    Returns:
        Shape ``[n, 53]``.
    """
    odds = weights.log_odds(vectors)
    places = min(PLACES, odds.shape[1])
    row = torch.zeros(len(vectors), WIDTH, device=vectors.device)
    row[:, :places] = odds[:, :places].clamp(-FARTHEST, FARTHEST)
    row[:, PLACES : PLACES + places] = odds.softmax(dim=1)[:, :places]
    row[:, -1] = math.log(max(weights.uncertainty, LEAST_UNCERTAINTY))
    return row


def no_prior_features(points: int, device: torch.device) -> Tensor:
    """Prior features of a text without options: zeros, shape ``[points, 53]``."""
    return torch.zeros(points, WIDTH, device=device)


@dataclass(frozen=True, kw_only=True)
class InformedSettings(QuestionAwareSettings):
    """Settings of :class:`Informed`: those of :class:`QuestionAware`."""

    informed = True

    def build(self, dim: int, features: int, shape: tuple[int, ...]) -> Informed:
        """Build an untrained model."""
        return Informed(self, dim, features, shape)


class Informed(QuestionAware):
    """A soft-prompting model of the point, the frozen model's states of the question, and prior features."""

    def __init__(self, settings: InformedSettings, dim: int, features: int, shape: tuple[int, ...]) -> None:
        super().__init__(settings, dim, features, shape)
        self.prior = nn.Linear(WIDTH, settings.hidden)

    def mix(self, u: Tensor, h: Tensor) -> Tensor:
        """Hidden units without prior features."""
        return self.mix_with_prior(u, h, no_prior_features(len(u), u.device))

    def mix_with_prior(self, u: Tensor, h: Tensor, prior_features: Tensor) -> Tensor:
        """Hidden units of the point gated by the question, plus the question, plus the prior features."""
        return self.deepened(self.gated(u, h) + self.prior(prior_features))
