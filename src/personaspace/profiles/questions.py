"""Questions on which a persona differs from the population, and questions on which personas differ from one another.

Both are ranked by total variation, TV(P, Q) = 1/2 sum_o |P(o) - Q(o)|, in [0, 1], of weighted shares: of answers that
were given or, marked as imputed, of the answers an embedder expects of every respondent. One table never mixes the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from personaspace.embedding.base import Embedder
from personaspace.errors import SurveyError
from personaspace.persona.personas import Personas
from personaspace.profiles.shares import Shares, answer_choices, compare, everybody, membership
from personaspace.profiles.statistics import adjusted, wilson
from personaspace.profiles.total_variation import between_groups, from_population
from personaspace.survey.arrays import BoolArray, FloatArray, IntArray
from personaspace.survey.filters import filtered_questions, reached
from personaspace.survey.lookup import NOWHERE, positions
from personaspace.survey.option_sums import option_shares, repeat_options, sum_options
from personaspace.survey.question import Question, offsets_of
from personaspace.survey.survey import Survey

MIN_ANSWERS = 20
"""Members of a persona that must have answered a question for it to be compared."""


def distinguishing_questions(
    personas: Personas, survey: Survey, min_answers: int = MIN_ANSWERS, embedder: Embedder | None = None
) -> pd.DataFrame:
    """Rank for each persona the questions on which its members differ from the population.

    Args:
        personas: Those to describe.
        survey: Answers and weights of the population; members are matched by id.
        min_answers: Questions that fewer members answered are left out; without effect on imputed answers.
        embedder: If given, the answers it expects of every respondent are compared in place of those given.

    Returns:
        A row per persona and question: ``persona, rank, rank_in_topic, question, text, topic, tv, tv_corrected, low,
        high, adjusted_p, respondents, option, share, share_low, share_high, population_share, population_low,
        population_high, answers``.

        - ``tv_corrected`` is ``tv`` corrected for chance (:mod:`personaspace.profiles.total_variation`), ``low`` and
          ``high`` the 95% interval of ``tv`` for each question by itself. Ranks are by ``low``.
        - ``adjusted_p`` tests whether members answer differently at all: the smallest exact p-value of the options,
          times their number (Bonferroni), and adjusted for all rows of the table by Benjamini and Hochberg, so that
          of the questions with a value up to .05 at most 5% are false discoveries on average.
        - ``respondents`` is the number of members who answered; of imputed answers, of those who are asked.
        - ``option`` is the option most over-chosen relative to the population, with both shares and their Wilson
          intervals on effective sample sizes; of a checkbox it is always that it is selected.
        - ``answers`` is ``"given"`` or ``"imputed"``. Imputed answers have no interval and are ranked by ``tv``.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.
    """
    if embedder is not None:
        return _imputed_distinguishing(personas, survey, embedder)
    shares = compare(personas, survey, *answer_choices(survey))
    tv, fair, low, high = from_population(shares)
    answered = shares.over_blocks(shares.counts)
    group, question = np.nonzero((answered >= min_answers) & ~np.isnan(tv))
    at = (group, question)
    best = _option_shown(shares.share - shares.population, survey.questions)[at]
    low_of, high_of = wilson(shares.share, shares.over_options(shares.size))
    population_low, population_high = wilson(shares.population, shares.over_options(shares.population_size))
    columns = {
        "tv": tv[at],
        "tv_corrected": fair[at],
        "low": low[at],
        "high": high[at],
        "adjusted_p": adjusted(_any_option(shares)[at]),
        "respondents": answered[at].astype(np.int64),
        "option": _texts(survey.questions)[best],
        "share": shares.share[group, best],
        "share_low": low_of[group, best],
        "share_high": high_of[group, best],
        "population_share": shares.population[best],
        "population_low": population_low[best],
        "population_high": population_high[best],
        "answers": "given",
    }
    names = np.array(shares.names, dtype=object)[group]
    table = pd.DataFrame({"persona": names, **_described(survey.questions, question), **columns})
    return _ranked(table.iloc[np.lexsort((question, -tv[at], -low[at], group))], ["persona"])


def separating_questions(
    personas: Personas, survey: Survey, min_answers: int = MIN_ANSWERS, embedder: Embedder | None = None
) -> pd.DataFrame:
    """Rank the questions on which personas differ from one another.

    Args:
        personas: Those to compare.
        survey: Answers and weights; members are matched by id.
        min_answers: A pair counts for a question if at least this many members of both answered it; without effect on
            imputed answers.
        embedder: If given, the answers it expects of every respondent are compared in place of those given.

    Returns:
        A row per question answered by some pair: ``rank, rank_in_topic, question, text, topic, mean_tv,
        mean_tv_corrected, low, high, pairs, answers``. Means are over those pairs; correction, interval, ranks and
        ``answers`` are as in :func:`distinguishing_questions`.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.
    """
    if embedder is not None:
        return _imputed_separating(personas, survey, embedder)
    shares = compare(personas, survey, *answer_choices(survey))
    enough = (shares.over_blocks(shares.counts) >= min_answers) & (shares.size > 0)
    tv, fair, low, high, pairs = between_groups(shares, enough.astype(np.float64))
    question = np.flatnonzero(pairs)
    columns = {"mean_tv": tv, "mean_tv_corrected": fair, "low": low, "high": high, "pairs": pairs.astype(np.int64)}
    chosen = {name: values[question] for name, values in columns.items()}
    table = pd.DataFrame({**_described(survey.questions, question), **chosen, "answers": "given"})
    return _ranked(table.iloc[np.lexsort((question, -tv[question], -low[question]))])


def expected_shares(
    personas: Personas, survey: Survey, embedder: Embedder
) -> tuple[list[str], FloatArray, FloatArray, IntArray]:
    """Weighted mean of the answers expected of each persona's members, and of the population.

    Of a question that is only asked after certain answers to another, they are expected of those who are asked it.

    Args:
        personas: Those with at least two members.
        survey: Weights; the population are its respondents that the embedder was fitted on.
        embedder: A fitted embedder.

    Returns:
        The groups' names, their shares of shape ``[groups, options]``, NaN where none of them is asked; the
        population's of shape ``[options]``; and the number of members who are asked, shape ``[groups, questions]``.
        Options are those of ``embedder.questions_``.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona, survey and embedder hold no member in common.
    """
    row = positions(survey.respondents, embedder.ids_)
    if not (row >= 0).any():
        raise SurveyError(f"the embedder was fitted on no respondent of {survey!r}: give the survey it was fitted on")
    known = replace(survey.select(row >= 0, []), name=survey.name)
    groups, members = membership(personas, known)
    asked, offsets = _asked(survey, embedder)[row >= 0], embedder.offsets_
    weights = np.vstack([members.toarray(), everybody(known).toarray()]) * known.weight
    sums = np.zeros((len(weights), int(offsets[-1])))
    for block, expected in embedder.predict_blocks(embedder.respondents_[row[row >= 0]]):
        sums += weights[:, block] @ np.where(repeat_options(asked[block], offsets), expected, 0)
    shares, counts = option_shares(sums, offsets), (members @ asked).astype(np.int64)
    return [group.name for group in groups], shares[:-1], shares[-1], counts


def _asked(survey: Survey, embedder: Embedder) -> BoolArray:
    """Who is asked which of the embedder's questions: those whom filters lead to it, and those who answered."""
    asked = reached(survey, filtered_questions(survey))
    for pairs in (survey.answers, survey.refusals):
        asked[pairs.respondent, pairs.question] = True
    columns = positions((question.id for question in embedder.questions_), survey.question_index)
    return np.where(columns == NOWHERE, True, asked[:, columns])


