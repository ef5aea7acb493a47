"""Texts that a frozen model writes token by token, a batch at a time: decode, choose, detokenize."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch

from personaspace.steer.generation.decoding import Decoding
from personaspace.steer.generation.detokenizer import IncrementalDetokenizer
from personaspace.steer.generation.sampling import Sampling
from personaspace.steer.model.language_model import LanguageModel


class Added(NamedTuple):
    """What one text of a batch gained with a token.

    Attributes:
        row: Place of the text in its batch.
        text: The text added; may be empty where the text is done.
        done: Whether the text ends here.
        cut: Whether it ends because it has as many tokens as it may have.
    """

    row: int
    text: str
    done: bool
    cut: bool


class Written(NamedTuple):
    """A whole text.

    Attributes:
        text: The text, without space around it.
        cut: Whether it has as many tokens as it may have, and no end.
    """

    text: str
    cut: bool


@torch.no_grad()
def grow(
    decodings: Sequence[tuple[float, Decoding]], sampling: Sampling, draws: Sequence[torch.Generator]
) -> Iterator[Added]:
    """Write a batch of texts, piece by piece as tokens arrive.

    Args:
        decodings: Each reads every text; a token is drawn from the sum of their logits, with these weights.
        sampling: How a token is drawn, and where a text ends.
        draws: A random generator for each text.
    """
    model = decodings[0][1].model
    texts = [IncrementalDetokenizer(model.tokenizer, ends(model), sampling.stops) for _ in draws]
    written = torch.empty(len(texts), 0, dtype=torch.long, device=model.device)
    growing = list(range(len(texts)))
    while growing:
        if written.shape[1]:
            for _, decoding in decodings:
                decoding.step(written[:, -1])
        logits = torch.stack([weight * decoding.logits for weight, decoding in decodings]).sum(0)
        tokens = sampling.choose(logits, written, [draws[row] for row in growing])
        written = torch.cat([written, tokens[:, None]], dim=1)
        for row, token in zip(growing, tokens.tolist(), strict=True):
            text = texts[row]
            piece = text.add(token)
            cut = written.shape[1] == sampling.max_new_tokens and not text.done
            if cut:
                piece += text.finish()
            if piece or text.done:
                yield Added(row, piece, text.done, cut)
        going = [place for place, row in enumerate(growing) if not texts[row].done]
        if len(going) < len(growing):
            growing, written = [growing[place] for place in going], written[going]
            for _, decoding in decodings:
                decoding.keep(going)


def write(
    decodings: Sequence[tuple[float, Decoding]], sampling: Sampling, draws: Sequence[torch.Generator]
) -> list[Written]:
    """Write a batch of texts as :func:`grow` does, and return them whole."""
    texts = [""] * len(draws)
    cuts = [False] * len(draws)
    for row, piece, _, cut in grow(decodings, sampling, draws):
        texts[row] += piece
        cuts[row] = cut
    return [Written(text.strip(), cut) for text, cut in zip(texts, cuts, strict=True)]


def ends(model: LanguageModel) -> set[int]:
    """Tokens with which the model ends a text."""
    configured = getattr(model.model.generation_config, "eos_token_id", None)
    known = configured if isinstance(configured, list) else [configured]
    return {int(end) for end in (*known, model.tokenizer.eos_token_id) if end is not None}


def draws_of(seed: int, *text: object) -> torch.Generator:
    """Random generator of one text, the same whatever else is generated."""
    digest = hashlib.blake2b(repr((seed, *text)).encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)
