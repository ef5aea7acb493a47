"""From points of the space to what the steered model answers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from personaspace.steer.attach import Attachment
from personaspace.steer.language_model import LanguageModel, Reading
from personaspace.steer.pairs import Block
from personaspace.steer.passes import hidden_after_cues
from personaspace.steer.prompt import LABELS
from personaspace.steer.scoring import option_logits
from personaspace.steer.soft_prompts import SoftPrompt


def steered_logits(
    model: LanguageModel,
    soft_prompt: SoftPrompt,
    attachment: Attachment,
    reading: Reading,
    vectors: Tensor,
    options: int,
    labels: Sequence[str] = LABELS,
    told: Tensor | None = None,
) -> Tensor:
    """Logits of a question's options for each of ``n`` points of the space, shape ``[n, options]``.

    Args:
        model: The frozen model.
        soft_prompt: Makes the virtual tokens.
        attachment: Placement and form of the virtual tokens.
        reading: The question as the model read it.
        vectors: Shape ``[n, dim]``.
        options: How many options the question has.
        labels: What they are labelled with.
        told: What an informed soft-prompting model is told, shape ``[n, 53]``.
    """
    virtual = soft_prompt(vectors, reading.features, told=told)
    return option_logits(model, reading, virtual, attachment, options, labels)


def logits_of_blocks(
    model: LanguageModel, soft_prompt: SoftPrompt, attachment: Attachment, blocks: Sequence[Block]
) -> list[Tensor]:
    """As :func:`steered_logits` for blocks of pairs, one or more, in one pass where the model's attention allows it.

    Returns:
        One tensor ``[n, options]`` a block.
    """
    readings = [model.read(block.text) for block in blocks]
    sizes = [len(block) for block in blocks]
    features = torch.cat([r.features.expand(size, -1) for r, size in zip(readings, sizes, strict=True)])
    noise, told = (_joined([getattr(block, name) for block in blocks]) for name in ("noise", "told"))
    virtual = soft_prompt(torch.cat([block.vectors for block in blocks]), features, noise, told).split(sizes)
    if any(len(label) > 1 for block in blocks for label in model.label_sequences(block.options)):
        return [
            option_logits(model, reading, own, attachment, block.options)
            for reading, own, block in zip(readings, virtual, blocks, strict=True)
        ]
    hidden = hidden_after_cues(model, readings, virtual, attachment)
    return [
        model.option_logits(lambda _, own=own: own, block.options)  # type: ignore[misc]
        for own, block in zip(hidden, blocks, strict=True)
    ]


def _joined(parts: Sequence[Tensor | None]) -> Tensor | None:
    present = [part for part in parts if part is not None]
    return torch.cat(present) if present else None
