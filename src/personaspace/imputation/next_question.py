"""Question selection as in adaptive testing: the question with the greatest expected information gain, in bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from personaspace.checks import check_whole
from personaspace.embedding.base import Embedder
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.errors import SurveyError, unknown
from personaspace.imputation.answer_matrix import BLANK, predict_matrix
from personaspace.survey.arrays import BoolArray, FloatArray, IntArray, Vectors
from personaspace.survey.filters import filtered_questions
from personaspace.survey.lookup import index_of, named_positions
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

LEAST = 1e-12


def next_question(
    embedder: Embedder,
    answers: Mapping[str, str],
    candidates: Iterable[str] | None = None,
    top: int | None = None,
    *,
    survey: Survey | None = None,
) -> pd.DataFrame:
    """Rank questions by the expected information gain of their answer about all other questions.

    Lindley (1956, Annals of Mathematical Statistics 27, 986): the value of an observation is the expected fall in
    entropy, which is the mutual information of what is observed and what is to be known. For candidate c and target t,

        I(c; t) = H(sum_o p(o) p(t | o)) - sum_o p(o) H(p(t | o)),

    where p(o) is the probability that this respondent chooses option o of c, and p(t | o) what the embedder predicts
    of t after placing the respondent anew with that answer. As in computerised adaptive testing, ask the first, give
    the answer, rank again.

    An embedder exaggerates what the questions tell that few answered, and knows neither how many did nor whom they are
    asked of. With ``survey`` the gain of a question with n answers is multiplied by min(1, sqrt(n / N)), N the median
    over the questions: those of three surveys, thinned to n answers, seemed to tell (N / n)^0.3 to (N / n)^0.5 times
    as much as before. And filtered questions are left out, unless an answer given leads to them or they are named.

    Args:
        embedder: Fitted.
        answers: What the respondent has answered so far: question id to option text, or to a number where the
            question is answered with one. May be empty.
        candidates: Ids of the questions that can be asked, or ``None`` for all; those answered are left out.
        top: How many to return at the most, or ``None`` for all.
        survey: The survey whose answers the embedder learned from, best before it was split. Without it a question
            that hardly anybody was asked may come first.

    Returns:
        One row per candidate, the best first: columns ``question`` (id), ``text``, ``bits`` (mean over the targets)
        and ``total`` (sum), where the targets are all unanswered questions but the candidate; with ``survey`` also
        ``answers``, the number of answers behind the question. What filters leave out is in
        :func:`personaspace.survey.filters.filtered_questions`.

    Raises:
        NotFittedError: The embedder was not fitted.
        UnknownNameError: The embedder does not know a question or an option, or the survey none of its questions.
        SurveyError: Every candidate is answered already, or filtered.
        SettingError: ``top`` is less than 1, or a candidate is given twice.

    Example:
        >>> from personaspace.embedding.lightgcn.model import LightGCN
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100)
        >>> embedder = LightGCN(dim=8, epochs=2).fit(survey)
        >>> next_question(embedder, {}, top=3, survey=survey).columns.tolist()
        ['question', 'text', 'bits', 'total', 'answers']
    """
    if top is not None:
        check_whole("top", top, least=1)
    embedder.check_fitted()
    index = index_of(question.id for question in embedder.questions_)
    known = np.full(len(index), BLANK, np.int64)
    for name, answer in answers.items():
        column = _column(index, name)
        known[column] = _option(embedder.questions_[column], answer)
    every = candidates is None
    asked = np.arange(len(index)) if candidates is None else named_positions("question", candidates, index)
    unanswered = asked[known[asked] == BLANK]
    if every and survey is not None:
        unanswered = unanswered[_askable(embedder, known, survey)[unanswered]]
    if not len(unanswered):
        why = "answered, or only asked after answers that were not given" if every else "answered"
        raise SurveyError(f"every question that could be asked is {why}: give other candidates")
    gains = information_gains(embedder, known, unanswered)
    counts = None if survey is None else _answer_counts(embedder, survey)
    if counts is not None:
        gains = gains * np.sqrt(np.minimum(counts / max(np.median(counts), 1), 1))[unanswered]
    targets = np.maximum((known == BLANK).sum() - 1, 1)
    order = np.argsort(-gains, kind="stable")[:top]
    table = pd.DataFrame(
        {
            "question": [embedder.questions_[column].id for column in unanswered[order]],
            "text": [embedder.questions_[column].text for column in unanswered[order]],
            "bits": gains[order] / targets,
            "total": gains[order],
        }
    )
    return table if counts is None else table.assign(answers=counts[unanswered[order]])


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


def _answer_counts(embedder: Embedder, survey: Survey) -> IntArray:
    """How many answers the survey has to each of the embedder's questions, shape ``[questions]``."""
    known = {question.id for question in embedder.questions_}
    if known.isdisjoint(survey.question_index):
        raise unknown("question", survey.questions[0].id if survey.questions else "", known)
    return np.bincount(embedder.known_answers(survey).question, minlength=len(known))[: len(known)]


def _askable(embedder: Embedder, known: IntArray, survey: Survey) -> BoolArray:
    """Whether a question has no filter, or an answer given leads to it; shape ``[questions]``."""
    index, filters = index_of(question.id for question in embedder.questions_), filtered_questions(survey)
    askable = np.ones(len(index), np.bool_)
    for name, (parent, answers) in filters.items():
        if name in index:
            option = known[index[parent]] if parent in index else BLANK
            askable[index[name]] = (
                option != BLANK and embedder.questions_[index[parent]].options[option].text in answers
            )
    return askable


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


def _option(question: Question, given: object) -> int:
    """The option meant by a text, in any case, or by a number on the question's scale."""
    answer = str(given)
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
