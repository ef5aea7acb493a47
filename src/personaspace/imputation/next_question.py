"""Question selection as in adaptive testing: the question with the greatest expected information gain, in bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from personaspace.embedding.base import Embedder
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.errors import SettingError, SurveyError, unknown
from personaspace.imputation.answer_matrix import BLANK, predict_matrix
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.lookup import index_of
from personaspace.survey.question import Question

LEAST = 1e-12


def next_question(
    embedder: Embedder, answers: Mapping[str, str], candidates: Iterable[str] | None = None, top: int | None = None
) -> pd.DataFrame:
    """Rank questions by the expected information gain of their answer about all other questions.

    Lindley (1956, Annals of Mathematical Statistics 27, 986): the value of an observation is the expected fall in
    entropy, which is the mutual information of what is observed and what is to be known. For candidate c and target t,

        I(c; t) = H(sum_o p(o) p(t | o)) - sum_o p(o) H(p(t | o)),

    where p(o) is the probability that this respondent chooses option o of c, and p(t | o) what the embedder predicts
    of t after placing the respondent anew with that answer. As in computerised adaptive testing, ask the first, give
    the answer, rank again.

    Args:
        embedder: Fitted.
        answers: What the respondent has answered so far: question id to option text, or to a number where the
            question is answered with one. May be empty.
        candidates: Ids of the questions that can be asked, or ``None`` for all; those answered are left out.
        top: How many to return at the most, or ``None`` for all.

    Returns:
        One row per candidate, the best first: columns ``question`` (id), ``text``, ``bits`` (mean over the targets)
        and ``total`` (sum), where the targets are all unanswered questions but the candidate.

    Raises:
        UnknownNameError: The embedder does not know a question or an option.
        SurveyError: Every candidate is answered already.
        SettingError: ``top`` is less than 1.

    Example:
        >>> from personaspace.embedding.lightgcn.model import LightGCN
        >>> from personaspace.survey.simulate import simulate
        >>> embedder = LightGCN(dim=8, epochs=2).fit(simulate(respondents=100))
        >>> next_question(embedder, {}, top=3).columns.tolist()
        ['question', 'text', 'bits', 'total']
    """
    if top is not None and top < 1:
        raise SettingError(f"top is {top}: ask for at least 1 question")
    index = index_of(question.id for question in embedder.questions_)
    known = np.full(len(index), BLANK, np.int64)
    for name, answer in answers.items():
        column = _column(index, name)
        known[column] = _option(embedder.questions_[column], answer)
    asked = range(len(index)) if candidates is None else [_column(index, name) for name in candidates]
    unanswered = np.array([column for column in asked if known[column] == BLANK], np.int64)
    if not len(unanswered):
        raise SurveyError("every question that could be asked is answered: give other candidates")
    gains = information_gains(embedder, known, unanswered)
    targets = np.maximum((known == BLANK).sum() - 1, 1)
    order = np.argsort(-gains, kind="stable")[:top]
    return pd.DataFrame(
        {
            "question": [embedder.questions_[column].id for column in unanswered[order]],
            "text": [embedder.questions_[column].text for column in unanswered[order]],
            "bits": gains[order] / targets,
            "total": gains[order],
        }
    )


def information_gains(embedder: Embedder, known: IntArray, candidates: IntArray) -> FloatArray:
    """Expected information gain of each candidate's answer about all other unanswered questions, in bits.

    Args:
        embedder: Fitted.
        known: The respondent's options, :data:`BLANK` where a question is unanswered; shape ``[questions]``.
        candidates: Columns of unanswered questions.

    Returns:
        Shape ``[candidates]``.
    """
    offsets = embedder.offsets_
    option_softmax, sizes = OptionSoftmax(offsets), np.diff(offsets)[candidates]
    column, starts = np.repeat(candidates, sizes), np.cumsum([0, *sizes[:-1]])
    option = np.arange(len(column)) - np.repeat(starts, sizes)
    rows = np.tile(known, (len(column), 1))
    rows[np.arange(len(column)), column] = option
    probabilities = predict_matrix(embedder, np.vstack([known, rows]))
    probability, given = probabilities[0, offsets[column] + option][:, None], probabilities[1:]
    after = np.add.reduceat(probability * _entropies(option_softmax, given), starts, axis=0)
    before = _entropies(option_softmax, np.add.reduceat(given * probability, starts, axis=0))
    gains = before - after
    gains[:, known != BLANK] = 0
    gains[np.arange(len(candidates)), candidates] = 0
    return np.asarray(gains.sum(axis=1), np.float64)


def _entropies(option_softmax: OptionSoftmax, probabilities: Vectors) -> Vectors:
    """Entropy of every question in bits, from ``[n, options]`` to ``[n, questions]``."""
    terms = -probabilities * np.log2(np.maximum(probabilities, LEAST))
    entropies = np.empty((len(probabilities), option_softmax.questions), np.float32)
    for questions, columns in option_softmax.groups:
        entropies[:, questions] = terms[:, columns].sum(axis=1)
    return entropies


def _column(index: Mapping[str, int], name: str) -> int:
    if name not in index:
        raise unknown("question", name, index)
    return index[name]


def _option(question: Question, answer: str) -> int:
    """The option meant by a text, in any case, or by a number on the question's scale."""
    texts = {option.text.casefold(): o for o, option in enumerate(question.options)}
    if question.scale is not None and answer.casefold() not in texts:
        try:
            number = float(answer)
        except ValueError:
            number = np.nan
        if not question.scale.low <= number <= question.scale.high:
            raise SurveyError(f"question {question.id!r}: give a number from {question.scale}, not {answer!r}")
        return int(question.scale.nearest(np.array([number]))[0])
    if answer.casefold() not in texts:
        raise unknown(f"option of {question.id}", answer, [option.text for option in question.options])
    return texts[answer.casefold()]
