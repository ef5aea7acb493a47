"""How likely texts are to a frozen model after what it has read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import pad

from personaspace.steer.forward.attach import Continuation
from personaspace.steer.forward.forward import hidden_of_text
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.output import output_logits


@torch.no_grad()
def log_likelihoods(model: LanguageModel, begun: Continuation, texts: Sequence[Sequence[int]]) -> Tensor:
    """Log-likelihood of each text, in nats, shape ``[texts]``.

    Args:
        model: The frozen model.
        begun: What it has read, for one row, or for one row per text.
        texts: Token ids of one or more texts, none empty.
    """
    longest = max(map(len, texts))
    tokens = torch.stack([pad(torch.tensor(one), (0, longest - len(one))) for one in texts]).to(model.device)
    embeddings = torch.cat([begun.embeddings.expand(len(texts), -1, -1), model.embedding(tokens[:, :-1])], dim=1)
    hidden = hidden_of_text(model, replace(begun, embeddings=embeddings), longest)
    each = output_logits(model.model, hidden).log_softmax(-1).gather(2, tokens[..., None])[..., 0]
    inside = torch.tensor([[place < len(one) for place in range(longest)] for one in texts], device=each.device)
    return (each * inside).sum(1)
