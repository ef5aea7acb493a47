"""Logits of a question's options, whether their labels are one token or several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.option_tokens import Tokens, sequence_logits
from personaspace.steer.model.output import output_logits
from personaspace.steer.model.prompts import LABELS, labels_for

PASS = 2**12
"""Tokens per pass, at most, where a single prompt has no more."""


def option_logits(model: LanguageModel, hidden_after: Callable[[Tokens], Tensor], labels: Sequence[str]) -> Tensor:
    """Logits of a question's options; log-probabilities where a label has several tokens.

    Args:
        model: The frozen model.
        hidden_after: Gives the final hidden states ``[n, width]`` after the cue and the beginning of a label.
        labels: One label per option.

    Returns:
        Shape ``[n, options]``.
    """
    sequences = model.option_tokens.sequences(labels)
    if all(len(ids) == 1 for ids in sequences):
        return label_logits(model, hidden_after(()), labels)
    return sequence_logits(sequences, lambda begun: output_logits(model.model, hidden_after(begun)).log_softmax(dim=-1))


def label_logits(model: LanguageModel, hidden: Tensor, labels: Sequence[str]) -> Tensor:
    """Logits of labels of one token each: one row of the output layer per option.

    Args:
        model: The frozen model.
        hidden: Final hidden states, shape ``[n, width]``.
        labels: One label per option.

    Returns:
        Shape ``[n, options]``.

    Raises:
        ModelError: The tokenizer splits a label into several tokens.
    """
    ids = model.option_tokens.ids(labels)
    return output_logits(model.model, hidden, torch.tensor(ids, device=model.device))


@torch.no_grad()
def base_probabilities(
    model: LanguageModel, texts: Sequence[str], options: Sequence[int], batch: int = 32, labels: Sequence[str] = LABELS
) -> Tensor:
    """Probabilities of every question's options from the base model alone; texts of similar length share a pass.

    Args:
        model: The frozen model.
        texts: Questions up to the answer cue.
        options: How many options each has.
        batch: Texts per pass.
        labels: The options' labels.

    Returns:
        Shape ``[texts, max(options)]``; 0 where a question has no such option.
    """
    scores = torch.zeros(len(texts), max(options, default=0))
    sequences = [torch.cat([model.check_fits(text, model.cue.shape[1]), model.cue], dim=1)[0] for text in texts]
    for i, probabilities in option_probabilities(model, sequences, options, batch, labels):
        scores[i, : options[i]] = probabilities
    return scores


@torch.no_grad()
def option_probabilities(
    model: LanguageModel,
    sequences: Sequence[Tensor],
    options: Sequence[int],
    batch: int = 32,
    labels: Sequence[str] = LABELS,
) -> Iterator[tuple[int, Tensor]]:
    """Yield probabilities of the options of one prompt after another, the shortest first, as they are computed.

    Args:
        model: The frozen model.
        sequences: Token ids of every prompt, answer cue included, each of shape ``[tokens]``.
        options: How many options each has.
        batch: Prompts per pass, at most; of long ones so many that they have :data:`PASS` tokens.
        labels: The options' labels.

    Yields:
        The place of the prompt, and the probabilities, shape ``[options]``.
    """
    order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]))
    while order:
        rows = [i for n, i in enumerate(order[:batch], start=1) if n == 1 or n * len(sequences[i]) <= PASS]
        order = order[len(rows) :]
        hidden = last_hidden(model, [sequences[i] for i in rows])
        for i, state in zip(rows, hidden, strict=True):

            def hidden_after(begun: Tokens, i: int = i, state: Tensor = state) -> Tensor:
                if not begun:
                    return state[None]
                return last_hidden(model, [torch.cat([sequences[i], torch.tensor(begun, device=model.device)])])

            yield i, option_logits(model, hidden_after, labels_for(options[i], labels))[0].softmax(-1).cpu()


def last_hidden(model: LanguageModel, sequences: Sequence[Tensor]) -> Tensor:
    """Final hidden state at the last token of each of ``n`` sequences of token ids, shape ``[n, width]``."""
    lengths = torch.tensor([len(s) for s in sequences], device=model.device)
    model.check_length(int(lengths.max()))
    ids = torch.nn.utils.rnn.pad_sequence(list(sequences), batch_first=True)
    mask = torch.arange(ids.shape[1], device=model.device) < lengths[:, None]
    hidden: Tensor = model.body(ids, attention_mask=mask.long(), use_cache=False).last_hidden_state
    return hidden[torch.arange(len(sequences), device=model.device), lengths - 1]
