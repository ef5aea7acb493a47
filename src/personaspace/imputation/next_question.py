"""The question that would tell most: expected information about everything else, in bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from personaspace.embedding.base import Embedder
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.errors import SettingError, SurveyError, unknown
from personaspace.imputation.answer_matrix import NONE, as_survey
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.question import Question

LEAST = 1e-12


def next_question(
    space: Embedder, answers: Mapping[str, str], candidates: Iterable[str] | None = None, top: int | None = None
) -> pd.DataFrame:
    """Rank questions by what their answer is expected to tell about all others.

    Lindley (1956, Annals of Mathematical Statistics 27, 986): the value of an observation is the expected fall in
    entropy, which is the mutual information of what is observed and what is to be known. For candidate c and target t,

        I(c; t) = H(sum_o p(o) p(t | o)) - sum_o p(o) H(p(t | o)),

    where p(o) is the probability that this respondent chooses option o of c, and p(t | o) what the embedder predicts
    of t after placing the respondent anew with that answer. As in computerised adaptive testing, ask the first, give
    the answer, rank again.

    Args:
        space: Any fitted embedder.
        answers: What the respondent has answered so far: question id to option text, or to a number where the
            question is answered with one. May be empty.
        candidates: Ids of the questions that can be asked, or ``None`` for all; those answered are left out.
        top: How many to return, or ``None`` for all.

    Returns:
        The best first: columns ``question`` (id), ``text``, ``bits`` (mean over the targets) and ``total`` (sum);
        targets are all questions not answered, but the candidate.

    Raises:
        UnknownNameError: The embedder does not know a question or an option.
        SurveyError: Every candidate is answered already.
        SettingError: ``top`` is less than 1.

    Example:
        >>> from personaspace.embedding.lightgcn.model import LightGCN
        >>> from personaspace.survey.simulate import simulate
        >>> space = LightGCN(dim=8, epochs=2).fit(simulate(respondents=100))
        >>> next_question(space, {}, top=3).columns.tolist()
        ['question', 'text', 'bits', 'total']
    """
    if top is not None and top < 1:
        raise SettingError(f"top is {top}: ask for at least 1 question")
    index = {question.id: j for j, question in enumerate(space.questions_)}
    known = np.full(len(index), NONE, np.int64)
    for name, answer in answers.items():
        known[_found(index, name)] = _option(space.questions_[_found(index, name)], answer)
    asked = range(len(index)) if candidates is None else [_found(index, name) for name in candidates]
    open_ = np.array([j for j in asked if known[j] == NONE], np.int64)
    if not len(open_):
        raise SurveyError("every question that could be asked is answered: give other candidates")
    gains = information_gains(space, known, open_)
    targets = np.maximum((known == NONE).sum() - 1, 1)
    order = np.argsort(-gains, kind="stable")[:top]
    return pd.DataFrame(
        {
            "question": [space.questions_[j].id for j in open_[order]],
            "text": [space.questions_[j].text for j in open_[order]],
            "bits": gains[order] / targets,
            "total": gains[order],
        }
    )


def information_gains(space: Embedder, known: IntArray, candidates: IntArray) -> FloatArray:
    """What the answer to each candidate is expected to tell about all other open questions, in bits.

    Args:
        space: A fitted embedder.
        known: The respondent's options, :data:`NONE` where the question is open; shape ``[questions]``.
        candidates: Columns of open questions.

    Returns:
        Shape ``[candidates]``.
    """
    offsets, choices = space.offsets_, OptionSoftmax(space.offsets_)
    sizes = np.diff(offsets)[candidates]
    column = np.repeat(candidates, sizes)
    starts = np.cumsum([0, *sizes[:-1]])
    rows = np.tile(known, (len(column), 1))
    rows[np.arange(len(column)), column] = np.arange(len(column)) - np.repeat(starts, sizes)
    chances = space.predict(space.embed(as_survey(space, np.vstack([known, rows]))))
    chance = chances[0, offsets[column] + rows[np.arange(len(column)), column]]
    weighted = chances[1:] * chance[:, None]
    after = np.add.reduceat(chance[:, None] * _entropies(choices, chances[1:]), starts, axis=0)
    gains = _entropies(choices, np.add.reduceat(weighted, starts, axis=0)) - after
    gains[:, known != NONE] = 0
    gains[np.arange(len(candidates)), candidates] = 0
    return np.asarray(gains.sum(axis=1), np.float64)


def _entropies(choices: OptionSoftmax, chances: Vectors) -> Vectors:
    """Entropy of every question in bits, from ``[n, options]`` to ``[n, questions]``."""
    surprise = -chances * np.log2(np.maximum(chances, LEAST))
    entropies = np.empty((len(chances), choices.questions), np.float32)
    for questions, columns in choices.groups:
        entropies[:, questions] = surprise[:, columns].sum(axis=1)
    return entropies


def _found(index: Mapping[str, int], name: str) -> int:
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