def _any_option(shares: Shares) -> FloatArray:
    """p-values of the hypothesis that members and population choose all options alike; ``[groups, questions]``."""
    tests = shares.over_blocks((shares.population > 0).astype(np.float64))
    smallest = np.minimum.reduceat(shares.p_values(), shares.offsets[:-1], axis=1)
    return np.asarray(np.minimum(smallest * np.where(tests > 2, tests, 1), 1))  # two options are one test


def _imputed_distinguishing(personas: Personas, survey: Survey, embedder: Embedder) -> pd.DataFrame:
    names, share, population, counts = expected_shares(personas, survey, embedder)
    offsets, questions = embedder.offsets_, embedder.questions_
    tv = sum_options(np.abs(share - population), offsets) / 2
    best = _option_shown(share - population, questions)
    group, question = np.nonzero(~np.isnan(tv))
    columns = {
        "tv": tv[group, question],
        "tv_corrected": np.nan,
        "low": np.nan,
        "high": np.nan,
        "adjusted_p": np.nan,
        "respondents": counts[group, question],
        "option": _texts(questions)[best[group, question]],
        "share": share[group, best[group, question]],
        "share_low": np.nan,
        "share_high": np.nan,
        "population_share": population[best[group, question]],
        "population_low": np.nan,
        "population_high": np.nan,
        "answers": "imputed",
    }
    table = pd.DataFrame(
        {"persona": np.array(names, dtype=object)[group], **_described(questions, question), **columns}
    )
    return _ranked(table.iloc[np.lexsort((question, -tv[group, question], group))], ["persona"])


