"""Sampling of the next token, with random numbers of each text's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import torch
from torch import Tensor
from transformers import (
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from personaspace.checks import check_number, check_whole
from personaspace.errors import MAX_SEED, SettingError, shown

MOST = 2**31 - 1
COLDEST = 1e-6


class Controls(TypedDict, total=False):
    """Keyword arguments of ``generate`` and ``stream``; see :class:`Sampling`."""

    max_new_tokens: int
    temperature: float
    top_p: float
    top_k: int
    repetition_penalty: float
    stop: str | Sequence[str]
    seed: int
    batch: int


@dataclass(frozen=True)
class Sampling:
    """Settings of text generation.

    Attributes:
        max_new_tokens: Tokens per text, at most.
        temperature: 0 for greedy decoding, as is anything below a millionth; higher for more variety.
        top_p: Nucleus sampling: draw from the likeliest tokens up to this probability (arXiv 1904.09751).
        top_k: Draw from at most so many of the likeliest tokens; 0 for all.
        repetition_penalty: Above 1 makes tokens already written less likely (arXiv 1909.05858).
        stop: A string or several at which a text ends; they are not part of it.
        seed: Of the draws.
        batch: Texts generated at a time.

    Raises:
        SettingError: A setting is outside what is allowed.
    """

    max_new_tokens: int = 40
    temperature: float = 0.8
    top_p: float = 0.95
    top_k: int = 0
    repetition_penalty: float = 1.0
    stop: str | Sequence[str] = ()
    seed: int = 0
    batch: int = 64

    def __post_init__(self) -> None:
        for name, least, most in (("max_new_tokens", 1, MOST), ("top_k", 0, MOST), ("seed", 0, MAX_SEED)):
            check_whole(name, getattr(self, name), least, most)
        check_whole("batch", self.batch, 1)
        check_number("temperature", self.temperature, 0)
        check_number("top_p", self.top_p, 0, 1, above=True)
        check_number("repetition_penalty", self.repetition_penalty, 0.01, 100)
        stops = self.stops if isinstance(self.stop, Sequence) and not isinstance(self.stop, bytes) else (None,)
        if not all(isinstance(stop, str) and stop for stop in stops):
            raise SettingError(f"stop is {shown(self.stop)}: give a string that is not empty, or several")

    @property
    def stops(self) -> tuple[str, ...]:
        """The strings at which a text ends."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop)

    @property
    def greedy(self) -> bool:
        """Whether the likeliest token is taken every time, and nothing drawn."""
        return self.temperature < COLDEST

    def choose(self, logits: Tensor, written: Tensor, draws: Sequence[torch.Generator]) -> Tensor:
        """The next token of every text.

        Args:
            logits: Shape ``[texts, vocabulary]``.
            written: Tokens so far, shape ``[texts, tokens]``.
            draws: One random generator per text, so that no text depends on the others in the batch.

        Returns:
            Shape ``[texts]``.
        """
        scores = logits.float()
        if self.repetition_penalty != 1 and written.shape[1]:
            scores = RepetitionPenaltyLogitsProcessor(self.repetition_penalty)(written, scores)
        if self.greedy:
            return scores.argmax(-1)
        scores = TemperatureLogitsWarper(float(self.temperature))(written, scores)
        if self.top_k:
            scores = TopKLogitsWarper(self.top_k)(written, scores)
        if self.top_p < 1:
            scores = TopPLogitsWarper(self.top_p)(written, scores)
        reached = scores.double().softmax(-1).cumsum(-1)
        drawn = torch.cat([torch.rand(1, generator=draw, dtype=torch.float64) for draw in draws]).to(reached.device)
        return torch.searchsorted(reached, drawn[:, None] * reached[:, -1:], right=True)[:, 0]
