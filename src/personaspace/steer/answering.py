"""Answering multiple-choice questions for points of a space, averaged over phrasings, with intervals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd

from personaspace.newquestions.points import PersonasLike, names_and_vectors
from personaspace.newquestions.poll import Poll, sensitivity
from personaspace.steer.persona_bootstrap import Bootstrap
from personaspace.steer.steering import AskOptions, AskSettings
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question, new_question


class Answerer(ABC):
    """Base class of models that answer multiple-choice questions for points of a space.

    Attributes:
        refusals: Whether refusing is an outcome of its own.
    """

    refusals: bool = False

    @abstractmethod
    def outcomes(self, vectors: Vectors, question: Question, settings: AskSettings) -> Vectors:
        """Probability of every outcome in every phrasing.

        Args:
            vectors: Shape ``[n, dim]``.
            question: Any question, asked before or not.
            settings: How it is asked.

        Returns:
            Shape ``[phrasings, n, options]``, with refusing as one more outcome where the model knows it; rows sum
            to 1.
        """

    def predict(self, vectors: Vectors, question: Question, **how: Unpack[AskOptions]) -> Vectors:
        """Probability of each option of a question for points of the space, given that they do not refuse.

        Args:
            vectors: Shape ``[n, dim]``.
            question: Any question, asked before or not.
            how: As in :class:`AskSettings`; several phrasings are averaged.

        Returns:
            Shape ``[n, options]``; rows sum to 1. :meth:`ask` returns a table with names.

        Raises:
            SurveyError: The vectors have another width, or are not finite.
        """
        return _answered(self.outcomes(vectors, question, AskSettings(**how)).mean(axis=0), question)

    def ask(self, text: str, options: Sequence[str], personas: PersonasLike, **how: Unpack[AskOptions]) -> pd.DataFrame:
        """Ask a multiple-choice question of personas.

        Args:
            text: The question, asked before or not.
            options: Two or more answers.
            personas: Personas, one persona, or a list of them.
            how: As in :class:`AskSettings`; several phrasings are averaged.

        Returns:
            One row per persona (index ``persona``), one column per option (``option``); rows sum to 1.
        """
        return self.poll(text, options, personas, **how).probabilities

    def poll(
        self,
        text: str,
        options: Sequence[str],
        personas: PersonasLike,
        *,
        interval: Bootstrap | None = None,
        **how: Unpack[AskOptions],
    ) -> Poll:
        """Ask a multiple-choice question of personas, with measures of how reliable the answers are.

        Args:
            text: The question, asked before or not.
            options: Two or more answers.
            personas: Personas, one persona, or a list of them.
            interval: Resamples the respondents behind each persona, for 95% intervals.
            how: As in :class:`AskSettings`.

        Returns:
            Probabilities, their sensitivity to the phrasing, the probability of refusing, intervals.

        Raises:
            SettingError: No personas, an empty text or option, a setting outside what is allowed, or an interval for
                personas without members.
            SurveyError: Fewer than two options, one of them twice, or vectors of another width.
            ModelError: The question does not fit the model's context.
        """
        question = new_question(text, options)
        names, vectors = names_and_vectors(personas)
        outcomes = self.outcomes(vectors, question, AskSettings(**how))
        index, columns = pd.Index(names, name="persona"), pd.Index(options, name="option")
        low = high = None
        if interval:
            bounds = [
                np.full((2, len(options)), np.nan)
                if points is None
                else np.percentile(self.predict(points, question, **how), (2.5, 97.5), axis=0)
                for points in interval.points(personas)
            ]
            low, high = (pd.DataFrame(bound, index, columns) for bound in np.stack(bounds, axis=1))
        refused = outcomes.shape[2] > len(options)
        return Poll(
            question,
            pd.DataFrame(_answered(outcomes.mean(axis=0), question), index, columns),
            sensitivity(np.stack([_answered(phrased, question) for phrased in outcomes]), index),
            pd.Series(outcomes[:, :, -1].mean(axis=0), index, name="refused") if refused else None,
            low,
            high,
        )


def _answered(outcomes: Vectors, question: Question) -> Vectors:
    """Distribution over the options, given that the answer is no refusal, shape ``[n, options]``."""
    options = outcomes[:, : len(question.options)]
    return options if options.shape == outcomes.shape else options / options.sum(axis=1, keepdims=True)
