"""Steerer: a frozen language model that reads questions together with virtual tokens made from points of the space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from personaspace.steer.forward.attach import Attachment, Continuation, attach
from personaspace.steer.forward.forward import hidden_after_cue, hidden_after_cues, hidden_of_text, shares
from personaspace.steer.forward.option_logits import label_logits, option_logits
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.option_tokens import Tokens
from personaspace.steer.model.output import output_logits
from personaspace.steer.model.prompts import labels_for
from personaspace.steer.model.question_cache import CachedQuestion
from personaspace.steer.protocols import checked
from personaspace.steer.soft_prompts.base import SoftPrompt
from personaspace.steer.training.examples import Block
from personaspace.steer.training.worded_answers import WordedBlock
from personaspace.survey.arrays import Vectors

COPIES = 32
"""Points per pass, at most, where each has a copy of the question: more take memory and time."""


@dataclass(frozen=True)
class Steerer:
    """A frozen language model steered by the virtual tokens of a soft-prompting model.

    Attributes:
        model: The frozen model.
        soft_prompt: Makes the virtual tokens.
        attachment: Placement and form of the virtual tokens.
    """

    model: LanguageModel
    soft_prompt: SoftPrompt
    attachment: Attachment

    def points(self, vectors: Vectors) -> Tensor:
        """Vectors ``[n, dim]`` as a tensor on the model's device; :class:`SurveyError` where they do not fit."""
        return torch.from_numpy(checked(vectors, len(self.soft_prompt.vectors.mean))).to(self.model.device)

    def rows_per_pass(self, texts: Sequence[str], most: int) -> int:
        """Points per pass: ``most`` where they share the questions, fewer where each has a copy of its own."""
        longest = max(map(self.model.question_length, texts), default=0)
        shared = self.attachment.placement == "after" and shares(self.model, longest + self.attachment.tokens + 1)
        return most if shared else min(most, COPIES)

    def continuation(
        self, points: Tensor, question: CachedQuestion, prior_features: Tensor | None = None, generated: int = 0
    ) -> Continuation:
        """Attach the virtual tokens of points to a question.

        Args:
            points: Shape ``[n, dim]``.
            question: As the model read it.
            prior_features: Shape ``[n, 53]``, for an informed soft-prompting model.
            generated: Tokens that will be read after the cue.

        Returns:
            The input of a forward pass.
        """
        virtual = self.soft_prompt(points, question.features, prior_features=prior_features)
        return attach(self.model, question, virtual, self.attachment, generated)

    def logits(
        self, points: Tensor, question: CachedQuestion, labels: Sequence[str], prior_features: Tensor | None = None
    ) -> Tensor:
        """Logits of one question's options, with gradient to the soft-prompting model.

        Args:
            points: Shape ``[n, dim]``.
            question: As the model read it.
            labels: One label per option.
            prior_features: Shape ``[n, 53]``, for an informed soft-prompting model.

        Returns:
            Shape ``[n, options]``.
        """
        longest = max(map(len, self.model.option_tokens.sequences(labels)))
        logits = self._option_logits(self.continuation(points, question, prior_features, longest - 1), labels)
        return self.soft_prompt.added(logits, prior_features)

    def block_logits(self, blocks: Sequence[Block]) -> list[Tensor]:
        """Logits of the options for blocks of pairs, in one pass where the model's attention allows it.

        Args:
            blocks: One or more.

        Returns:
            One tensor ``[n, options]`` per block.
        """
        questions = [self.model.read(block.text) for block in blocks]
        sizes = [len(block) for block in blocks]
        features = torch.cat([q.features.expand(size, -1) for q, size in zip(questions, sizes, strict=True)])
        prior = _joined([block.prior_features for block in blocks])
        points = torch.cat([block.vectors for block in blocks])
        virtual = self.soft_prompt(points, features, prior).split(sizes)
        labels = [labels_for(block.options) for block in blocks]
        longest = [max(map(len, self.model.option_tokens.sequences(of_block))) for of_block in labels]
        continuations = [
            attach(self.model, question, own, self.attachment, length - 1)
            for question, own, length in zip(questions, virtual, longest, strict=True)
        ]
        if max(longest) > 1:
            logits = list(map(self._option_logits, continuations, labels))
        else:
            hidden = hidden_after_cues(self.model, continuations)
            logits = [label_logits(self.model, own, of_block) for own, of_block in zip(hidden, labels, strict=True)]
        return [self.soft_prompt.added(own, block.prior_features) for own, block in zip(logits, blocks, strict=True)]

    def text_logits(self, block: WordedBlock) -> Tensor:
        """Logits of every token of the sentences of a block, shape ``[n, tokens, vocabulary]``."""
        tokens = block.tokens.shape[1]
        question = self.model.read(block.text)
        virtual = self.soft_prompt(block.vectors, question.features)
        cue = attach(self.model, question, virtual, self.attachment, tokens)
        before_last = self.model.embedding(block.tokens[:, :-1].clamp_min(0))
        read = replace(cue, embeddings=torch.cat([cue.embeddings, before_last], dim=1))
        return output_logits(self.model.model, hidden_of_text(self.model, read, tokens))

    def _option_logits(self, continuation: Continuation, labels: Sequence[str]) -> Tensor:
        def hidden_after(begun: Tokens) -> Tensor:
            ids = torch.tensor([begun], dtype=torch.long, device=self.model.device)
            read = continuation.then(self.model.embedding(ids)) if begun else continuation
            return hidden_after_cue(self.model, read)

        return option_logits(self.model, hidden_after, labels)


def _joined(parts: Sequence[Tensor | None]) -> Tensor | None:
    present = [part for part in parts if part is not None]
    return torch.cat(present) if present else None
