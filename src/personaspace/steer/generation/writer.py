"""Writing: personas answer prompts in their own words, many texts at a time, piece by piece."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby, islice, product
from typing import NamedTuple, Unpack

import pandas as pd
import torch
from torch import Tensor

from personaspace.errors import SettingError
from personaspace.steer.forward.attach import Continuation
from personaspace.steer.generation.decoding import Decoding
from personaspace.steer.generation.detokenizer import IncrementalDetokenizer
from personaspace.steer.generation.sampling import Controls, Sampling
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import open_question
from personaspace.steer.protocols import Persona, Personas, names_and_vectors
from personaspace.steer.steering import Steering, check_strength

MARGIN = 64
"""Tokens that virtual tokens and cue take at the most."""


class Piece(NamedTuple):
    """A piece of a text, and whose.

    Attributes:
        prompt: What was asked.
        persona: Who answers.
        sample: Which of this persona's answers, counted from 0.
        text: What is added to it; perhaps nothing, where the text is done.
        done: Whether the text ends here.
    """

    prompt: str
    persona: str
    sample: int
    text: str
    done: bool


class _Text(NamedTuple):
    """Which text a row of the batch is."""

    prompt: str
    row: int
    sample: int


class Writer(ABC):
    """Whoever writes for points of a space."""

    @property
    @abstractmethod
    def steering(self) -> Steering:
        """What writing takes of the model."""

    def generate(
        self,
        prompts: str | Sequence[str],
        personas: Personas | Persona,
        *,
        strength: float = 1.0,
        samples: int = 1,
        **sampling: Unpack[Controls],
    ) -> pd.Series[str]:
        """Let personas answer in words.

        Args:
            prompts: What they are asked, one text or several.
            personas: Named points, or one.
            strength: Of the steering: 0 is the base model, 1 the steered model, more exaggerates.
            samples: Answers per prompt and persona.
            sampling: As in :class:`~personaspace.steer.generation.sampling.Sampling`.

        Returns:
            The answers, indexed by persona; by prompt as well where a list of them is given, and by sample where
            there are several. An answer hangs on seed, prompt, persona and sample, not on what else is asked.
        """
        asked = [prompts] if isinstance(prompts, str) else prompts
        texts = dict.fromkeys(product(asked, names_and_vectors(personas)[0], range(samples)), "")
        for prompt, persona, sample, text, _ in self.stream(
            asked, personas, strength=strength, samples=samples, **sampling
        ):
            texts[prompt, persona, sample] += text
        index = pd.MultiIndex.from_tuples(list(texts), names=["prompt", "persona", "sample"])
        answers = pd.Series(list(texts.values()), index, name="answer", dtype=object)
        unused = [name for name, used in (("prompt", asked is prompts), ("sample", samples > 1)) if not used]
        return answers.droplevel(list[Hashable](unused)) if unused else answers

    def stream(
        self,
        prompts: str | Sequence[str],
        personas: Personas | Persona,
        *,
        strength: float = 1.0,
        samples: int = 1,
        **sampling: Unpack[Controls],
    ) -> Iterator[Piece]:
        """As :meth:`generate`, piece by piece as the words arrive.

        Yields:
            Pieces of text; those of one prompt, persona and sample add up to what :meth:`generate` returns.
        """
        asked = [prompts] if isinstance(prompts, str) else list(prompts)
        return stream(self.steering, asked, personas, strength, samples, Sampling(**sampling))


def stream(
    steering: Steering,
    prompts: Sequence[str],
    personas: Personas | Persona,
    strength: float,
    samples: int,
    sampling: Sampling,
) -> Iterator[Piece]:
    """Texts of all personas on all prompts, piece by piece as tokens arrive.

    Args:
        steering: What writes.
        prompts: What is asked.
        personas: Named points, or one.
        strength: Of the steering; at every token, logits are base + strength x (steered - base).
        samples: Texts per prompt and persona.
        sampling: How the next token is chosen.

    Returns:
        Pieces; every text's last one is marked.

    Raises:
        SettingError: No prompt, an empty one, one given twice, no samples, or a strength that is not finite.
        SurveyError: The personas do not fit the space.
        ModelError: A prompt does not fit the model's context.
    """
    check_strength(strength)
    if samples < 1:
        raise SettingError(f"samples is {samples}: every persona answers at least once")
    if not prompts or not all(prompt.strip() for prompt in prompts):
        raise SettingError("an empty prompt: write out what the personas are asked")
    if len(set(prompts)) < len(prompts):
        raise SettingError("a prompt is given twice: for several answers to one prompt ask for samples")
    names, vectors = names_and_vectors(personas)
    points = steering.steerer.points(vectors)
    for prompt in prompts:
        steering.steerer.model.check_fits(open_question(prompt), MARGIN + sampling.max_new_tokens)
    texts = (_Text(*text) for text in product(prompts, range(len(names)), range(samples)))
    return _in_batches(steering, texts, names, points, strength, sampling)


def _in_batches(
    steering: Steering,
    texts: Iterator[_Text],
    names: Sequence[str],
    points: Tensor,
    strength: float,
    sampling: Sampling,
) -> Iterator[Piece]:
    model = steering.steerer.model
    while batch := list(islice(texts, sampling.batch)):
        spoken = [IncrementalDetokenizer(model.tokenizer, _ends(model), sampling.stops) for _ in batch]
        draws = [_draws(sampling.seed, text.prompt, names[text.row], text.sample) for text in batch]
        voices = _voices(steering, batch, points, strength, sampling.max_new_tokens)
        written = torch.empty(len(batch), 0, dtype=torch.long, device=points.device)
        while not all(text.done for text in spoken):
            if written.shape[1]:
                for _, voice in voices:
                    voice.step(written[:, -1])
            logits = torch.stack([weight * voice.logits for weight, voice in voices]).sum(0)
            tokens = sampling.choose(logits, written, draws)
            written = torch.cat([written, tokens[:, None]], dim=1)
            for (prompt, row, sample), text, token in zip(batch, spoken, tokens.tolist(), strict=True):
                if not text.done:
                    piece = text.add(token)
                    if written.shape[1] == sampling.max_new_tokens and not text.done:
                        piece += text.finish()
                    if piece or text.done:
                        yield Piece(prompt, names[row], sample, piece, text.done)


def _voices(
    steering: Steering, batch: Sequence[_Text], points: Tensor, strength: float, generated: int
) -> list[tuple[float, Decoding]]:
    """The steered model and the base model with what each counts, without one that counts nothing."""
    model = steering.steerer.model
    steered, base = [], []
    for prompt, group in groupby(batch, key=lambda text: text.prompt):
        rows = [text.row for text in group]
        reading = model.read(open_question(prompt), reserve=MARGIN)
        cue = model.embedding(model.cue[:, -1:]).expand(len(rows), -1, -1)
        base.append(Continuation(reading.keys_values, [], cue))
        with torch.no_grad():
            steered.append(steering.steerer.continuation(points[rows], reading, generated=generated))
    weighted = ((strength, steered), (1 - strength, base))
    return [(weight, Decoding(model, continuations)) for weight, continuations in weighted if weight != 0]


def _ends(model: LanguageModel) -> set[int]:
    """Tokens with which the model ends a text."""
    configured = getattr(model.model.generation_config, "eos_token_id", None)
    ends = configured if isinstance(configured, list) else [configured]
    return {int(end) for end in (*ends, model.tokenizer.eos_token_id) if end is not None}


def _draws(seed: int, *text: object) -> torch.Generator:
    """Random numbers of a text's own, the same whatever else is written."""
    digest = hashlib.blake2b(repr((seed, *text)).encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)
