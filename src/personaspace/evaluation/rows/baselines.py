"""Baselines that a steered language model has to beat: the majority, the group's majority, the embedder alone.

Every baseline takes the answers it may learn from (``train``) and those it is to predict (``test``) and returns
:class:`Predictions` for the latter. Questions and respondents are matched by id, so both may differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.errors import SettingError, unknown
from personaspace.evaluation.predictions import Predictions, padded_columns
from personaspace.evaluation.rows.choice import PAIR
from personaspace.evaluation.shared_questions import carried_over, matched_options
from personaspace.survey.arrays import FloatArray, Vectors
from personaspace.survey.lookup import NOWHERE, index_of, positions
from personaspace.survey.option_sums import option_shares
from personaspace.survey.survey import Survey

BACKOFF = 10.0
"""A group's counts are smoothed as if it had this many more members, who answer as the population does."""


def majority(train: Survey, test: Survey) -> Predictions:
    """Predict every answer by the population's shares: p(o) = (count(o) + 1) / (answers + options).

    Questions without answers in ``train`` take the counts of option places (*position majority*).

    Args:
        train: Answers to learn from.
        test: Answers to predict.

    Returns:
        One row per answer of ``test``.

    Example:
        >>> from personaspace import Answers, Option, Question, Survey
        >>> tea = Question("q", "Tea?", (Option("no"), Option("yes")))
        >>> train = Survey(("ann", "bob", "cy"), (tea,), Answers([0, 1, 2], [0, 0, 0], [1, 1, 1]))
        >>> test = Survey(("dee",), (tea,), Answers([0], [0], [1]))
        >>> print(majority(train, test).probabilities)
        [[0.2 0.8]]
    """
    return Predictions.from_table(test, majority_table(train, test), np.zeros(len(test.answers), np.int64))


def group_majority(train: Survey, test: Survey, traits: Sequence[str]) -> Predictions:
    """Predict every answer by the shares among respondents with the same value of a trait, or of two traits.

    p(o) = (count_g(o) + 10 p_all(o)) / (answers_g + 10), with p_all from :func:`majority`. A respondent who lacks a
    trait, or has a value that nobody in ``train`` has, is predicted by p_all.

    Args:
        train: Answers to learn from, with the traits.
        test: Answers to predict, with the traits.
        traits: A column of ``traits`` in both surveys, or two that are crossed.

    Returns:
        One row per answer of ``test``.

    Raises:
        UnknownNameError: A survey does not have a trait.
    """
    name = PAIR.join(traits)
    in_train, in_test = (crossed(survey, traits).traits[name] for survey in (train, test))
    values = index_of(in_train.dropna().unique())
    groups = len(values)
    of_train, of_test = (np.where((g := positions(v, values)) == NOWHERE, groups, g) for v in (in_train, in_test))
    options = int(train.offsets[-1])
    cells = of_train[train.answers.respondent] * options + train.option_nodes
    counts = np.bincount(cells, minlength=(groups + 1) * options).reshape(groups + 1, options).astype(np.float64)
    counts[groups] = 0
    table = option_shares(carried_over(train, test, counts) + BACKOFF * majority_table(train, test), test.offsets)
    return Predictions.from_table(test, table, of_test[test.answers.respondent])


def crossed(survey: Survey, traits: Sequence[str]) -> Survey:
    """The survey with a trait that crosses two, ``"POLPARTY x EDUCATION"``, missing where one of them is.

    Raises:
        UnknownNameError: The survey does not have a trait.
    """
    for trait in traits:
        if trait not in survey.traits.columns:
            raise unknown("trait", trait, survey.traits.columns)
    if len(traits) == 1:
        return survey
    both = survey.traits[list(traits)].dropna().astype(str)
    pairs = both.iloc[:, 0] + PAIR + both.iloc[:, 1]
    return replace(survey, traits=survey.traits.assign(**{PAIR.join(traits): pairs}))


def embedder_alone(embedder: Embedder, vectors: Vectors, test: Survey, block: int = 1024) -> Predictions:
    """Predict every answer by the embedder itself, without a language model.

    Args:
        embedder: A fitted embedder that knows every question of ``test``.
        vectors: A vector for each respondent of ``test``, shape ``[respondents, dim]``: their own, their persona's or
            their group's.
        test: Answers to predict.
        block: How many respondents are predicted at a time; bounds the memory, not the result.

    Returns:
        One row per answer of ``test``.

    Raises:
        SettingError: There is not one vector per respondent, or the embedder does not know a question.
    """
    if len(vectors) != len(test.respondents):
        raise SettingError(f"{len(vectors)} vectors for {len(test.respondents)} respondents: give one per respondent")
    known = matched_options(embedder.questions_, test)
    if (known < 0).any():
        missing = test.questions[int(np.searchsorted(test.offsets, np.argmin(known), side="right")) - 1]
        raise SettingError(
            f"the embedder was not fitted on question {missing.id!r}: leave it out, only a language model can answer it"
        )
    padded = padded_columns(test)
    columns = np.where(padded >= 0, np.append(known, 0)[padded], -1)
    respondent, question = test.answers.respondent, test.answers.question
    probabilities = np.zeros((len(test.answers), padded.shape[1]))
    for part, table in embedder.predict_blocks(vectors, block):
        rows = np.flatnonzero((respondent >= part.start) & (respondent < part.stop))
        at = columns[question[rows]]
        probabilities[rows] = np.where(at >= 0, table[respondent[rows, None] - part.start, at], 0)
    return Predictions.of(test, probabilities)


def majority_table(train: Survey, test: Survey) -> FloatArray:
    """The majority's probability of every option of ``test``, shape ``[1, options]``."""
    return option_shares(carried_over(train, test, train.option_counts()[None]) + 1.0, test.offsets)