def _imputed_separating(personas: Personas, survey: Survey, embedder: Embedder) -> pd.DataFrame:
    names, share, _, _ = expected_shares(personas, survey, embedder)
    distance, pairs = np.zeros(len(embedder.questions_)), np.zeros(len(embedder.questions_), np.int64)
    for group in range(len(names) - 1):
        apart = sum_options(np.abs(share[group] - share[group + 1 :]), embedder.offsets_) / 2
        distance += np.nansum(apart, axis=0)
        pairs += (~np.isnan(apart)).sum(axis=0)
    question = np.flatnonzero(pairs)
    mean = distance[question] / pairs[question]
    columns = {"mean_tv": mean, "mean_tv_corrected": np.nan, "low": np.nan, "high": np.nan, "pairs": pairs[question]}
    table = pd.DataFrame({**_described(embedder.questions_, question), **columns, "answers": "imputed"})
    return _ranked(table.iloc[np.argsort(-mean, kind="stable")])


def _ranked(table: pd.DataFrame, within: Sequence[str] = ()) -> pd.DataFrame:
    """A sorted table with ranks overall and within topics; ``within`` names the columns in which they begin again."""
    table = table.reset_index(drop=True)
    one = pd.Series(0, index=table.index)
    rank = table.groupby([table[name] for name in within] or one, sort=False).cumcount() + 1
    in_topic = table.groupby([*within, "topic"], dropna=False, sort=False).cumcount() + 1
    table.insert(len(within), "rank", rank)
    table.insert(len(within) + 1, "rank_in_topic", in_topic)
    return table


def _option_shown(excess: FloatArray, questions: Sequence[Question]) -> IntArray:
    """The option most over-chosen of each question, of a checkbox that it is selected; ``[groups, questions]``.

    Args:
        excess: Shares minus those of the population, shape ``[groups, options]``.
        questions: Whose options they are.
    """
    offsets = offsets_of(questions)
    peak = repeat_options(np.maximum.reduceat(excess, offsets[:-1], axis=1), offsets)
    place = np.where(excess == peak, np.arange(excess.shape[1]), excess.shape[1])
    first: IntArray = np.minimum.reduceat(place, offsets[:-1], axis=1)
    boxes = np.array([question.stem is not None for question in questions], np.bool_)
    return np.where(boxes, offsets[:-1] + 1, first)


def _texts(questions: Sequence[Question]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return np.array([option.text for question in questions for option in question.options], dtype=object)


def _described(questions: Sequence[Question], chosen: IntArray) -> dict[str, list[str | None]]:
    asked = [questions[j] for j in chosen]
    return {
        "question": [question.id for question in asked],
        "text": [question.text for question in asked],
        "topic": [question.topic for question in asked],
    }
