"""Contrasts: the questions on which a persona departs from the population, and those that set personas apart.

Both measure total variation, TV(P, Q) = 1/2 sum_o |P(o) - Q(o)|, in [0, 1], of real, weighted answers or, marked
as such, of the answers an embedder expects of everybody. The two are never mixed in one table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from personaspace.embedding.base import Embedder
from personaspace.errors import SurveyError
from personaspace.persona.personas import Personas
from personaspace.profiles.shares import Shares, answer_choices, compare, everybody, membership, scaled
from personaspace.profiles.statistics import adjusted
from personaspace.profiles.total_variation import between_groups, from_population
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

ROWS = 4096
"""Respondents whose answers are predicted at a time."""


def expected_shares(personas: Personas, survey: Survey, embedder: Embedder) -> tuple[list[str], FloatArray, FloatArray]:
    """Weighted mean of the answers expected of each persona's members, and of everybody.

    Args:
        personas: Those with at least two members.
        survey: Weights; everybody is who is in it and in the embedder.
        embedder: A fitted embedder.

    Returns:
        The groups' names, their shares of shape ``[groups, options]``, and everybody's of shape ``[options]``;
        options are those of ``embedder.questions_``.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona, survey and embedder hold no member in common.
    """
    row = {name: at for at, name in enumerate(embedder.ids_)}
    placed = np.array([row.get(name, -1) for name in survey.respondents], dtype=np.int64)
    if not (placed >= 0).any():
        raise SurveyError(f"the embedder placed nobody of {survey!r}: give the survey it was fitted on")
    known = replace(survey.select(placed >= 0, []), name=survey.name)
    groups, members = membership(personas, known)
    weights = np.vstack([members.toarray(), everybody(known).toarray()]) * known.weight
    sums = np.zeros((len(weights), int(embedder.offsets_[-1])))
    for start in range(0, len(known.respondents), ROWS):
        part = slice(start, start + ROWS)
        sums += weights[:, part] @ embedder.predict(embedder.respondents_[placed[placed >= 0][part]])
    shares = scaled(sums, embedder.offsets_)
    return [group.name for group in groups], shares[:-1], shares[-1]


MIN_ANSWERS = 20
"""A persona of whom fewer members answered a question is not judged by it."""


def distinguishing_questions(
    personas: Personas, survey: Survey, min_answers: int = MIN_ANSWERS, imputed_by: Embedder | None = None
) -> pd.DataFrame:
    """For each persona, the questions its members answer least like the population.

    Args:
        personas: Those to describe.
        survey: Answers and weights; members are matched by id, the population is everybody in it.
        min_answers: Questions that fewer members answered are left out; without effect on imputed answers.
        imputed_by: Compare the answers this embedder expects of everybody, instead of those people gave.

    Returns:
        A row per persona and question: ``persona, rank, rank_in_topic, question, text, topic, tv, tv_corrected, low,
        high, adjusted_p, respondents, option, share, population_share, answers``. ``tv_corrected`` is ``tv`` without
        what chance alone would make (:mod:`personaspace.profiles.total_variation`), ``low`` and ``high`` its 95% interval;
        ranks are by ``low``, which holds for each question by itself. ``adjusted_p`` is of a test whether members
        answer otherwise than everybody at all: exact for each option, times their number (Bonferroni), and adjusted
        for all rows of the table by Benjamini and Hochberg, so that of the questions called up to .05 at most 5% are
        false on average. ``respondents`` is how many members answered; ``option`` is what they choose more often than
        the population by most, with both shares. ``answers`` is ``"given"`` or ``"imputed"``; imputed ones have no
        interval and are ranked by ``tv``.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.
    """
    if imputed_by is not None:
        return _imputed_distinguishing(personas, survey, imputed_by)
    shares = compare(personas, survey, *answer_choices(survey))
    tv, fair, low, high = from_population(shares)
    answered = shares.over_blocks(shares.counts)
    group, question = np.nonzero((answered >= min_answers) & ~np.isnan(tv))
    at = (group, question)
    best = _largest(shares.share - shares.population, survey.offsets)[at]
    columns = {
        "tv": tv[at],
        "tv_corrected": fair[at],
        "low": low[at],
        "high": high[at],
        "adjusted_p": adjusted(_any_option(shares)[at]),
        "respondents": answered[at].astype(np.int64),
        "option": _texts(survey.questions)[best],
        "share": shares.share[group, best],
        "population_share": shares.population[best],
        "answers": "given",
    }
    names = np.array(shares.names, dtype=object)[group]
    table = pd.DataFrame({"persona": names, **_described(survey.questions, question), **columns})
    return _ranked(table.iloc[np.lexsort((question, -tv[at], -low[at], group))], ["persona"])


def separating_questions(
    personas: Personas, survey: Survey, min_answers: int = MIN_ANSWERS, imputed_by: Embedder | None = None
) -> pd.DataFrame:
    """The questions on which personas differ most from one another.

    Args:
        personas: Those to compare.
        survey: Answers and weights; members are matched by id.
        min_answers: A pair counts for a question where at least so many members of both answered; without effect on
            imputed answers.
        imputed_by: Compare the answers this embedder expects of everybody, instead of those people gave.

    Returns:
        A row per question that some pair answered: ``rank, rank_in_topic, question, text, topic, mean_tv,
        mean_tv_corrected, low, high, pairs, answers``. The mean is over those pairs; correction, interval, ranks and
        ``answers`` are as in :func:`distinguishing_questions`.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.
    """
    if imputed_by is not None:
        return _imputed_separating(personas, survey, imputed_by)
    shares = compare(personas, survey, *answer_choices(survey))
    enough = (shares.over_blocks(shares.counts) >= min_answers) & (shares.size > 0)
    tv, fair, low, high, pairs = between_groups(shares, enough.astype(np.float64))
    question = np.flatnonzero(pairs)
    columns = {"mean_tv": tv, "mean_tv_corrected": fair, "low": low, "high": high, "pairs": pairs.astype(np.int64)}
    chosen = {name: values[question] for name, values in columns.items()}
    table = pd.DataFrame({**_described(survey.questions, question), **chosen, "answers": "given"})
    return _ranked(table.iloc[np.lexsort((question, -tv[question], -low[question]))])


def _any_option(shares: Shares) -> FloatArray:
    """p-values of no option being chosen otherwise than by everybody, shape ``[groups, questions]``."""
    tests = shares.over_blocks((shares.population > 0).astype(np.float64))
    smallest = np.minimum.reduceat(shares.p_values(), shares.offsets[:-1], axis=1)
    return np.asarray(np.minimum(smallest * np.where(tests > 2, tests, 1), 1))  # two options are one test


def _imputed_distinguishing(personas: Personas, survey: Survey, embedder: Embedder) -> pd.DataFrame:
    names, share, population = expected_shares(personas, survey, embedder)
    offsets, questions = embedder.offsets_, embedder.questions_
    tv = np.add.reduceat(np.abs(share - population), offsets[:-1], axis=1) / 2
    best = _largest(share - population, offsets)
    group, question = (part.ravel() for part in np.indices(tv.shape))
    size = {persona.name: len(persona.members) for persona in personas}
    columns = {
        "tv": tv.ravel(),
        "tv_corrected": np.nan,
        "low": np.nan,
        "high": np.nan,
        "adjusted_p": np.nan,
        "respondents": np.array([size[name] for name in names], dtype=np.int64)[group],
        "option": _texts(questions)[best.ravel()],
        "share": share[group, best.ravel()],
        "population_share": population[best.ravel()],
        "answers": "imputed",
    }
    table = pd.DataFrame(
        {"persona": np.array(names, dtype=object)[group], **_described(questions, question), **columns}
    )
    return _ranked(table.iloc[np.lexsort((question, -tv.ravel(), group))], ["persona"])


def _imputed_separating(personas: Personas, survey: Survey, embedder: Embedder) -> pd.DataFrame:
    names, share, _ = expected_shares(personas, survey, embedder)
    distance = np.zeros(len(embedder.questions_))
    for group in range(len(names) - 1):
        apart = np.abs(share[group] - share[group + 1 :])
        distance += np.add.reduceat(apart, embedder.offsets_[:-1], axis=1).sum(axis=0) / 2
    pairs = len(names) * (len(names) - 1) // 2
    question = np.arange(len(distance) if pairs else 0)
    mean = distance[question] / max(pairs, 1)
    columns = {"mean_tv": mean, "mean_tv_corrected": np.nan, "low": np.nan, "high": np.nan, "pairs": pairs}
    table = pd.DataFrame({**_described(embedder.questions_, question), **columns, "answers": "imputed"})
    return _ranked(table.iloc[np.argsort(-mean, kind="stable")])


def _ranked(table: pd.DataFrame, within: Sequence[str] = ()) -> pd.DataFrame:
    """A table in order, with its ranks overall and within topics, counted anew for each persona."""
    table = table.reset_index(drop=True)
    everything = pd.Series(0, index=table.index)
    rank = table.groupby([table[name] for name in within] or everything, sort=False).cumcount() + 1
    in_topic = table.groupby([*within, "topic"], dropna=False, sort=False).cumcount() + 1
    table.insert(len(within), "rank", rank)
    table.insert(len(within) + 1, "rank_in_topic", in_topic)
    return table


def _largest(values: FloatArray, offsets: IntArray) -> IntArray:
    """Which of each question's options has the largest value: [groups, options] to [groups, questions]."""
    peak = np.repeat(np.maximum.reduceat(values, offsets[:-1], axis=1), np.diff(offsets), axis=1)
    place = np.where(values == peak, np.arange(values.shape[1]), values.shape[1])
    first: IntArray = np.minimum.reduceat(place, offsets[:-1], axis=1)
    return first


def _texts(questions: Sequence[Question]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return np.array([option.text for question in questions for option in question.options], dtype=object)


def _described(questions: Sequence[Question], chosen: IntArray) -> dict[str, list[str | None]]:
    asked = [questions[j] for j in chosen]
    return {
        "question": [question.id for question in asked],
        "text": [question.text for question in asked],
        "topic": [question.topic for question in asked],
    }
