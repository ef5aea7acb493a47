r"""What a frozen model makes of a question, steered by points of the space more or less strongly.

With b(o) the base model's log-probability of an outcome o and p(o) the steered model's, at strength s

    log p_s(o) = b(o) + s (p(o) - b(o)) + constant:

0 is the base model, 1 the steered model, and beyond 1 what sets a persona apart from the base model is exaggerated
(classifier-free guidance, arXiv 2306.17806).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from personaspace.errors import SettingError
from personaspace.steer.attach import Attachment
from personaspace.steer.expectation import Expectation, Expected
from personaspace.steer.language_model import LanguageModel
from personaspace.steer.pairs import question_prompt
from personaspace.steer.passes import rows_a_pass
from personaspace.steer.phrasing import Phrasing, phrasings
from personaspace.steer.points import Vectors, checked
from personaspace.steer.soft_prompts import SoftPrompt
from personaspace.steer.steered_logits import steered_logits
from personaspace.steer.told import told
from personaspace.survey.question import Question

if TYPE_CHECKING:
    from personaspace.steer.asking import Asking


@dataclass(frozen=True)
class Steering:
    """All that answering and writing take.

    Attributes:
        model: The frozen model.
        soft_prompt: The trained soft-prompting model.
        attachment: Placement and form of its virtual tokens.
        temperature: What the logits of a question's outcomes are divided by.
        refusals: Whether refusing is an outcome of every question.
        expectation: What an informed soft-prompting model is told of.
    """

    model: LanguageModel
    soft_prompt: SoftPrompt
    attachment: Attachment
    temperature: float = 1.0
    refusals: bool = False
    expectation: Expectation | None = None

    def points(self, vectors: Vectors) -> Tensor:
        """Vectors ``[n, dim]`` as a tensor where the model runs; :class:`SurveyError` where they do not fit."""
        return torch.from_numpy(checked(vectors, len(self.soft_prompt.vectors.mean))).to(self.model.device)

    def outcomes(self, vectors: Vectors, question: Question, asking: Asking) -> Vectors:
        """Probability of every outcome in every phrasing; see :meth:`Answerer.outcomes`."""
        points = self.points(vectors)
        ways = phrasings(question, asking.orders, asking.alphabets)
        each = [self.probabilities(points, question, way, asking.strength, asking.batch) for way in ways]
        return torch.stack(each).cpu().numpy()

    @torch.no_grad()
    def probabilities(
        self, points: Tensor, question: Question, phrasing: Phrasing, strength: float = 1.0, batch: int = 512
    ) -> Tensor:
        """Probability of each outcome for each point, whatever place the phrasing gives it.

        Args:
            points: Shape ``[n, dim]``.
            question: Asked before or not.
            phrasing: How it is put.
            strength: Of the steering; 0 is the base model.
            batch: Points a pass at the most.

        Returns:
            Shape ``[n, options]``, or ``[n, options + 1]`` with the refusal last; rows sum to 1.
        """
        text = phrasing.text(question, self.refusals)
        told = self.told(points, question, phrasing.order)
        places = phrasing.places(self.refusals)
        scores = torch.zeros(len(points), len(places), device=points.device)
        if strength != 0 and len(points):
            scores = self.logits(points, text, len(places), phrasing.labels, batch, told).log_softmax(-1)
        if strength != 1:
            base = self.model.score([text], [len(places)], labels=phrasing.labels).to(points.device)
            scores = strength * scores + (1 - strength) * base.clamp_min(torch.finfo(base.dtype).tiny).log()
        return scores.softmax(-1)[:, places]

    def told(self, points: Tensor, question: Question, order: Sequence[int]) -> Tensor | None:
        """What an informed soft-prompting model is told of a question whose options stand in this order."""
        expected = self.expected(question)
        return None if expected is None else told(expected.ordered(order), points)

    def expected(self, question: Question) -> Expected | None:
        """What the space expects of a question; ``None`` where the soft-prompting model is not told."""
        if self.expectation is None:
            return None
        return self.expectation.of(question, self.model.read(question_prompt(question, self.refusals)).features)

    def logits(
        self, points: Tensor, text: str, outcomes: int, labels: str, batch: int, told: Tensor | None = None
    ) -> Tensor:
        """Logits of a question's labels for each point, over the temperature, shape ``[n, outcomes]``."""
        reading, way = self.model.read(text), (self.model, self.soft_prompt, self.attachment)
        rows = rows_a_pass(self.model, self.attachment, reading.ids.shape[1], batch)
        parts = [slice(start, start + rows) for start in range(0, len(points), rows)]
        logits = [
            steered_logits(*way, reading, points[part], outcomes, labels, None if told is None else told[part])
            for part in parts
        ]
        return torch.cat(logits) / self.temperature


def check_strength(strength: float) -> None:
    """Raise :class:`SettingError` unless the strength of steering is a finite number."""
    if not math.isfinite(strength):
        raise SettingError(f"strength is {strength}: give a number, 0 for the base model, 1 for the steered model")
