"""The contract of every embedder: answers in, vectors out, and from vectors the answers again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from personaspace.survey.survey import Question, Survey

Vectors = npt.NDArray[np.float32]


class Embedder(ABC):
    """A collaborative filter: places respondents in a space and predicts their answers from there.

    Subclasses are dataclasses whose fields are the settings. ``fit`` returns the embedder itself;
    fitted attributes end in ``_``.

    Attributes:
        name: The embedder's name on the command line and in tables.
        ids_: Ids of the respondents it was fitted on.
        respondents_: Their vectors, shape ``[respondents, dim]``.
        options_: One vector per option of every question, shape ``[options, dim]``.
        questions_: The questions it was fitted on, in the order of ``options_``.
    """

    name: ClassVar[str]
    ids_: tuple[str, ...]
    respondents_: Vectors
    options_: Vectors
    questions_: tuple[Question, ...]

    @abstractmethod
    def fit(self, survey: Survey) -> Self:
        """Learn the space from a survey's answers.

        Args:
            survey: At least two respondents and one answer.

        Returns:
            The embedder itself.

        Raises:
            SurveyError: There is nothing to learn from.
        """

    @abstractmethod
    def embed(self, survey: Survey) -> Vectors:
        """Place respondents, seen or not, from any number of answers including none.

        Args:
            survey: Answers to questions the embedder knows (matched by id; others are ignored).

        Returns:
            Vectors of shape ``[respondents, dim]``, in the survey's order.
        """

    @abstractmethod
    def predict(self, vectors: Vectors) -> Vectors:
        """Probability of every option for points of the space.

        Args:
            vectors: Shape ``[n, dim]``.

        Returns:
            Shape ``[n, options]``; the options of one question sum to 1. Columns follow ``questions_``.
        """
