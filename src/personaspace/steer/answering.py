"""Asking: multiple-choice questions to points of a space, in several phrasings where that is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd

from personaspace.errors import SettingError
from personaspace.steer.persona_bootstrap import Bootstrap
from personaspace.steer.poll import Poll, sensitivity
from personaspace.steer.protocols import Persona, Personas, names_and_vectors
from personaspace.steer.steering import AskOptions, AskSettings
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Option, Question


class Answerer(ABC):
    """Whoever answers multiple-choice questions for points of a space.

    Attributes:
        refusals: Whether refusing is an outcome of its own.
    """

    refusals: bool = False

    @abstractmethod
    def outcomes(self, vectors: Vectors, question: Question, settings: AskSettings) -> Vectors:
        """Probability of every outcome in every phrasing.

        Args:
            vectors: Shape ``[n, dim]``.
            question: Asked before or not.
            settings: How it is asked.

        Returns:
            Shape ``[phrasings, n, options]``, one outcome more where refusing is one; rows sum to 1.
        """

    def predict(self, vectors: Vectors, question: Question, **how: Unpack[AskOptions]) -> Vectors:
        """Probability of each option of a question for points of the space, given that they answer.

        Args:
            vectors: Shape ``[n, dim]``.
            question: Any question, asked before or not.
            how: As in :class:`AskSettings`; several phrasings are averaged.

        Returns:
            Shape ``[n, options]``; rows sum to 1.

        Raises:
            SurveyError: The vectors have another width, or are not finite.
        """
        return _answered(self.outcomes(vectors, question, AskSettings(**how)).mean(axis=0), question)

    def ask(
        self, text: str, options: Sequence[str], personas: Personas | Persona, **how: Unpack[AskOptions]
    ) -> pd.DataFrame:
        """Ask a multiple-choice question of personas.

        Args:
            text: The question, asked before or not.
            options: Two or more answers.
            personas: Named points, or one.
            how: As in :class:`AskSettings`; several phrasings are averaged.

        Returns:
            One row per persona, one column per option; rows sum to 1.
        """
        return self.poll(text, options, personas, **how).probabilities

    def poll(
        self,
        text: str,
        options: Sequence[str],
        personas: Personas | Persona,
        *,
        interval: Bootstrap | None = None,
        **how: Unpack[AskOptions],
    ) -> Poll:
        """As :meth:`ask`, with how far the answers can be relied on.

        Args:
            text: The question, asked before or not.
            options: Two or more answers.
            personas: Named points, or one.
            interval: Resamples the respondents behind each persona, for 95% intervals.
            how: As in :class:`AskSettings`.

        Returns:
            Probabilities, how much they hang on the phrasing, the probability of refusing, intervals.
        """
        question = new_question(text, options)
        names, vectors = names_and_vectors(personas)
        outcomes = self.outcomes(vectors, question, AskSettings(**how))
        index = pd.Index(names, name="persona")
        low = high = None
        if interval:
            bounds = [
                np.full((2, len(options)), np.nan)
                if points is None
                else np.percentile(self.predict(points, question, **how), (2.5, 97.5), axis=0)
                for points in interval.points(personas)
            ]
            low, high = (pd.DataFrame(bound, index, list(options)) for bound in np.stack(bounds, axis=1))
        refused = outcomes.shape[2] > len(options)
        return Poll(
            question,
            pd.DataFrame(_answered(outcomes.mean(axis=0), question), index, list(options)),
            sensitivity(np.stack([_answered(phrased, question) for phrased in outcomes]), index),
            pd.Series(outcomes[:, :, -1].mean(axis=0), index, name="refused") if refused else None,
            low,
            high,
        )


def new_question(text: str, options: Sequence[str]) -> Question:
    """A question made up on the spot.

    Raises:
        SettingError: The text or an option is empty.
        SurveyError: Fewer than two options, or one of them twice.
    """
    empty = [str(place) for place, option in enumerate(options, start=1) if not option.strip()]
    if not text.strip() or empty:
        what = f"option {', '.join(empty)} of the question" if empty else "the question"
        raise SettingError(f"{what} is empty: write it out")
    return Question("asked", text, tuple(Option(option) for option in options))


def _answered(outcomes: Vectors, question: Question) -> Vectors:
    """Distribution over the options given that nobody refuses, shape ``[n, options]``."""
    options = outcomes[:, : len(question.options)]
    return options if options.shape == outcomes.shape else options / options.sum(axis=1, keepdims=True)
