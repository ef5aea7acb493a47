"""From points of the space to what the steered model answers."""

from __future__ import annotations

from torch import Tensor

from personaspace.steer.attach import Attachment, attach, hidden_after_cue
from personaspace.steer.language_model import LanguageModel, Reading
from personaspace.steer.prompt import LABELS
from personaspace.steer.soft_prompts import SoftPrompt


def steered_logits(
    model: LanguageModel,
    soft_prompt: SoftPrompt,
    attachment: Attachment,
    reading: Reading,
    vectors: Tensor,
    options: int,
    noise: Tensor | None = None,
    labels: str = LABELS,
) -> Tensor:
    """Logits of a question's options for each of ``n`` points of the space, shape ``[n, options]``."""
    virtual = soft_prompt(vectors, reading.features, noise)
    hidden = hidden_after_cue(model, attach(model, reading, virtual, attachment))
    return model.label_logits(hidden, options, labels)
