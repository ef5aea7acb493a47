r"""Replies of a chat model that is given a persona in a system prompt, with a dial for how much that counts.

With z_told the logits after the system prompt and z_alone those without it, a token is drawn from

    (1 - s) z_alone + s z_told,

classifier-free guidance (arXiv 2306.17806): 0 is the model alone, 1 the model told, more exaggerates. Steering of
strength s is the same sum with virtual tokens in place of the system prompt.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from personaspace.errors import ModelError, shown
from personaspace.steer.forward.attach import Continuation
from personaspace.steer.generation.decoding import Decoding
from personaspace.steer.generation.sampling import Sampling
from personaspace.steer.generation.texts import draws_of, grow
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.steering import check_strength


def reply(model: LanguageModel, message: str, system: str, strength: float, sampling: Sampling) -> Iterator[str]:
    """Write a reply to a message, piece by piece.

    Args:
        model: With a chat template.
        message: What the user says.
        system: The system prompt, such as :func:`~personaspace.profiles.system_prompt.system_prompt` makes.
        strength: How much the system prompt counts.
        sampling: How a token is drawn, and where the reply ends.

    Returns:
        Pieces of text.

    Raises:
        ModelError: The model has no chat template, or message and system prompt do not fit its context.
        SettingError: The strength is outside what is allowed.
    """
    if model.chat is None:
        raise ModelError(f"{shown(model.name)} has no chat template, so it takes no system prompt: choose a chat model")
    check_strength(strength)
    told = model.prompt_ids(message, system)
    model.check_length(len(told) + sampling.max_new_tokens, "the message with its system prompt")
    weighted = ((strength, told), (1 - strength, model.prompt_ids(message)))
    decodings = [(weight, Decoding(model, [_begun(model, ids)])) for weight, ids in weighted if weight != 0]
    return (added.text for added in grow(decodings, sampling, [draws_of(sampling.seed, message, system)]))


def _begun(model: LanguageModel, ids: tuple[int, ...]) -> Continuation:
    """A prompt that was read but for its last token."""
    tokens = torch.tensor([ids], dtype=torch.long, device=model.device)
    return Continuation(model.read_ids(tokens[:, :-1]).keys_values, [], model.embedding(tokens[:, -1:]))
