"""Whether a language model can be steered: checks of its weights and, with a short text, of how it reads."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from personaspace.errors import ModelError, shown
from personaspace.steer.model.output import body, output_logits
from personaspace.steer.model.question_cache import read_once

SAME, CACHED = 1e-3, 0.05
"""Relative differences allowed: of one computation done twice, and of one done in two parts, in low precision."""


@torch.enable_grad()
def check_model(model: Any, ids: Tensor, name: str) -> None:
    """Check that a model does what steering takes for granted.

    Its weights are numbers; it is causal; it reads any input embeddings, and those of tokens as it reads the tokens;
    what it keeps of a text are the keys and values of every token; :func:`output_logits` gives its logits.

    Args:
        model: A language model.
        ids: Three or more token ids, shape ``[1, tokens]``.
        name: Its name, for messages.

    Raises:
        ModelError: One of these does not hold; the message says which.
    """
    if broken := broken_weights(model):
        raise ModelError(
            f"model {shown(name)} has {len(broken)} tensor(s) of weights with NaN or infinity, first "
            f"{shown(broken[0], 80)}: download or convert it again"
        )
    embedded = model.get_input_embeddings()(ids).detach().requires_grad_()
    hidden = _read_embeddings(model, embedded, name)
    _check_causal(hidden, embedded, name)
    with torch.no_grad():
        other = _read_embeddings(model, embedded * 0.9, name)
        from_tokens = body(model)(ids, use_cache=False).last_hidden_state
        if not (hidden.isfinite().all() and other.isfinite().all()):
            raise ModelError(
                f"model {shown(name)} computes NaN or infinity: choose another precision (--dtype) or another model"
            )
        if not _alike(hidden, from_tokens, SAME):
            raise ModelError(
                f"model {shown(name)} takes more from its tokens than their input embeddings, and virtual tokens have "
                "only these: choose another model"
            )
        if not _alike(_read_in_two_parts(model, ids, name), from_tokens[:, -1:], CACHED):
            raise ModelError(
                f"model {shown(name)} has layers that keep more than keys and values: "
                "choose a model with attention only"
            )
        expected = model(ids, use_cache=False).logits[0, -1].float()
        given = output_logits(model, hidden[0, -1:])[0]
    if not torch.allclose(given, expected, rtol=0.02, atol=0.02 * float(expected.std())):
        raise ModelError(f"model {shown(name)} changes its logits in a way that is not supported: choose another model")


def broken_weights(model: Any) -> list[str]:
    """Names of the weights that hold NaN or infinity."""
    with torch.no_grad():
        return [
            weight
            for weight, tensor in model.named_parameters()
            if tensor.is_floating_point() and tensor.numel() and not torch.stack(tensor.aminmax()).isfinite().all()
        ]


def _check_causal(hidden: Tensor, embedded: Tensor, name: str) -> None:
    direction = torch.linspace(-1, 2, hidden.shape[-1], device=hidden.device)
    (gradient,) = torch.autograd.grad(hidden[0, 0].float() @ direction, embedded)
    if gradient[0, 1:].nan_to_num().any():
        raise ModelError(f"model {shown(name)} reads in both directions, it is not a causal language model: choose one")


def _read_embeddings(model: Any, embedded: Tensor, name: str) -> Tensor:
    try:
        hidden: Tensor = body(model)(inputs_embeds=embedded, use_cache=False).last_hidden_state
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = shown(str(error).strip().partition("\n")[0], 120)
        raise ModelError(
            f"model {shown(name)} reads no input embeddings but those of its tokens ({reason}): choose another model"
        ) from error
    return hidden


def _read_in_two_parts(model: Any, ids: Tensor, name: str) -> Tensor:
    """Final hidden state at the last token, read after the keys and values of the others."""
    read = read_once(model, ids[:, :-1], name)
    cache: Any = DynamicCache(read.keys_values)
    hidden: Tensor = body(model)(ids[:, -1:], past_key_values=cache, use_cache=True).last_hidden_state
    return hidden


def _alike(one: Tensor, other: Tensor, tolerance: float) -> bool:
    return bool((one - other).float().norm() <= tolerance * other.float().norm())
