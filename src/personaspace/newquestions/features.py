r"""The kernel between options of questions, from their texts and a frozen model's hidden states.

    k((q, o), (r, p)) = (c + s(q, r)^2) (place(o, p) + words(o, p)) / 2,    s = (1 - a) words(q, r) + a states(q, r)

words is the cosine of tf-idf vectors (a text without words, such as "+", counts as one word); states that of the
frozen model's standardized states, where not negative, so that a model which understands more knows better which
questions belong together; place is exp(-(x_o - x_p)^2 / 2 t^2), with x the place of an option in its question, from 0
for the first to 1 for the last. Where the questions have different numbers of options, place counts 0.8 of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Question

COMMON = 0.3
STATES = 0.4
PLACE = 0.2
OTHER_LENGTH = 0.8
MAX_SIMILARITY = COMMON + 1


def tfidf(texts: Iterable[str]) -> Any:
    """Fit tf-idf vectors with a logarithm of the counts, so that the product of two is their cosine.

    Args:
        texts: Those whose words make up the vocabulary. A text without words, such as "+", counts as one word.

    Returns:
        A fitted ``sklearn.feature_extraction.text.TfidfVectorizer``: its ``transform`` takes texts and returns a sparse
        matrix, a row of length 1 per text.

    Example:
        >>> vectors = tfidf(["Trust banks?", "Trust schools?"]).transform(["Trust banks?", "+"])
        >>> (vectors @ vectors.T).toarray().round(2).tolist()
        [[1.0, 0.0], [0.0, 0.0]]
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(sublinear_tf=True, analyzer=_words).fit(texts)


def question_text(question: Question) -> str:
    """The text of a question followed by its options."""
    return " ".join([question.text, *_options([question])])


class QuestionKernel:
    """Similarity of options to those of known questions.

    Args:
        questions: The known ones.
        states: Hidden state of the frozen model for each question, shape ``[questions, width]``.

    Example:
        >>> from personaspace.survey.question import Option
        >>> ask = lambda text: Question(text, text, (Option("Yes"), Option("No")))
        >>> known = [ask("Is snow white?"), ask("Do you trust banks?")]
        >>> kernel = QuestionKernel(known, np.eye(2))
        >>> kernel([ask("Do you trust schools?")], np.eye(2)[1:]).shape
        (2, 4)
    """

    def __init__(self, questions: Sequence[Question], states: FloatArray) -> None:
        self._words = tfidf(map(question_text, questions))
        self._option_words = tfidf(_options(questions))
        self._mean, self._scale = states.mean(axis=0), np.maximum(states.std(axis=0), 1e-6)
        self._known = self._features(questions, states)

    def __call__(self, questions: Sequence[Question], states: FloatArray) -> FloatArray:
        """Similarity of the options of some questions to those of the known ones.

        Args:
            questions: Any, known or not.
            states: Hidden state of the frozen model for each question, shape ``[questions, width]``.

        Returns:
            Shape ``[options, known options]``, at most :data:`MAX_SIMILARITY`.
        """
        given, known = self._features(questions, states), self._known
        similarity = (1 - STATES) * (given.words @ known.words.T).toarray()
        similarity += STATES * np.maximum(given.states @ known.states.T, 0)
        of_questions = (COMMON + similarity**2)[np.ix_(given.question, known.question)]
        places = np.exp(-((given.place[:, None] - known.place) ** 2) / (2 * PLACE**2))
        places *= np.where(given.length[:, None] == known.length, 1.0, OTHER_LENGTH)
        result: FloatArray = of_questions * (places + (given.option_words @ known.option_words.T).toarray()) / 2
        return result

    def _features(self, questions: Sequence[Question], states: FloatArray) -> _Features:
        return _Features(
            self._words.transform(map(question_text, questions)),
            self._option_words.transform(_options(questions)),
            _unit((states - self._mean) / self._scale),
            questions,
        )


class _Features:
    """The features compared, of questions and of their options one after the other."""

    def __init__(self, words: Any, option_words: Any, states: FloatArray, questions: Sequence[Question]) -> None:
        sizes = [len(question.options) for question in questions]
        self.words, self.option_words, self.states = words, option_words, states
        self.question = np.repeat(np.arange(len(sizes)), sizes)
        self.length = np.repeat(sizes, sizes)
        self.place = np.concatenate([np.linspace(0, 1, size) for size in sizes])


def _unit(rows: FloatArray) -> FloatArray:
    scaled: FloatArray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return scaled


def _options(questions: Sequence[Question]) -> list[str]:
    return [option.text for question in questions for option in question.options]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower()) or [text.strip()]
