r"""The soft-prompting model: a point of the space, and what the model read, to virtual tokens.

``mlp`` is the published model (arXiv 2311.04978): two layers, f(u) only. ``question-aware`` is f(u, h(question)): with
the tokens placed after the question, the frozen model's own states h of it are known when the tokens are made:

    z = (W_u u) * (1 + W_g h) + W_h h,    z' = z + W_2 gelu(W_1 norm(z)),    V = V_0 + W_o norm(z').
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from personaspace.errors import unknown


class Standardize(nn.Module):
    """Shift to mean 0 and scale to variance 1, as measured once on training data.

    Args:
        width: Width of what is standardized.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    @torch.no_grad()
    def measure(self, rows: Tensor) -> None:
        """Take mean and standard deviation from rows of shape ``[n, width]``."""
        self.mean.copy_(rows.mean(0))
        self.scale.copy_(rows.std(0, correction=0).clamp_min(1e-6))

    def forward(self, rows: Tensor) -> Tensor:
        """Standardize rows of shape ``[n, width]``."""
        return (rows - self.mean) / self.scale


class SoftPrompt(nn.Module, ABC):
    """What every soft-prompting model has: standardized input and shaped output.

    Args:
        dim: Dimension of the space.
        features: Width of the features of a question.
        shape: Shape of one persona's virtual tokens.
    """

    hidden: ClassVar[int]

    def __init__(self, dim: int, features: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape
        self.vectors = Standardize(dim)
        self.questions = Standardize(features)
        self.start = nn.Parameter(torch.zeros(math.prod(shape)))
        self.output = nn.Linear(self.hidden, math.prod(shape), bias=False)

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
        """Hidden units from standardized points ``[n, dim]`` and a standardized question; shape ``[n, hidden]``."""


class PublishedMlp(SoftPrompt):
    """The published soft-prompting model: blind to the question."""

    hidden = 32

    def __init__(self, dim: int, features: int, shape: tuple[int, ...]) -> None:
        super().__init__(dim, features, shape)
        self.first = nn.Linear(dim, self.hidden)

    def mix(self, u: Tensor, h: Tensor) -> Tensor:  # noqa: ARG002
        """Hidden units from the point alone."""
        return torch.relu(self.first(u))


class QuestionAware(SoftPrompt):
    """A soft-prompting model that sees what the frozen model made of the question."""

    hidden = 512

    def __init__(self, dim: int, features: int, shape: tuple[int, ...]) -> None:
        super().__init__(dim, features, shape)
        hidden = self.hidden
        self.point = nn.Linear(dim, hidden)
        self.gate = nn.Linear(features, hidden)
        self.question = nn.Linear(features, hidden)
        self.residual = nn.Sequential(
            nn.LayerNorm(hidden), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, hidden)
        )
        self.norm = nn.LayerNorm(hidden)

    def mix(self, u: Tensor, h: Tensor) -> Tensor:
        """The point gated by the question, plus the question, through one residual layer."""
        z = self.point(u) * (1 + self.gate(h)) + self.question(h)
        mixed: Tensor = self.norm(z + self.residual(z))
        return mixed


SOFT_PROMPTS: dict[str, type[SoftPrompt]] = {"question-aware": QuestionAware, "mlp": PublishedMlp}


def soft_prompt(kind: str) -> type[SoftPrompt]:
    """The soft-prompting model of this name; an unknown name raises with near matches."""
    if kind not in SOFT_PROMPTS:
        raise unknown("soft-prompting model", kind, SOFT_PROMPTS)
    return SOFT_PROMPTS[kind]
