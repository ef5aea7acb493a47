"""Steerer: points of the space, made into virtual tokens, in the forward pass of a frozen model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from personaspace.steer.forward.attach import Attachment, Continuation, attach
from personaspace.steer.forward.forward import hidden_after_cue, hidden_after_cues, rows_per_pass
from personaspace.steer.forward.option_logits import option_logits
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.option_tokens import Tokens
from personaspace.steer.model.prompts import LABELS, labels_for
from personaspace.steer.model.question_cache import CachedQuestion
from personaspace.steer.protocols import checked
from personaspace.steer.soft_prompts.base import SoftPrompt
from personaspace.steer.training.examples import Block
from personaspace.survey.arrays import Vectors


@dataclass(frozen=True)
class Steerer:
    """A frozen language model, the soft-prompting model that steers it, and how the two meet.

    Attributes:
        model: The frozen model.
        soft_prompt: Makes the virtual tokens.
        attachment: Placement and form of the virtual tokens.
    """

    model: LanguageModel
    soft_prompt: SoftPrompt
    attachment: Attachment

    def points(self, vectors: Vectors) -> Tensor:
        """Vectors ``[n, dim]`` as a tensor where the model runs; :class:`SurveyError` where they do not fit."""
        return torch.from_numpy(checked(vectors, len(self.soft_prompt.vectors.mean))).to(self.model.device)

    def rows_per_pass(self, questions: Sequence[CachedQuestion], most: int) -> int:
        """How many personas may go through the model together: fewer where each has a copy of the question."""
        tokens = max((question.ids.shape[1] for question in questions), default=0)
        return rows_per_pass(self.model, self.attachment, tokens, most)

    def continuation(
        self, points: Tensor, question: CachedQuestion, prior_features: Tensor | None = None, generated: int = 0
    ) -> Continuation:
        """Put the virtual tokens of points ``[n, dim]`` beside a question.

        Args:
            points: Shape ``[n, dim]``.
            question: As the model read it.
            prior_features: Shape ``[n, 53]``, for an informed soft-prompting model.
            generated: Tokens that will be read behind the cue.

        Returns:
            What is to be passed to the model.
        """
        virtual = self.soft_prompt(points, question.features, prior_features=prior_features)
        return attach(self.model, question, virtual, self.attachment, generated)

    def logits(
        self,
        points: Tensor,
        question: CachedQuestion,
        options: int,
        labels: Sequence[str] = LABELS,
        prior_features: Tensor | None = None,
    ) -> Tensor:
        """Logits of one question's options, with gradient to the soft-prompting model.

        Args:
            points: Shape ``[n, dim]``.
            question: As the model read it.
            options: How many options it has.
            labels: Their labels.
            prior_features: Shape ``[n, 53]``, for an informed soft-prompting model.

        Returns:
            Shape ``[n, options]``.
        """
        sequences = self.model.option_tokens.sequences(labels_for(options, labels))
        continuation = self.continuation(points, question, prior_features, max(map(len, sequences)) - 1)
        return self._option_logits(continuation, options, labels)

    def block_logits(self, blocks: Sequence[Block]) -> list[Tensor]:
        """Logits of the options for blocks of pairs, in one pass where the model's attention allows it.

        Args:
            blocks: One or more.

        Returns:
            One tensor ``[n, options]`` a block.
        """
        questions = [self.model.read(block.text) for block in blocks]
        sizes = [len(block) for block in blocks]
        features = torch.cat([q.features.expand(size, -1) for q, size in zip(questions, sizes, strict=True)])
        noise, prior = (_joined([getattr(block, name) for block in blocks]) for name in ("noise", "prior_features"))
        points = torch.cat([block.vectors for block in blocks])
        virtual = self.soft_prompt(points, features, noise, prior).split(sizes)
        sequences = [self.model.option_tokens.sequences(labels_for(block.options)) for block in blocks]
        if any(len(ids) > 1 for of_block in sequences for ids in of_block):
            longest = [max(map(len, of_block)) for of_block in sequences]
            return [
                self._option_logits(attach(self.model, question, own, self.attachment, length - 1), block.options)
                for question, own, block, length in zip(questions, virtual, blocks, longest, strict=True)
            ]
        hidden = hidden_after_cues(self.model, questions, virtual, self.attachment)
        return [
            option_logits(self.model, lambda _, own=own: own, block.options)  # type: ignore[misc]
            for own, block in zip(hidden, blocks, strict=True)
        ]

    def _option_logits(self, continuation: Continuation, options: int, labels: Sequence[str] = LABELS) -> Tensor:
        def hidden_after(begun: Tokens) -> Tensor:
            ids = torch.tensor([begun], dtype=torch.long, device=self.model.device)
            read = continuation.then(self.model.embedding(ids)) if begun else continuation
            return hidden_after_cue(self.model, read)

        return option_logits(self.model, hidden_after, options, labels)


def _joined(parts: Sequence[Tensor | None]) -> Tensor | None:
    present = [part for part in parts if part is not None]
    return torch.cat(present) if present else None
