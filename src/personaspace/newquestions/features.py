r"""How alike two options of two questions are, from what can be read of them.

    k((q, o), (r, p)) = (c + s(q, r)^2) (place(o, p) + words(o, p)) / 2,    s = (1 - a) words(q, r) + a states(q, r)

words is the cosine of tf-idf vectors (a text without words, such as "+", counts as one word); states that of the
frozen model's standardized states, where not negative, so that a model which understands more knows better which
questions belong together; place is exp(-(x_o - x_p)^2 / 2 t^2), x being where an option stands in its question, from 0
for the first to 1 for the last. Where the questions have unlike numbers of options, place counts 0.8 of that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Question

COMMON = 0.3
STATES = 0.4
PLACE = 0.2
OTHER_LENGTH = 0.8
MOST_ALIKE = COMMON + 1


class QuestionKernel:
    """Likeness of options to those of known questions.

    Args:
        questions: The known ones.
        states: What the frozen model made of each, shape ``[questions, width]``.

    Example:
        >>> from personaspace.survey.question import Option
        >>> ask = lambda text: Question(text, text, (Option("Yes"), Option("No")))
        >>> known = [ask("Is snow white?"), ask("Do you trust banks?")]
        >>> kernel = QuestionKernel(known, np.eye(2))
        >>> kernel([ask("Do you trust schools?")], np.eye(2)[1:]).shape
        (2, 4)
    """

    def __init__(self, questions: Sequence[Question], states: FloatArray) -> None:
        self.known = tuple(questions)
        self._words = TfidfVectorizer(sublinear_tf=True, analyzer=_words).fit(map(_whole, questions))
        self._option_words = TfidfVectorizer(sublinear_tf=True, analyzer=_words).fit(_options(questions))
        self._mean, self._scale = states.mean(axis=0), np.maximum(states.std(axis=0), 1e-6)
        self._columns = self._features(questions, states)

    def __call__(self, questions: Sequence[Question], states: FloatArray) -> FloatArray:
        """Likeness of the options of some questions to those of the known ones.

        Args:
            questions: Any, known or not.
            states: What the frozen model made of each, shape ``[questions, width]``.

        Returns:
            Shape ``[options, known options]``.
        """
        rows, columns = self._features(questions, states), self._columns
        alike = (1 - STATES) * (rows.words @ columns.words.T).toarray()
        alike += STATES * np.maximum(rows.states @ columns.states.T, 0)
        of_questions = (COMMON + alike**2)[np.ix_(rows.question, columns.question)]
        places = np.exp(-((rows.place[:, None] - columns.place) ** 2) / (2 * PLACE**2))
        places *= np.where(rows.length[:, None] == columns.length, 1.0, OTHER_LENGTH)
        result: FloatArray = of_questions * (places + (rows.option_words @ columns.option_words.T).toarray()) / 2
        return result

    def _features(self, questions: Sequence[Question], states: FloatArray) -> _Features:
        return _Features(
            self._words.transform(map(_whole, questions)),
            self._option_words.transform(_options(questions)),
            _unit((states - self._mean) / self._scale),
            questions,
        )


class _Features:
    """What is compared, of questions and of their options one after the other."""

    def __init__(self, words: Any, option_words: Any, states: FloatArray, questions: Sequence[Question]) -> None:
        sizes = [len(question.options) for question in questions]
        self.words, self.option_words, self.states = words, option_words, states
        self.question = np.repeat(np.arange(len(sizes)), sizes)
        self.length = np.repeat(sizes, sizes)
        self.place = np.concatenate([np.linspace(0, 1, size) for size in sizes])


def _unit(rows: FloatArray) -> FloatArray:
    scaled: FloatArray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return scaled


def _whole(question: Question) -> str:
    return " ".join([question.text, *_options([question])])


def _options(questions: Sequence[Question]) -> list[str]:
    return [option.text for question in questions for option in question.options]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower()) or [text.strip()]
