r"""A question-aware soft-prompting model that is told what its space expects: f(u, h(question), e(u, question)).

    z = (W_u u) * (1 + W_g h) + W_h h + W_e e,    z' = z + W_2 gelu(W_1 norm(z)),    V = V_0 + W_o norm(z')

e is what :mod:`personaspace.steer.expectation` makes of the point and the question's text, with the doubt it leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from personaspace.steer.soft_prompts.question_aware import QuestionAware, QuestionAwareSettings
from personaspace.steer.told import WIDTH, told_nothing


@dataclass(frozen=True, kw_only=True)
class InformedSettings(QuestionAwareSettings):
    """Settings of :class:`Informed`: those of :class:`QuestionAware`."""

    informed = True

    def build(self, dim: int, features: int, shape: tuple[int, ...]) -> Informed:
        """An untrained one."""
        return Informed(self, dim, features, shape)


class Informed(QuestionAware):
    """Sees what the frozen model made of the question, and is told what the space expects of it."""

    def __init__(self, settings: InformedSettings, dim: int, features: int, shape: tuple[int, ...]) -> None:
        super().__init__(settings, dim, features, shape)
        self.told = nn.Linear(WIDTH, settings.hidden)

    def mix(self, u: Tensor, h: Tensor) -> Tensor:
        """As where nothing is expected."""
        return self.mix_told(u, h, told_nothing(len(u), u.device))

    def mix_told(self, u: Tensor, h: Tensor, told: Tensor) -> Tensor:
        """The point gated by the question, plus the question, plus what is expected."""
        return self.deepened(self.gated(u, h) + self.told(told))
