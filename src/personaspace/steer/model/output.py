"""Logits from a final hidden state, with the scaling and capping of the model's own output layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from personaspace.errors import ModelError


def output_logits(model: Any, hidden: Tensor, rows: Tensor | None = None) -> Tensor:
    """Logits of some tokens of the vocabulary, or of all.

    Cohere multiplies its logits by a factor, Granite divides them, Gemma caps them softly.

    Args:
        model: A causal language model.
        hidden: Final hidden states, shape ``[n, width]``.
        rows: Token ids, shape ``[rows]``; every token if ``None``.

    Returns:
        Shape ``[n, rows]``, in single precision.
    """
    output, config = model.get_output_embeddings(), model.config.get_text_config(decoder=True)
    chosen = slice(None) if rows is None else rows
    logits: Tensor = hidden.float() @ output.weight[chosen].float().T
    bias = getattr(output, "bias", None)
    logits = logits if bias is None else logits + bias[chosen].float()
    logits = logits * (getattr(config, "logit_scale", None) or 1.0) / (getattr(config, "logits_scaling", None) or 1.0)
    cap = getattr(config, "final_logit_softcapping", None)
    return torch.tanh(logits / cap) * cap if cap else logits


@torch.enable_grad()
def check_model(model: Any, ids: Tensor, name: str) -> None:
    """Check with a short text that a model is causal and that :func:`output_logits` gives its logits.

    Args:
        model: A language model.
        ids: Two or more token ids, shape ``[1, tokens]``.
        name: Its name, for messages.

    Raises:
        ModelError: Earlier tokens see later ones, or :func:`output_logits` differs from the model's own logits.
    """
    embedded = model.get_input_embeddings()(ids).detach().requires_grad_()
    hidden = model.base_model(inputs_embeds=embedded, use_cache=False).last_hidden_state
    direction = torch.linspace(-1, 2, hidden.shape[-1], device=hidden.device)
    (gradient,) = torch.autograd.grad(hidden[0, 0].float() @ direction, embedded)
    if gradient[0, 1:].any():
        raise ModelError(f"model {name!r} reads in both directions, it is not a causal language model: choose one")
    with torch.no_grad():
        expected = model(ids, use_cache=False).logits[0, -1].float()
        given = output_logits(model, hidden[0, -1:])[0]
    if not torch.allclose(given, expected, rtol=0.02, atol=0.02 * float(expected.std())):
        raise ModelError(f"model {name!r} changes its logits in a way that is not supported: choose another model")
