r"""Base class of soft-prompting models: standardized input, initialization, output at the frozen model's scale.

.. math:: V = V_0 + s \odot (b + W_o\, \mathrm{mix}(u, h))

V_0 is the initialization and s the scale of the frozen model's own keys, values or embeddings; both are measured, not
learned. Because of s one learning rate serves every base model.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor, nn

from personaspace.checks import check_text, check_whole
from personaspace.errors import SettingError, unknown


class Standardize(nn.Module):
    """Standardization to mean 0 and variance 1, measured once on training data.

    Args:
        width: Width of the rows.
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


Init = Literal["default", "zero", "text"]
MOST = 65536


@dataclass(frozen=True, kw_only=True)
class SoftPromptSettings(ABC):
    """Settings of a soft-prompting model; every kind adds its own.

    Attributes:
        init: The virtual tokens before training: ``default`` (prefix form: small and random; prompt form: random
            words with small random differences between points), ``zero`` (zeros for every point) or ``text``
            (``init_text`` for every point).
        init_text: A text of as many tokens as there are virtual tokens.

    Raises:
        SettingError: A number is not a whole number from 1 to 65536, or a text is missing or surplus.
    """

    informed: ClassVar[bool] = False

    init: Init = "default"
    init_text: str = ""

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            if name not in ("init", "init_text"):
                check_whole(f"{name} of the soft-prompting model", getattr(self, name), 1, MOST)
        check_text("init of the soft-prompting model", self.init)
        check_text("init_text of the soft-prompting model", self.init_text)
        if self.init not in get_args(Init):
            raise unknown("initialization", self.init, get_args(Init))
        if (self.init == "text") != bool(self.init_text):
            raise SettingError(
                f"init is {self.init!r} and init_text {self.init_text!r}: a text is given with init 'text', "
                "and with no other"
            )

    @abstractmethod
    def build(self, dim: int, features: int, shape: tuple[int, ...]) -> SoftPrompt:
        """Build an untrained soft-prompting model.

        Args:
            dim: Dimension of the space.
            features: Width of the features of a question.
            shape: Shape of one persona's virtual tokens, the number of tokens first.
        """


class SoftPrompt(nn.Module, ABC):
    """Base class of models that make virtual tokens from a point of the space and features of a question.

    Args:
        settings: Settings of this kind of soft-prompting model.
        dim: Dimension of the space.
        features: Width of the features of a question.
        shape: Shape of one persona's virtual tokens, the number of tokens first.
        mixed: Width of the hidden units that :meth:`mix` returns.
        per_token: Whether :meth:`mix` returns hidden units for every token; all tokens then share one output layer.
    """

    origin: Tensor
    scale: Tensor

    def __init__(
        self,
        settings: SoftPromptSettings,
        dim: int,
        features: int,
        shape: tuple[int, ...],
        mixed: int,
        per_token: bool = False,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.shape = shape
        self.vectors = Standardize(dim)
        self.questions = Standardize(features)
        self.register_buffer("origin", torch.zeros(shape))
        self.register_buffer("scale", torch.ones(shape))
        self.bias = nn.Parameter(torch.zeros(shape))
        self.output = nn.Linear(mixed, math.prod(shape[1:] if per_token else shape), bias=False)

    def forward(self, vectors: Tensor, features: Tensor, prior_features: Tensor | None = None) -> Tensor:
        """Make the virtual tokens.

        Args:
            vectors: Points of the space, shape ``[n, dim]``.
            features: Features of one question, shape ``[features]``, or of each point's own, ``[n, features]``.
            prior_features: Prior features of each point, shape ``[n, 53]``, for an informed model.

        Returns:
            Shape ``[n, *shape]``.
        """
        u, h = self.vectors(vectors), self.questions(features)
        mixed = self.output(self.mix(u, h) if prior_features is None else self.mix_with_prior(u, h, prior_features))
        tokens: Tensor = self.origin + self.scale * (self.bias + mixed.view(len(vectors), *self.shape))
        return tokens

    @torch.no_grad()
    def set_origin(self, origin: Tensor, scale: Tensor) -> None:
        """Set the initialization; unless ``init`` is ``default``, every point starts exactly there.

        Args:
            origin: Virtual tokens V_0, shape ``shape``.
            scale: Scale s of the output; its shape broadcasts to ``shape``.
        """
        self.origin.copy_(origin)
        self.scale.copy_(scale.expand(self.shape))
        if self.settings.init != "default":
            self.output.weight.zero_()

    @abstractmethod
    def mix(self, u: Tensor, h: Tensor) -> Tensor:
        """Hidden units of standardized points and a standardized question.

        Args:
            u: Points, shape ``[n, dim]``.
            h: Features of one question, shape ``[features]``, or of each point's own, ``[n, features]``.

        Returns:
            Shape ``[n, mixed]``, or ``[n, tokens, mixed]`` if per token.
        """

    def mix_with_prior(self, u: Tensor, h: Tensor, prior_features: Tensor) -> Tensor:  # noqa: ARG002
        """As :meth:`mix`, with prior features ``[n, 53]``, which only informed models use."""
        return self.mix(u, h)

    def set_refused(self, share: float) -> None:
        """Set the share of refusals in training, from which informed models start."""

    def added(self, logits: Tensor, prior_features: Tensor | None) -> Tensor:  # noqa: ARG002
        """The steered model's logits of a question's outcomes, from those of the base model with virtual tokens.

        Args:
            logits: Shape ``[n, outcomes]``.
            prior_features: Prior features of each point, shape ``[n, 53]``, which only informed models use.
        """
        return logits
