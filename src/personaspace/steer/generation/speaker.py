"""Answer first, then say it: a persona's answer is drawn from its steered probabilities and put into a sentence.

Sentences written by virtual tokens do not follow the persona yet; but steered answers to a question with options are
calibrated, and the base model can say what it is told. So the option is drawn from the steered answers and said by the
base model, which is told this option (:mod:`personaspace.steer.generation.wording`) and nothing else of the persona.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd
import torch

from personaspace.checks import check_whole
from personaspace.errors import ModelError, shown
from personaspace.newquestions.points import PersonasLike
from personaspace.steer.answering import Answerer
from personaspace.steer.generation.sampling import Controls, Sampling
from personaspace.steer.generation.texts import draws_of
from personaspace.steer.generation.wording import END, Chosen, Prompts, say
from personaspace.steer.generation.writer import Writer

ATTEMPTS = 4
"""Times that a sentence is written, at most, until one ends."""


class Answer(NamedTuple):
    """An answer to be said.

    Attributes:
        persona: Name of the persona that gives it.
        sample: Number of the answer among this persona's answers, from 0.
        chosen: The option and its question.
    """

    persona: str
    sample: int
    chosen: Chosen


class Speaker(Answerer, Writer):
    """Base class of models that answer a question with options and then say the answer in a sentence."""

    def answer_in_words(
        self,
        question: str,
        options: Sequence[str],
        personas: PersonasLike,
        *,
        samples: int = 1,
        strength: float = 1.0,
        **sampling: Unpack[Controls],
    ) -> pd.DataFrame:
        """Draw an answer of each persona to a question with options, and say it in a sentence.

        The option is drawn from the probabilities of :meth:`ask`. The base model, which must have a chat template, is
        told this option and nothing else of the persona, and says it in one sentence. A sentence that does not end
        within ``max_new_tokens`` is written again with other random numbers, up to four times in all; the last is cut.

        Args:
            question: The question, asked before or not.
            options: Two or more answers.
            personas: Personas, one persona, or a list of them.
            samples: Answers per persona.
            strength: Strength of the steering: 0 is the base model, 1 the steered model, more exaggerates.
            sampling: Of the sentences, as in :class:`~personaspace.steer.generation.sampling.Sampling`; the seed is
                that of the options drawn too. A sentence also ends with its line.

        Returns:
            Columns ``answer`` (the option drawn) and ``text``, indexed by persona, and by sample where there are
            several. A row depends on seed, question, options, persona and sample, not on what else is asked.

        Raises:
            SettingError: No personas, an empty text or option, or a setting outside what is allowed.
            SurveyError: Fewer than two options, one of them twice, or personas that do not fit the model.
            ModelError: The base model has no chat template, or the question does not fit its context.
        """
        settings, model = Sampling(**sampling), self.steering.steerer.model
        check_whole("samples", samples, 1)
        if model.chat is None:
            raise ModelError(
                f"{shown(model.name)} has no chat template, so it cannot say an answer that it is told: steer a model "
                "that has one, such as smollm2, or take the probabilities that ask gives"
            )
        shares = self.ask(question, options, personas, strength=strength)
        prompts = Prompts(model)
        for option in options:
            prompts.check_fits(Chosen(question, option), settings.max_new_tokens)
        answers = [
            Answer(str(name), sample, Chosen(question, options[_drawn(row, settings.seed, question, name, sample)]))
            for name, row in shares.iterrows()
            for sample in range(samples)
        ]
        texts = sentences(prompts, answers, settings)
        table = pd.DataFrame(
            {"answer": [answer.chosen.option for answer in answers], "text": [texts[answer] for answer in answers]},
            pd.MultiIndex.from_tuples([answer[:2] for answer in answers], names=["persona", "sample"]),
            dtype=object,
        )
        return table if samples > 1 else table.droplevel("sample")


def _drawn(shares: pd.Series[float], seed: int, *answer: object) -> int:
    """Place of an option, drawn by its probability."""
    reached = shares.to_numpy(float).cumsum()
    draw = torch.rand(1, generator=draws_of(seed, *shares.index, *answer), dtype=torch.float64).item()
    return int(np.searchsorted(reached[:-1], draw * reached[-1], side="right"))


def sentences(prompts: Prompts, answers: Sequence[Answer], sampling: Sampling) -> dict[Answer, str]:
    """Write a sentence for each answer to one question; again where it is empty or does not end.

    Args:
        prompts: Tell the base model the option.
        answers: No two of them equal.
        sampling: Of the sentences.
    """
    sampling = replace(sampling, stop=(END, *sampling.stops))
    texts = dict.fromkeys(answers, "")
    waiting = sorted(answers, key=lambda answer: answer.chosen)
    for attempt in range(1 if sampling.greedy else ATTEMPTS):
        again = []
        for start in range(0, len(waiting), sampling.batch):
            some = waiting[start : start + sampling.batch]
            draws = [draws_of(sampling.seed, *chosen, name, sample, attempt) for name, sample, chosen in some]
            said = say(prompts, [answer.chosen for answer in some], sampling, draws)
            texts |= {answer: text or texts[answer] for answer, (text, _) in zip(some, said, strict=True)}
            again += [answer for answer, (text, cut) in zip(some, said, strict=True) if cut or not text]
        waiting = again
    return texts
