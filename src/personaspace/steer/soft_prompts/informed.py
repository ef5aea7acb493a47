r"""A question-aware soft-prompting model that also sees prior features: f(u, h(question), e(u, question)).

    z = (W_u u) * (1 + W_g h) + W_h h + W_e e,    z' = z + W_2 gelu(W_1 norm(z)),    V = V_0 + W_o norm(z')

The prior features e are the answers that the question prior predicts for the point, and their uncertainty
(:mod:`personaspace.newquestions.gaussian_process`). The answer starts from them too: with l(o) the logit of an outcome
after the virtual tokens and p(o) its prior probability, the steered model's logit is

    log p(o) + g l(o),

so that the language model adds to what the embedding space expects, by a learned share g.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from personaspace.newquestions.option_weights import OptionWeights
from personaspace.steer.soft_prompts.question_aware import QuestionAware, QuestionAwareSettings

PLACES = 26
WIDTH = 2 * PLACES + 1
FARTHEST = 4.0
LEAST_UNCERTAINTY = 0.01
SHARE = 0.3
"""The share g before training."""
PACE = 5.0
"""How much faster than other parameters the share changes in training."""


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

    refused: Tensor

    def __init__(self, settings: InformedSettings, dim: int, features: int, shape: tuple[int, ...]) -> None:
        super().__init__(settings, dim, features, shape)
        self.prior = nn.Linear(WIDTH, settings.hidden)
        self.paced_share = nn.Parameter(torch.tensor([SHARE / PACE]))
        self.register_buffer("refused", torch.tensor([0.01]))

    @property
    def share(self) -> Tensor:
        """The share g of the language model's logits, shape ``[1]``."""
        return PACE * self.paced_share

    def set_refused(self, share: float) -> None:
        """Set the prior probability of refusing: the share of refusals in training."""
        self.refused.fill_(share)

    def mix(self, u: Tensor, h: Tensor) -> Tensor:
        """Hidden units without prior features."""
        return self.mix_with_prior(u, h, no_prior_features(len(u), u.device))

    def mix_with_prior(self, u: Tensor, h: Tensor, prior_features: Tensor) -> Tensor:
        """Hidden units of the point gated by the question, plus the question, plus the prior features."""
        return self.deepened(self.gated(u, h) + self.prior(prior_features))

    def added(self, logits: Tensor, prior_features: Tensor | None) -> Tensor:
        """The logarithm of the prior probabilities plus a share of the logits; the logits alone without a prior.

        Options beyond the 26 that prior features cover share the probability left; a refusal has that of
        :meth:`set_refused`.
        """
        if prior_features is None:
            return logits
        outcomes = logits.shape[1]
        known = prior_features[:, PLACES : 2 * PLACES][:, :outcomes]
        beyond = max(outcomes - PLACES, 0)
        left = (1 - known.sum(dim=1, keepdim=True)).clamp_min(1e-6) / max(beyond, 1)
        expected = torch.cat([torch.where(known == 0, self.refused, known), left.expand(-1, beyond)], dim=1)
        return expected.log() + self.share * logits
