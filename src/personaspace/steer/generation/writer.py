"""Text generation: answers of personas to open questions, many at a time and streamed piece by piece."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby, islice, product
from typing import NamedTuple, Unpack

import pandas as pd
import torch
from torch import Tensor

from personaspace.checks import check_text, check_whole
from personaspace.errors import SettingError
from personaspace.newquestions.points import PersonasLike, names_and_vectors
from personaspace.steer.forward.attach import Continuation
from personaspace.steer.generation.decoding import Decoding
from personaspace.steer.generation.sampling import Controls, Sampling
from personaspace.steer.generation.texts import draws_of, grow
from personaspace.steer.model.prompts import open_question
from personaspace.steer.steering import Steering, check_strength

MARGIN = 64
"""Tokens that virtual tokens and cue take, at most."""


class Piece(NamedTuple):
    """A piece of a generated text.

    Attributes:
        prompt: The question.
        persona: Name of the persona that answers.
        sample: Number of the answer among this persona's answers, from 0.
        text: The text added; may be empty where the text is done.
        done: Whether the text ends here.
    """

    prompt: str
    persona: str
    sample: int
    text: str
    done: bool


class _Text(NamedTuple):
    """A text to generate."""

    prompt: str
    row: int
    sample: int


class Writer(ABC):
    """Base class of models that generate text for points of a space."""

    @property
    @abstractmethod
    def steering(self) -> Steering:
        """The trained steerer and its settings."""

    def generate(
        self,
        prompts: str | Sequence[str],
        personas: PersonasLike,
        *,
        strength: float = 1.0,
        samples: int = 1,
        **sampling: Unpack[Controls],
    ) -> pd.Series[str]:
        """Generate personas' answers to open questions.

        Args:
            prompts: The question, or several.
            personas: Personas, one persona, or a list of them.
            strength: Strength of the steering: 0 is the base model, 1 the steered model, more exaggerates.
            samples: Answers per prompt and persona.
            sampling: As in :class:`~personaspace.steer.generation.sampling.Sampling`.

        Returns:
            The answers, indexed by persona; also by prompt where a list of them is given, and by sample where there
            are several. An answer depends on seed, prompt, persona and sample, not on what else is asked.

        Raises:
            SettingError: No prompt, an empty one, one given twice, no personas, or a setting outside what is allowed.
            SurveyError: The personas do not fit the model.
            ModelError: A prompt does not fit the model's context.
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
        personas: PersonasLike,
        *,
        strength: float = 1.0,
        samples: int = 1,
        **sampling: Unpack[Controls],
    ) -> Iterator[Piece]:
        """Generate as :meth:`generate` does, piece by piece as tokens arrive.

        Args:
            prompts: The question, or several.
            personas: Personas, one persona, or a list of them.
            strength: Strength of the steering; at every token, logits are base + strength x (steered - base).
            samples: Answers per prompt and persona.
            sampling: As in :class:`~personaspace.steer.generation.sampling.Sampling`.

        Returns:
            Pieces of text; those of one prompt, persona and sample add up to the text that :meth:`generate` returns,
            and the last of them is marked as done.

        Raises:
            SettingError: No prompt, an empty one, one given twice, no personas, or a setting outside what is allowed.
            SurveyError: The personas do not fit the model.
            ModelError: A prompt does not fit the model's context.
        """
        steering, settings = self.steering, Sampling(**sampling)
        asked = [prompts] if isinstance(prompts, str) else list(prompts)
        check_strength(strength)
        check_whole("samples", samples, 1)
        if not asked or not all(check_text("prompt", prompt).strip() for prompt in asked):
            raise SettingError("an empty prompt: write out the question")
        if len(set(asked)) < len(asked):
            raise SettingError("a prompt is given twice: for several answers to one prompt ask for samples")
        names, vectors = names_and_vectors(personas)
        points = steering.steerer.points(vectors)
        for prompt in asked:
            steering.steerer.model.check_fits(open_question(prompt), MARGIN + settings.max_new_tokens)
        texts = (_Text(*text) for text in product(asked, range(len(names)), range(samples)))
        return _in_batches(steering, texts, names, points, strength, settings)


def _in_batches(
    steering: Steering,
    texts: Iterator[_Text],
    names: Sequence[str],
    points: Tensor,
    strength: float,
    sampling: Sampling,
) -> Iterator[Piece]:
    while batch := list(islice(texts, sampling.batch)):
        draws = [draws_of(sampling.seed, text.prompt, names[text.row], text.sample) for text in batch]
        decodings = _decodings(steering, batch, points, strength, sampling.max_new_tokens)
        for place, added, done, _ in grow(decodings, sampling, draws):
            prompt, row, sample = batch[place]
            yield Piece(prompt, names[row], sample, added, done)


def _decodings(
    steering: Steering, batch: Sequence[_Text], points: Tensor, strength: float, generated: int
) -> list[tuple[float, Decoding]]:
    """The steered model and the base model, each with its weight in the logits; without one of weight 0."""
    model = steering.steerer.model
    steered, base = [], []
    for prompt, group in groupby(batch, key=lambda text: text.prompt):
        rows = [text.row for text in group]
        question = model.read(open_question(prompt), reserve=MARGIN)
        cue = model.embedding(model.cue[:, -1:]).expand(len(rows), -1, -1)
        base.append(Continuation(question.keys_values, [], cue))
        with torch.no_grad():
            steered.append(steering.steerer.continuation(points[rows], question, generated=generated))
    weighted = ((strength, steered), (1 - strength, base))
    return [(weight, Decoding(model, continuations)) for weight, continuations in weighted if weight != 0]
