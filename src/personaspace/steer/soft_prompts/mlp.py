"""Soft-prompting models of the point alone: the published one and a linear one.

The published one (arXiv 2311.04978) has one hidden layer,

    V = V_0 + W_o relu(W_1 u),

and the linear one none, V = V_0 + W_o u.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from personaspace.steer.soft_prompts.base import SoftPrompt, SoftPromptSettings


@dataclass(frozen=True, kw_only=True)
class MlpSettings(SoftPromptSettings):
    """Settings of :class:`Mlp`, with the published defaults.

    Attributes:
        hidden: Hidden units.
    """

    hidden: int = 32

    def build(self, dim: int, features: int, shape: tuple[int, ...]) -> Mlp:
        """Build an untrained model."""
        return Mlp(self, dim, features, shape)


class Mlp(SoftPrompt):
    """The published soft-prompting model: one hidden layer of the point, whatever the question."""

    def __init__(self, settings: MlpSettings, dim: int, features: int, shape: tuple[int, ...]) -> None:
        super().__init__(settings, dim, features, shape, settings.hidden)
        self.first = nn.Linear(dim, settings.hidden)

    def mix(self, u: Tensor, h: Tensor) -> Tensor:  # noqa: ARG002
        """Hidden units of the point."""
        return torch.relu(self.first(u))


@dataclass(frozen=True, kw_only=True)
class LinearSettings(SoftPromptSettings):
    """Settings of :class:`Linear`: only those that every kind has."""

    def build(self, dim: int, features: int, shape: tuple[int, ...]) -> Linear:
        """Build an untrained model."""
        return Linear(self, dim, features, shape, dim)


class Linear(SoftPrompt):
    """A linear map from the point to the virtual tokens."""

    def mix(self, u: Tensor, h: Tensor) -> Tensor:  # noqa: ARG002
        """The point itself."""
        return u
