"""tf-idf vectors of the texts of questions and options, whose products say how alike two questions are worded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from personaspace.survey.question import Question


def question_text(question: Question) -> str:
    """The text of a question followed by its options."""
    return " ".join([question.text, *(option.text for option in question.options)])


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


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower()) or [text.strip()]
