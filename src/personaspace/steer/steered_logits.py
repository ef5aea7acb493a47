"""From points of the space to what the steered model answers."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from personaspace.steer.attach import Attachment
from personaspace.steer.language_model import LanguageModel, Reading
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
    noise: Tensor | None = None,
    labels: Sequence[str] = LABELS,
) -> Tensor:
    """Logits of a question's options for each of ``n`` points of the space, shape ``[n, options]``."""
    virtual = soft_prompt(vectors, reading.features, noise)
    return option_logits(model, reading, virtual, attachment, options, labels)
