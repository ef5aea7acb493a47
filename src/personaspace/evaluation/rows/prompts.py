"""Prompts that the base model answers as it is: each is read once, and what that costs is known beforehand."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from personaspace.errors import ModelError, PersonaSpaceError
from personaspace.evaluation.predictions import Predictions
from personaspace.steer.forward.option_logits import option_probabilities
from personaspace.steer.model.language_model import LanguageModel
from personaspace.survey.arrays import FloatArray
from personaspace.survey.survey import Survey

BLOCK = 4096
"""Prompts whose token ids are in memory at a time."""

TRIED = 8
"""Prompts of each row and evaluation set whose length is averaged beforehand."""

TIMED = 16
"""Of these, how many are read to time the model, at most."""


class Prompt(NamedTuple):
    """What the base model reads before it answers.

    Attributes:
        question: The question up to the answer cue.
        options: How many options it has.
        before: What comes before it, the most useful last.
        system: The system prompt in lines, the most useful first.
    """

    question: str
    options: int
    before: tuple[str, ...] = ()
    system: str = ""

    @property
    def text(self) -> str:
        """All but the system prompt."""
        return "\n\n".join([*self.before, self.question])

    def shorter(self) -> Prompt:
        """The prompt without its least useful part: the first before the question, or the system prompt's last line."""
        if self.before:
            return self._replace(before=self.before[1:])
        return self._replace(system=self.system.rpartition("\n")[0])


MakePrompts = Callable[[Survey], list[Prompt]]
"""Makes a prompt for every answer of a survey, in the order of its answers."""


class PromptReader:
    """Predicts answers by a base model that reads a prompt for each; equal prompts are read once.

    Args:
        model: The base model.
        on_prompts: Called after every prompt, once the cost is known, with how many were read and how many there are.

    Attributes:
        notes: For every row with prompts that are longer than the model reads, what was left out of them.
    """

    def __init__(self, model: LanguageModel, on_prompts: Callable[[int, int], None] | None = None) -> None:
        self.model, self.on_prompts = model, on_prompts
        self.done, self.announced = 0, 0
        self.notes: list[str] = []
        self._probabilities: dict[Prompt, FloatArray] = {}
        self._dropped: dict[Prompt, int] = {}

    def predict(self, row: str, make: MakePrompts, test: Survey) -> Predictions:
        """Predict every answer.

        Args:
            row: How the row is called in a note.
            make: Makes the prompts.
            test: Answers to predict.

        Raises:
            ModelError: A question alone is longer than the model's context.
        """
        prompts = make(test)
        distinct = list(dict.fromkeys(prompts))
        self._read([prompt for prompt in distinct if prompt not in self._probabilities])
        if dropped := [parts for parts in map(self._dropped.get, distinct) if parts]:
            self.notes.append(
                f"{row}: {len(dropped):,} of {len(distinct):,} prompts are longer than {self.model.name} reads "
                f"({self.model.context_length:,} tokens); their least similar answers or last lines were left out, "
                f"{sum(dropped):,} in all"
            )
        table = np.zeros((len(prompts), max(len(question.options) for question in test.questions)))
        for place, prompt in enumerate(prompts):
            table[place, : prompt.options] = self._probabilities[prompt]
        return Predictions.of(test, table)

    def _read(self, prompts: Sequence[Prompt]) -> None:
        for start in range(0, len(prompts), BLOCK):
            block, sequences = prompts[start : start + BLOCK], []
            for prompt in block:
                ids, self._dropped[prompt] = self.fitted(prompt)
                sequences.append(ids)
            sizes = [prompt.options for prompt in block]
            for i, probabilities in option_probabilities(self.model, sequences, sizes):
                exact = probabilities.double().numpy()
                self._probabilities[block[i]] = exact / exact.sum()
                self.done += 1
                if self.on_prompts and self.announced:
                    self.on_prompts(self.done, self.announced)

    def cost(self, rows: Sequence[tuple[MakePrompts, Survey]], seed: int = 0) -> str:
        """Say how much there is to read and, from a timed try, how long that takes.

        Args:
            rows: What :meth:`predict` will be called with; those without prompts are left out, as their rows will say.
            seed: Draws the answers that are tried.
        """
        rng = np.random.default_rng(seed)
        tried: list[Tensor] = []
        tokens = 0.0
        for make, test in rows:
            some = np.sort(rng.permutation(len(test.answers))[:TRIED])
            try:
                prompts = make(test.with_answers(some))
            except PersonaSpaceError:
                continue
            sequences = [ids for prompt in prompts if (ids := self._fitting(prompt)) is not None]
            if not sequences:
                continue
            plain = all(not prompt.before and not prompt.system for prompt in prompts)
            count = len(np.unique(test.answers.question)) if plain else len(test.answers)
            self.announced += count
            tokens += count * float(np.mean([len(ids) for ids in sequences]))
            tried += sequences
        if not tried:
            return f"{self.model.name} can read none of the prompts"
        timed = sorted(tried, key=len)[:: -(-len(tried) // TIMED)]
        started = time.perf_counter()
        for _ in option_probabilities(self.model, timed, [2] * len(timed)):
            pass
        rate = sum(map(len, timed)) / (time.perf_counter() - started)
        return (
            f"{self.model.name} reads at most {self.announced:,} prompts of {tokens / self.announced:,.0f} tokens on "
            f"average: about {duration(tokens / rate)} at {rate:,.0f} tokens a second"
        )

    def _fitting(self, prompt: Prompt) -> Tensor | None:
        """Token ids of a prompt; ``None`` where its question alone is too long, which its row will say."""
        try:
            return self.fitted(prompt)[0]
        except ModelError:
            return None

    def fitted(self, prompt: Prompt) -> tuple[Tensor, int]:
        """Token ids of a prompt and the answer cue, and how many parts were left out so that they fit.

        Raises:
            ModelError: The question alone is longer than the model's context.
        """
        dropped = 0
        while True:
            ids = [*self.model.prompt_ids(prompt.text, prompt.system), *self.model.option_tokens.cue]
            if len(ids) <= self.model.context_length or not (prompt.before or prompt.system):
                break
            prompt, dropped = prompt.shorter(), dropped + 1
        self.model.check_length(len(ids), repr(textwrap.shorten(prompt.question, 60, placeholder=" ...")))
        return torch.tensor(ids, device=self.model.device), dropped


def duration(seconds: float) -> str:
    """A time with its unit.

    Example:
        >>> duration(20), duration(200), duration(9000)
        ('20 s', '3 min', '2.5 h')
    """
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
