"""The simplest soft-prompting model: V = V_0 + W u, blind to the question."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

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
