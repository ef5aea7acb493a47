r"""Answers of a steered model to a question in any phrasing, at any strength of the steering.

With b(o) the base model's log-probability of an outcome o and p(o) the steered model's, at strength s

    log p_s(o) = b(o) + s (p(o) - b(o)) + constant:

0 is the base model, 1 the steered model, and above 1 differences between persona and base model are exaggerated
(classifier-free guidance, arXiv 2306.17806).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TypedDict

import torch
from torch import Tensor

from personaspace.checks import check_number, check_whole
from personaspace.errors import SettingError, listed, shown
from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.newquestions.new_question import NewQuestion
from personaspace.newquestions.option_weights import OptionWeights
from personaspace.steer.forward.option_logits import base_probabilities
from personaspace.steer.model.prompts import Phrasing, labels_for, phrasings, question_prompt
from personaspace.steer.soft_prompts.informed import prior_features
from personaspace.steer.steerer import Steerer
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question

MOST_STRENGTH = 1000.0


class AskOptions(TypedDict, total=False):
    """Keyword arguments of ``ask``, ``poll`` and ``predict``; see :class:`AskSettings`."""

    orders: int
    alphabets: Sequence[str]
    strength: float
    batch: int
    prior: NewQuestion | None


@dataclass(frozen=True)
class AskSettings:
    """Settings of asking a question: phrasings, strength and batch size.

    Attributes:
        orders: Number of orders of its options; see :func:`personaspace.steer.model.prompts.phrasings`.
        alphabets: Label alphabets: ``ABC``, ``abc``, ``123``.
        strength: Strength of the steering: 0 is the base model, 1 the steered model.
        batch: Points per pass, at most.
        prior: What is expected of the question after a pilot, a topline or a crosstab, which an informed soft-prompting
            model is told in place of its own question prior.

    Raises:
        SettingError: A setting is outside what is allowed.
    """

    orders: int = 1
    alphabets: Sequence[str] = ("ABC",)
    strength: float = 1.0
    batch: int = 512
    prior: NewQuestion | None = None

    def __post_init__(self) -> None:
        check_strength(self.strength)
        check_whole("orders", self.orders, 1)
        check_whole("batch", self.batch, 1)
        if self.prior is not None and not isinstance(self.prior, NewQuestion):
            raise SettingError(f"prior is {shown(self.prior)}: give what ps.NewQuestions(...).ask returns")
        several = isinstance(self.alphabets, Sequence) and not isinstance(self.alphabets, str)
        if not several or not all(isinstance(name, str) for name in self.alphabets):
            raise SettingError(f"alphabets is {shown(self.alphabets)}: give a list of names, such as ['ABC', '123']")


@dataclass(frozen=True)
class Steering:
    """A trained steerer with the settings that asking and writing take.

    Attributes:
        steerer: Frozen model, trained soft-prompting model and attachment.
        temperature: Divides the logits of a question's outcomes.
        refusals: Whether refusing is an outcome of every question.
        prior: The question prior, for an informed soft-prompting model.
    """

    steerer: Steerer
    temperature: float = 1.0
    refusals: bool = False
    prior: QuestionPrior | None = None

    @torch.no_grad()
    def outcomes(self, vectors: Vectors, question: Question, settings: AskSettings) -> Vectors:
        """Probability of every outcome in every phrasing; see :meth:`Answerer.outcomes`."""
        points = self.steerer.points(vectors)
        asked = phrasings(question, settings.orders, settings.alphabets)
        weights = self.option_weights(question, settings.prior)
        each = [self._probabilities(points, question, phrasing, settings, weights) for phrasing in asked]
        return torch.stack(each).cpu().numpy()

    def option_weights(self, question: Question, told: NewQuestion | None = None) -> OptionWeights | None:
        """The weights of a question's options that the soft-prompting model is told; ``None`` where it is told none.

        Args:
            question: The question.
            told: What is expected of it; the question prior where not given.

        Raises:
            SettingError: The soft-prompting model takes no prior, or what is told is about another question.
        """
        if told is not None:
            self._check_told(question, told)
            return told.option_weights()
        if self.prior is None:
            return None
        return self.prior.of(question, self.steerer.model.read(question_prompt(question, self.refusals)).features)

    def _check_told(self, question: Question, told: NewQuestion) -> None:
        if self.prior is None:
            raise SettingError(
                "this model is told no prior: steer with the soft-prompting model 'informed', or ask no language model "
                "(--no-model)"
            )
        asked, known = ([q.text, *(option.text for option in q.options)] for q in (question, told.question))
        if asked != known:
            raise SettingError(
                f"the prior is about {shown(known[0])} with the options {listed(known[1:])}, the question is "
                f"{shown(asked[0])} with the options {listed(asked[1:])}: ask for a prior of this question"
            )

    def logits(
        self, points: Tensor, text: str, labels: Sequence[str], batch: int, prior_features: Tensor | None = None
    ) -> Tensor:
        """Logits of a question's labels, divided by the temperature.

        Args:
            points: Shape ``[n, dim]``, at least one.
            text: The question up to the answer cue.
            labels: One label per outcome.
            batch: Points per pass, at most.
            prior_features: Shape ``[n, 53]``, for an informed soft-prompting model.

        Returns:
            Shape ``[n, outcomes]``.
        """
        question = self.steerer.model.read(text)
        rows = self.steerer.rows_per_pass([text], batch)
        parts = in_batches(points, prior_features, rows)
        return (
            torch.cat([self.steerer.logits(some, question, labels, prior) for some, prior in parts]) / self.temperature
        )

    def _probabilities(
        self,
        points: Tensor,
        question: Question,
        phrasing: Phrasing,
        settings: AskSettings,
        weights: OptionWeights | None,
    ) -> Tensor:
        """Probability of each outcome for each point in one phrasing, the outcomes in the question's own order."""
        text, places = phrasing.text(question, self.refusals), phrasing.places(self.refusals)
        scores = torch.zeros(len(points), len(places), device=points.device)
        if settings.strength != 0 and len(points):
            features = None if weights is None else prior_features(weights.ordered(phrasing.order), points)
            labels = labels_for(len(places), phrasing.labels)
            scores = self.logits(points, text, labels, settings.batch, features).log_softmax(-1)
        if settings.strength != 1:
            base = base_probabilities(self.steerer.model, [text], [len(places)], labels=phrasing.labels)
            base = base.to(points.device).clamp_min(torch.finfo(base.dtype).tiny).log()
            scores = settings.strength * scores + (1 - settings.strength) * base
        return scores.softmax(-1)[:, places]


def in_batches(points: Tensor, prior_features: Tensor | None, most: int) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Points ``[n, dim]`` with their prior features ``[n, 53]``, if any, at most so many at a time."""
    features = repeat(None) if prior_features is None else torch.split(prior_features, most)
    return zip(torch.split(points, most), features, strict=False)


def check_strength(strength: float) -> None:
    """Raise :class:`SettingError` unless the strength of steering is a number from -1000 to 1000."""
    check_number("strength", strength, -MOST_STRENGTH, MOST_STRENGTH)
