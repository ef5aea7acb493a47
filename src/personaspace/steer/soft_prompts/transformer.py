"""A soft-prompting transformer: its virtual tokens attend to each other, to the point and to the question.

Every virtual token begins as a learned vector. Each layer is self-attention among the tokens, then cross-attention to
two vectors: the point W_u u and the question W_h h (transformer decoder, arXiv 1706.03762).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from personaspace.checks import check_whole
from personaspace.errors import SettingError
from personaspace.steer.soft_prompts.base import SoftPrompt, SoftPromptSettings

MOST_LAYERS = 256


@dataclass(frozen=True, kw_only=True)
class TransformerSettings(SoftPromptSettings):
    """Settings of :class:`Transformer`.

    Attributes:
        hidden: Width of the layers.
        layers: Number of layers, 1 to 256.
        heads: Attention heads; ``hidden`` is a multiple of them.
    """

    hidden: int = 128
    layers: int = 2
    heads: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("layers of the soft-prompting model", self.layers, 1, MOST_LAYERS)
        if self.hidden % self.heads:
            raise SettingError(f"hidden is {self.hidden}, which {self.heads} heads cannot share: give a multiple")

    def build(self, dim: int, features: int, shape: tuple[int, ...]) -> Transformer:
        """Build an untrained model."""
        return Transformer(self, dim, features, shape)


class Transformer(SoftPrompt):
    """Transformer layers over the virtual tokens, with cross-attention to the point and the question."""

    def __init__(self, settings: TransformerSettings, dim: int, features: int, shape: tuple[int, ...]) -> None:
        hidden = settings.hidden
        super().__init__(settings, dim, features, shape, hidden, per_token=True)
        self.point = nn.Linear(dim, hidden)
        self.question = nn.Linear(features, hidden)
        self.tokens = nn.Parameter(torch.randn(shape[0], hidden))
        layer = nn.TransformerDecoderLayer(
            hidden, settings.heads, 4 * hidden, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerDecoder(layer, settings.layers, nn.LayerNorm(hidden))

    def mix(self, u: Tensor, h: Tensor) -> Tensor:
        """Hidden units of every token."""
        seen = torch.stack([self.point(u), self.question(h).expand(len(u), -1)], dim=1)
        mixed: Tensor = self.layers(self.tokens.expand(len(u), -1, -1), seen)
        return mixed
