r"""The kernel between options of questions, from their texts and, where there are some, a frozen model's states.

    k((q, o), (r, p)) = (c + (1 - c) s(q, r)^2 + n [q = r]) ((1 - w) place(o, p) + w words(o, p)),
    s(q, r) = (1 - h) words(q, r) + h states(q, r)

words is the cosine of tf-idf vectors (a text without words, such as "+", counts as one word); states that of the
frozen model's standardized states, where not negative, so that a model which understands more knows better which
questions belong together; place is exp(-(x_o - x_p)^2 / 2 t^2), with x the place of an option in its question, from 0
for the first to 1 for the last. n is what is a question's own and no text tells: it varies over the options as all else
does, so that a question like a known one is not taken for it. c, w, h, t and n are found by leave-one-question-out
(:mod:`personaspace.newquestions.gaussian_process`).

Only differences between a question's options are seen in answers, so the kernel is given for an orthonormal set of
contrasts of each question's options (Helmert's), one fewer than it has options.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.question import Question
from personaspace.survey.text_vectors import question_text, tfidf


@dataclass(frozen=True)
class KernelSettings:
    """Hyperparameters of the kernel between options.

    Attributes:
        common: What all questions have in common, c, from 0 to 1.
        words: Share of the options' words beside their places, w, from 0 to 1.
        width: How far apart two places are alike, t.
        noise: Variance of what no text tells of a question, n, beside the kernel's 1.
        states: Share of the frozen model's states beside the questions' words, h, from 0 to 1.
    """

    common: float = 0.3
    words: float = 0.3
    width: float = 0.3
    noise: float = 0.05
    states: float = 0.0


class TextFeatures:
    """What the kernel compares of questions.

    Args:
        questions: The known ones, whose words make up the vocabulary.
        states: Hidden state of a frozen model for each of them, shape ``[questions, width]``, or ``None``.

    Example:
        >>> from personaspace.survey.question import Option
        >>> ask = lambda text: Question(text, text, (Option("Yes"), Option("No"), Option("Not sure")))
        >>> known = [ask("Is snow white?"), ask("Do you trust banks?")]
        >>> texts = TextFeatures(known)
        >>> asked = texts.of([ask("Do you trust schools?")])
        >>> Similarity(asked, texts.of(known)).kernel(KernelSettings()).shape
        (2, 4)
    """

    def __init__(self, questions: Sequence[Question], states: FloatArray | None = None) -> None:
        self._words = tfidf(map(question_text, questions))
        self._option_words = tfidf(_options(questions))
        if states is not None:
            self._mean, self._scale = states.mean(axis=0), np.maximum(states.std(axis=0), 1e-6)

    def of(self, questions: Sequence[Question], states: FloatArray | None = None) -> Features:
        """The features of some questions, known or not; with states where those known had some."""
        return Features(
            tuple(len(question.options) for question in questions),
            self._words.transform(map(question_text, questions)),
            self._option_words.transform(_options(questions)),
            None if states is None else _unit((states - self._mean) / self._scale),
        )


@dataclass(frozen=True, eq=False)
class Features:
    """Features of questions, and of their options one after the other.

    Attributes:
        sizes: Number of options of each question.
        words: tf-idf vectors of the questions, sparse, shape ``[questions, vocabulary]``.
        option_words: The same of the options, shape ``[options, vocabulary]``.
        states: Standardized states of unit length, shape ``[questions, width]``, or ``None``.
    """

    sizes: tuple[int, ...]
    words: Any
    option_words: Any
    states: FloatArray | None

    def only(self, question: int) -> Features:
        """The features of one of the questions."""
        states = None if self.states is None else self.states[question : question + 1]
        options = self.option_words[self.question == question]
        return Features((self.sizes[question],), self.words[question : question + 1], options, states)

    @cached_property
    def question(self) -> IntArray:
        """The question of each option, shape ``[options]``."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @cached_property
    def place(self) -> FloatArray:
        """The place of each option in its question, from 0 to 1, shape ``[options]``."""
        return np.concatenate([np.linspace(0, 1, size) for size in self.sizes])

    @cached_property
    def contrasts(self) -> Any:
        """Contrasts of all questions, sparse, shape ``[contrasts, options]``."""
        from scipy.sparse import block_diag

        return block_diag([contrasts(size) for size in self.sizes], format="csr")

    @cached_property
    def blocks(self) -> list[slice]:
        """The rows of each question's contrasts."""
        ends = np.cumsum([0, *(size - 1 for size in self.sizes)]).tolist()
        return [slice(start, stop) for start, stop in pairwise(ends)]


@dataclass(frozen=True, eq=False)
class Similarity:
    """What the kernel is made of, for every pair of two sets of questions.

    Attributes:
        of: The one set.
        to: The other.
    """

    of: Features
    to: Features

    @cached_property
    def words(self) -> FloatArray:
        """Cosine of the questions' words, shape ``[questions, questions]``."""
        product: FloatArray = (self.of.words @ self.to.words.T).toarray()
        return product

    @cached_property
    def states(self) -> FloatArray | None:
        """Cosine of the questions' states where not negative; ``None`` without states."""
        if self.of.states is None or self.to.states is None:
            return None
        return np.maximum(self.of.states @ self.to.states.T, 0)

    @cached_property
    def option_words(self) -> FloatArray:
        """Cosine of the options' words, shape ``[options, options]``."""
        product: FloatArray = (self.of.option_words @ self.to.option_words.T).toarray()
        return product

    @cached_property
    def distance(self) -> FloatArray:
        """Squared distance of the options' places, shape ``[options, options]``."""
        return np.square(self.of.place[:, None] - self.to.place)

    def kernel(self, settings: KernelSettings) -> FloatArray:
        """The kernel between contrasts, shape ``[contrasts, contrasts]``; questions are the same if the sets are."""
        alike = self.words if self.states is None else (1 - settings.states) * self.words
        if self.states is not None:
            alike = alike + settings.states * self.states
        questions = settings.common + (1 - settings.common) * np.square(alike)
        if self.of is self.to:
            questions[np.diag_indices_from(questions)] += settings.noise
        options = (1 - settings.words) * np.exp(self.distance / (-2 * settings.width**2))
        options += settings.words * self.option_words
        options *= questions[np.ix_(self.of.question, self.to.question)]
        result: FloatArray = (self.to.contrasts @ (self.of.contrasts @ options).T).T
        return result


@lru_cache(maxsize=256)
def contrasts(options: int) -> FloatArray:
    """Helmert's orthonormal contrasts, shape ``[options - 1, options]``: every row sums to 0.

    Example:
        >>> contrasts(3).round(2).tolist()
        [[0.71, -0.71, 0.0], [0.41, 0.41, -0.82]]
    """
    rows = np.tril(np.ones((options - 1, options)))
    rows[np.arange(options - 1), np.arange(1, options)] = -np.arange(1, options)
    scaled: FloatArray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return scaled


def _unit(rows: FloatArray) -> FloatArray:
    scaled: FloatArray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return scaled


def _options(questions: Sequence[Question]) -> list[str]:
    return [option.text for question in questions for option in question.options]
