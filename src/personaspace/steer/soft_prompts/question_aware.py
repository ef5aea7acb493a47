r"""A soft-prompting model of the point and of the frozen model's states of the question: f(u, h(question)).

With the virtual tokens placed after the question, its states h are known when the tokens are made:

    z = (W_u u) * (1 + W_g h) + W_h h,    z' = z + W_2 gelu(W_1 norm(z)),    V = V_0 + W_o norm(z').
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from personaspace.steer.soft_prompts.base import SoftPrompt, SoftPromptSettings


@dataclass(frozen=True, kw_only=True)
class QuestionAwareSettings(SoftPromptSettings):
    """Settings of :class:`QuestionAware`.

    Attributes:
        hidden: Width of the layers.
    """

    hidden: int = 512

    def build(self, dim: int, features: int, shape: tuple[int, ...]) -> QuestionAware:
        """Build an untrained model."""
        return QuestionAware(self, dim, features, shape)


class QuestionAware(SoftPrompt):
    """A soft-prompting model of the point and of the frozen model's states of the question."""

    def __init__(self, settings: QuestionAwareSettings, dim: int, features: int, shape: tuple[int, ...]) -> None:
        hidden = settings.hidden
        super().__init__(settings, dim, features, shape, hidden)
        self.point = nn.Linear(dim, hidden)
        self.gate = nn.Linear(features, hidden)
        self.question = nn.Linear(features, hidden)
        self.residual = nn.Sequential(
            nn.LayerNorm(hidden), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, hidden)
        )
        self.norm = nn.LayerNorm(hidden)

    def mix(self, u: Tensor, h: Tensor) -> Tensor:
        """Hidden units of the point gated by the question, plus the question."""
        return self.deepened(self.gated(u, h))

    def gated(self, u: Tensor, h: Tensor) -> Tensor:
        """The first layer z, in which the question gates the point."""
        z: Tensor = self.point(u) * (1 + self.gate(h)) + self.question(h)
        return z

    def deepened(self, z: Tensor) -> Tensor:
        """The residual layer after it, normalized."""
        mixed: Tensor = self.norm(z + self.residual(z))
        return mixed
