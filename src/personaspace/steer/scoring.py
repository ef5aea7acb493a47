"""Logits of a question's options behind virtual tokens, whether a label is one token or several."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from personaspace.steer.attach import Attachment, attach
from personaspace.steer.labels import Tokens
from personaspace.steer.language_model import LanguageModel, Reading
from personaspace.steer.passes import hidden_after_cue
from personaspace.steer.prompt import LABELS


def option_logits(
    model: LanguageModel,
    reading: Reading,
    virtual: Tensor,
    attachment: Attachment,
    options: int,
    labels: Sequence[str] = LABELS,
) -> Tensor:
    """Logits of a question's options for the virtual tokens of each of ``n`` personas.

    Args:
        model: The frozen model.
        reading: The question as the model read it.
        virtual: Shape ``[n, *attachment.shape(model)]``.
        attachment: Placement and form.
        options: How many options the question has.
        labels: What they are labelled with.

    Returns:
        Shape ``[n, options]``, with gradient to the virtual tokens.
    """
    longest = max(map(len, model.label_sequences(options, labels)))
    continuation = attach(model, reading, virtual, attachment, generated=longest - 1)

    def hidden_after(begun: Tokens) -> Tensor:
        ids = torch.tensor([begun], dtype=torch.long, device=model.device)
        return hidden_after_cue(model, continuation.then(model.embedding(ids)) if begun else continuation)

    return model.option_logits(hidden_after, options, labels)
