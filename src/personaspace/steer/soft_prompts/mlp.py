"""The published soft-prompting model (arXiv 2311.04978): V = V_0 + W_o relu(W_1 u), blind to the question."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from personaspace.steer.soft_prompts.base import SoftPrompt, SoftPromptSettings


@dataclass(frozen=True, kw_only=True)
class LinearSettings(SoftPromptSettings):
    """Settings of :class:`Linear`: only those that every kind has."""

    def build(self, dim: int, features: int, shape: tuple[int, ...]) -> Linear:
        """An untrained one."""
        return Linear(self, dim, features, shape, dim)


class Linear(SoftPrompt):
    """One matrix from the point to the virtual tokens."""

    def mix(self, u: Tensor, h: Tensor) -> Tensor:  # noqa: ARG002
        """The point itself."""
        return u


@dataclass(frozen=True, kw_only=True)
class MlpSettings(SoftPromptSettings):
    """Settings of :class:`Mlp`, as published.

    Attributes:
        hidden: Hidden units.
    """

    hidden: int = 32

    def build(self, dim: int, features: int, shape: tuple[int, ...]) -> Mlp:
        """An untrained one."""
        return Mlp(self, dim, features, shape)


class Mlp(SoftPrompt):
    """The published soft-prompting model: blind to the question."""

    def __init__(self, settings: MlpSettings, dim: int, features: int, shape: tuple[int, ...]) -> None:
        super().__init__(settings, dim, features, shape, settings.hidden)
        self.first = nn.Linear(dim, settings.hidden)

    def mix(self, u: Tensor, h: Tensor) -> Tensor:  # noqa: ARG002
        """Hidden units from the point alone."""
        return torch.relu(self.first(u))
