"""What the base model itself answers, without any persona."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from personaspace.steer.labels import Tokens

if TYPE_CHECKING:
    from personaspace.steer.language_model import LanguageModel


@torch.no_grad()
def score_texts(
    model: LanguageModel, texts: Sequence[str], options: Sequence[int], batch: int, labels: Sequence[str]
) -> Tensor:
    """Probabilities as :meth:`LanguageModel.score` gives them; texts of like length share a pass."""
    scores = torch.zeros(len(texts), max(options, default=0))
    sequences = [torch.cat([model.check_fits(text, model.cue.shape[1]), model.cue], dim=1)[0] for text in texts]
    order = sorted(range(len(texts)), key=lambda i: len(sequences[i]))
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        hidden = last_hidden(model, [sequences[i] for i in rows])
        for i, state in zip(rows, hidden, strict=True):
            logits = _logits(model, sequences[i], state[None], options[i], labels)
            scores[i, : options[i]] = logits[0].softmax(-1).cpu()
    return scores


def last_hidden(model: LanguageModel, sequences: Sequence[Tensor]) -> Tensor:
    """Final hidden state at the last token of each of ``n`` sequences of token ids, shape ``[n, width]``."""
    lengths = torch.tensor([len(s) for s in sequences], device=model.device)
    model.check_length(int(lengths.max()))
    ids = torch.nn.utils.rnn.pad_sequence(list(sequences), batch_first=True)
    mask = torch.arange(ids.shape[1], device=model.device) < lengths[:, None]
    hidden: Tensor = model.model.base_model(ids, attention_mask=mask.long(), use_cache=False).last_hidden_state
    return hidden[torch.arange(len(sequences), device=model.device), lengths - 1]


def _logits(model: LanguageModel, sequence: Tensor, state: Tensor, options: int, labels: Sequence[str]) -> Tensor:
    def hidden_after(begun: Tokens) -> Tensor:
        if not begun:
            return state
        return last_hidden(model, [torch.cat([sequence, torch.tensor(begun, device=model.device)])])

    return model.option_logits(hidden_after, options, labels)
