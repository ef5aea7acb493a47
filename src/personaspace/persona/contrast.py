"""Contrasts: the questions on which a persona departs from the population, and those that set personas apart.

Both measure the total variation of real, weighted answers, TV(P, Q) = 1/2 sum_o |P(o) - Q(o)|, in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from personaspace.persona.membership import everybody, membership, totals
from personaspace.persona.personas import Personas
from personaspace.survey.survey import FloatArray, IntArray, Survey

MIN_ANSWERS = 30
"""A persona whose members gave fewer answers to a question is not judged by it."""


def distinguishing_questions(personas: Personas, survey: Survey, min_answers: int = MIN_ANSWERS) -> pd.DataFrame:
    """For each persona, the questions its members answer least like the population.

    Args:
        personas: Those to describe.
        survey: Answers and weights; members are matched by id, the population is everybody in it.
        min_answers: Questions that fewer members answered are left out.

    Returns:
        A row per persona and question, ranked from 1 by ``tv``: ``persona, rank, question, text, topic, tv,
        answers, option, share, population_share``. ``answers`` is how many members answered; ``option`` is what they
        choose more often than the population by most, with both shares.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.
    """
    mine = _answered(personas, survey)
    population = _shares(totals(everybody(survey), survey.weight, _answers(survey)), survey)[0]
    excess = mine.shares - population
    tv = _per_question(np.abs(excess), survey) / 2
    group, question = np.nonzero((mine.answers >= min_answers) & ~np.isnan(tv))
    best = _largest(excess, survey)[group, question]
    table = pd.DataFrame(
        {
            "persona": np.array(mine.names, dtype=object)[group],
            **_described(survey, question),
            "tv": tv[group, question],
            "answers": mine.answers[group, question].astype(np.int64),
            "option": np.array([o.text for q in survey.questions for o in q.options], dtype=object)[best],
            "share": mine.shares[group, best],
            "population_share": population[best],
        }
    )
    table = table.iloc[np.lexsort((question, -tv[group, question], group))].reset_index(drop=True)
    table.insert(1, "rank", table.groupby("persona", sort=False).cumcount() + 1)
    return table


def separating_questions(personas: Personas, survey: Survey, min_answers: int = MIN_ANSWERS) -> pd.DataFrame:
    """The questions on which personas differ most from one another.

    Args:
        personas: Those to compare.
        survey: Answers and weights; members are matched by id.
        min_answers: A pair counts for a question where at least so many members of both answered.

    Returns:
        A row per question that some pair answered, ranked from 1 by ``mean_tv``, the mean TV over those pairs:
        ``rank, rank_in_topic, question, text, topic, mean_tv, pairs``.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.
    """
    mine = _answered(personas, survey)
    valid = (mine.answers >= min_answers) & ~np.isnan(_per_question(mine.shares, survey))
    distance, pairs = np.zeros((2, len(survey.questions)))
    for group in range(len(mine.names) - 1):
        tv = _per_question(np.abs(mine.shares[group] - mine.shares[group + 1 :]), survey) / 2
        both = valid[group] & valid[group + 1 :]
        distance += np.where(both, tv, 0).sum(axis=0)
        pairs += both.sum(axis=0)
    question = np.flatnonzero(pairs)
    mean = distance[question] / pairs[question]
    table = pd.DataFrame({**_described(survey, question), "mean_tv": mean, "pairs": pairs[question].astype(np.int64)})
    table = table.iloc[np.argsort(-mean, kind="stable")].reset_index(drop=True)
    table.insert(0, "rank", np.arange(len(table)) + 1)
    table.insert(1, "rank_in_topic", table.groupby("topic", dropna=False).cumcount() + 1)
    return table


@dataclass(frozen=True, eq=False)
class _Answered:
    """What each group's members answered: shares [groups, options], answers [groups, questions]."""

    names: list[str]
    shares: FloatArray
    answers: FloatArray


def _answered(personas: Personas, survey: Survey) -> _Answered:
    groups, members = membership(personas, survey)
    chosen = _answers(survey)
    answers = _per_question(totals(members, np.ones(len(survey.respondents)), chosen), survey)
    return _Answered([g.name for g in groups], _shares(totals(members, survey.weight, chosen), survey), answers)


def _answers(survey: Survey) -> csr_array:
    """1 where a respondent chose an option, shape [respondents, options of all questions]."""
    cells = (survey.answers.respondent, survey.option_nodes)
    return csr_array((np.ones(len(survey.answers)), cells), shape=(len(survey.respondents), int(survey.offsets[-1])))


def _per_question(values: FloatArray, survey: Survey) -> FloatArray:
    """Sums over each question's options: [groups, options] to [groups, questions]."""
    return np.add.reduceat(values, survey.offsets[:-1], axis=1)


def _shares(counts: FloatArray, survey: Survey) -> FloatArray:
    """Counts over their question's total, NaN where nobody answered; shape [groups, options]."""
    with np.errstate(invalid="ignore"):
        return np.divide(counts, np.repeat(_per_question(counts, survey), np.diff(survey.offsets), axis=1))


def _largest(values: FloatArray, survey: Survey) -> IntArray:
    """Which of each question's options has the largest value: [groups, options] to [groups, questions]."""
    sizes = np.diff(survey.offsets)
    peak = np.repeat(np.maximum.reduceat(values, survey.offsets[:-1], axis=1), sizes, axis=1)
    place = np.where(values == peak, np.arange(values.shape[1]), values.shape[1])
    first: IntArray = np.minimum.reduceat(place, survey.offsets[:-1], axis=1)
    return first


def _described(survey: Survey, question: IntArray) -> dict[str, list[str | None]]:
    asked = [survey.questions[j] for j in question]
    return {
        "question": [q.id for q in asked],
        "text": [q.text for q in asked],
        "topic": [q.topic for q in asked],
    }
