r"""Answers of a steered model at any strength, to a question in any phrasing.

With b(o) the base model's log-probability of an outcome o and p(o) the steered model's, at strength s

    log p_s(o) = b(o) + s (p(o) - b(o)) + constant:

0 is the base model, 1 the steered model, and beyond 1 what sets a persona apart from the base model is exaggerated
(classifier-free guidance, arXiv 2306.17806).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import torch
from torch import Tensor

from personaspace.errors import SettingError
from personaspace.newquestions.gaussian_process import OptionWeights, QuestionPrior
from personaspace.steer.forward.option_logits import base_probabilities
from personaspace.steer.model.prompts import Phrasing, phrasings, question_prompt
from personaspace.steer.soft_prompts.informed import prior_features
from personaspace.steer.steerer import Steerer
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question


class AskOptions(TypedDict, total=False):
    """Keyword arguments of ``ask``, ``poll`` and ``predict``; see :class:`AskSettings`."""

    orders: int
    alphabets: Sequence[str]
    strength: float
    batch: int


@dataclass(frozen=True)
class AskSettings:
    """How a question is asked.

    Attributes:
        orders: In how many orders of its options; see :func:`personaspace.steer.model.prompts.phrasings`.
        alphabets: With which label alphabets: ``ABC``, ``abc``, ``123``.
        strength: Of the steering: 0 is the base model, 1 the steered model.
        batch: Points a pass.

    Raises:
        SettingError: A setting is outside what is allowed.
    """

    orders: int = 1
    alphabets: Sequence[str] = ("ABC",)
    strength: float = 1.0
    batch: int = 512

    def __post_init__(self) -> None:
        check_strength(self.strength)
        if self.batch < 1:
            raise SettingError(f"batch is {self.batch}: at least one point a pass")


@dataclass(frozen=True)
class Steering:
    """A trained steerer with all that answering and writing take beside it.

    Attributes:
        steerer: Frozen model, trained soft-prompting model and attachment.
        temperature: What the logits of a question's outcomes are divided by.
        refusals: Whether refusing is an outcome of every question.
        prior: What the space expects of any question, for an informed soft-prompting model.
    """

    steerer: Steerer
    temperature: float = 1.0
    refusals: bool = False
    prior: QuestionPrior | None = None

    def outcomes(self, vectors: Vectors, question: Question, settings: AskSettings) -> Vectors:
        """Probability of every outcome in every phrasing; see :meth:`Answerer.outcomes`."""
        points = self.steerer.points(vectors)
        each = [
            self.probabilities(points, question, phrasing, settings.strength, settings.batch)
            for phrasing in phrasings(question, settings.orders, settings.alphabets)
        ]
        return torch.stack(each).cpu().numpy()

    @torch.no_grad()
    def probabilities(
        self, points: Tensor, question: Question, phrasing: Phrasing, strength: float = 1.0, batch: int = 512
    ) -> Tensor:
        """Probability of each outcome for each point, whatever place the phrasing gives it.

        Args:
            points: Shape ``[n, dim]``.
            question: Asked before or not.
            phrasing: Order and labels of the options.
            strength: Of the steering; 0 is the base model.
            batch: Points a pass at the most.

        Returns:
            Shape ``[n, options]``, or ``[n, options + 1]`` with the refusal last; rows sum to 1.
        """
        text = phrasing.text(question, self.refusals)
        features = self.prior_features(points, question, phrasing.order)
        places = phrasing.places(self.refusals)
        scores = torch.zeros(len(points), len(places), device=points.device)
        if strength != 0 and len(points):
            scores = self.logits(points, text, len(places), phrasing.labels, batch, features).log_softmax(-1)
        if strength != 1:
            base = base_probabilities(self.steerer.model, [text], [len(places)], labels=phrasing.labels)
            base = base.to(points.device).clamp_min(torch.finfo(base.dtype).tiny).log()
            scores = strength * scores + (1 - strength) * base
        return scores.softmax(-1)[:, places]

    def prior_features(self, points: Tensor, question: Question, order: Sequence[int]) -> Tensor | None:
        """Prior features of points ``[n, dim]`` for a question whose options stand in this order."""
        expected = self.expected(question)
        return None if expected is None else prior_features(expected.ordered(order), points)

    def expected(self, question: Question) -> OptionWeights | None:
        """What the space expects of a question; ``None`` where the soft-prompting model does not see it."""
        if self.prior is None:
            return None
        return self.prior.of(question, self.steerer.model.read(question_prompt(question, self.refusals)).features)

    def logits(
        self, points: Tensor, text: str, outcomes: int, labels: str, batch: int, prior_features: Tensor | None = None
    ) -> Tensor:
        """Logits of a question's labels for each point, over the temperature, shape ``[n, outcomes]``."""
        question = self.steerer.model.read(text)
        rows = self.steerer.rows_per_pass([question], batch)
        parts = [slice(start, start + rows) for start in range(0, len(points), rows)]
        logits = [
            self.steerer.logits(
                points[part], question, outcomes, labels, None if prior_features is None else prior_features[part]
            )
            for part in parts
        ]
        return torch.cat(logits) / self.temperature


def check_strength(strength: float) -> None:
    """Raise :class:`SettingError` unless the strength of steering is a finite number."""
    if not math.isfinite(strength):
        raise SettingError(f"strength is {strength}: give a number, 0 for the base model, 1 for the steered model")
