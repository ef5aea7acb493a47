r"""What every soft-prompting model has: standardized input, a start, and shaped output, V = V_0 + W_o mix(u, h)."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from personaspace.errors import SettingError
from personaspace.steer.soft_prompts.standardize import Standardize

MOST = 65536


@dataclass(frozen=True)
class SoftPromptSettings(ABC):
    """Settings of a soft-prompting model; every kind adds its own.

    Raises:
        SettingError: A number is not a whole number from 1 to 65536.
    """

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not (type(value) is int and 1 <= value <= MOST):
                raise SettingError(f"{name} of the soft-prompting model is {value!r}: give 1 to {MOST}")

    @abstractmethod
    def build(self, dim: int, features: int, shape: tuple[int, ...]) -> SoftPrompt:
        """An untrained soft-prompting model.

        Args:
            dim: Dimension of the space.
            features: Width of the features of a question.
            shape: Shape of one persona's virtual tokens.
        """


class SoftPrompt(nn.Module, ABC):
    """A point of the space, and what the frozen model read, to virtual tokens.

    Args:
        dim: Dimension of the space.
        features: Width of the features of a question.
        shape: Shape of one persona's virtual tokens.
        mixed: Width of what :meth:`mix` gives.
    """

    def __init__(self, dim: int, features: int, shape: tuple[int, ...], mixed: int) -> None:
        super().__init__()
        self.shape = shape
        self.vectors = Standardize(dim)
        self.questions = Standardize(features)
        self.start = nn.Parameter(torch.zeros(math.prod(shape)))
        self.output = nn.Linear(mixed, math.prod(shape), bias=False)

    def forward(self, vectors: Tensor, features: Tensor, noise: Tensor | None = None) -> Tensor:
        """Make the virtual tokens.

        Args:
            vectors: Points of the space, shape ``[n, dim]``.
            features: Features of one question, shape ``[features]``.
            noise: Added to the standardized points while training, shape ``[n, dim]``.

        Returns:
            Shape ``[n, *shape]``.
        """
        u = self.vectors(vectors)
        u = u if noise is None else u + noise
        tokens: Tensor = self.start + self.output(self.mix(u, self.questions(features)))
        return tokens.view(len(vectors), *self.shape)

    @torch.no_grad()
    def start_from(self, vocabulary: Tensor) -> None:
        """Start prompt-form tokens from random vocabulary embeddings ``[words, width]``, at their scale."""
        words = torch.randint(len(vocabulary), (self.shape[0],))
        self.start.copy_(vocabulary[words].flatten())
        self.output.weight.mul_(float(vocabulary.std()))

    @abstractmethod
    def mix(self, u: Tensor, h: Tensor) -> Tensor:
        """Hidden units from standardized points ``[n, dim]`` and a standardized question; shape ``[n, mixed]``."""
