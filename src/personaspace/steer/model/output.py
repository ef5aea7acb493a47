"""Logits from a final hidden state, with the scaling and capping of the model's own output layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


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


def body(model: Any) -> Any:
    """A causal language model without its output layer.

    ``transformers`` names it by the class's prefix, except where a text model was cut out of a larger one (Llama 4).
    """
    return model.base_model if model.base_model is not model else getattr(model, "model", model)
