"""Participation: whether personas differ in which questions their members answered, rather than in opinions.

Where a survey puts different questions to different people, an embedder may place respondents by what they were asked,
and clusters may then reproduce the waves or forms of the survey.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from personaspace.persona.method_effects import answered
from personaspace.persona.personas import Personas
from personaspace.profiles.shares import membership, totals
from personaspace.survey.arrays import IntArray
from personaspace.survey.survey import Survey


def asked_variance(labels: IntArray, survey: Survey, has: csr_array) -> float:
    """Adjusted share of the variance of participation (who answered which question) that lies between groups.

    Args:
        labels: Each respondent's group, -1 for none (taken as one more group), shape ``[respondents]``.
        survey: Weights.
        has: Of :func:`~personaspace.persona.method_effects.answered`.

    Returns:
        1 - (1 - R^2) (1 - 1/n) / (1 - sum_g p_g/n_g), with n and n_g the effective sizes (Kish) of the population and
        of group g, p_g its part of the weight, and R^2 = sum_g w_g sum_j (a_gj - a_j)^2 / sum_i w_i sum_j (1[i
        answered j] - a_j)^2, with a_gj the share of group g that answered question j. That is the adjusted R^2: it is
        0 on average for groups unrelated to participation, however many, where R^2 grows with their number. 0 where
        everybody answered everything; NaN where every group is one respondent.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=400)
        >>> has = answered(survey)
        >>> form = has.toarray()[:, 10].astype(np.int64)
        >>> abs(asked_variance(np.arange(400) % 2, survey, has)) < 0.01, asked_variance(form, survey, has) > 0.01
        (True, True)
    """
    groups = np.where(labels < 0, labels.max() + 1, labels)
    members = csr_array((np.ones(len(groups)), (groups, np.arange(len(groups)))))
    counts, weight = totals(members, survey.weight, has), np.asarray(members @ survey.weight)
    everybody = counts.sum(axis=0) / weight.sum()
    share = np.divide(counts, weight[:, None], out=np.tile(everybody, (len(weight), 1)), where=weight[:, None] > 0)
    between = float(weight @ ((share - everybody) ** 2).sum(axis=1))
    total = float(weight.sum() * (everybody * (1 - everybody)).sum())
    if total <= 0:
        return 0.0
    squares = np.asarray(members @ survey.weight**2)
    within = 1 - float(np.divide(squares, weight, out=np.zeros_like(weight), where=weight > 0).sum() / weight.sum())
    alone = 1 - float(squares.sum() / weight.sum() ** 2)
    return 1 - (1 - between / total) * alone / within if within > 1e-9 else float("nan")


def asked_most_apart(personas: Personas, survey: Survey) -> pd.DataFrame:
    """Find for each persona the question whose response rate differs most from the population's.

    Args:
        personas: Those with at least two members.
        survey: Answers and weights.

    Returns:
        A row per persona: ``persona, question, text, share, population_share, rest_share``, the shares of members, of
        the population and of everybody but the members who answered the question.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member, or it has no questions.
    """
    groups, members = membership(personas, survey)
    has, all_weight = answered(survey), survey.weight.sum()
    weight = np.asarray(members @ survey.weight)[:, None]
    theirs, everybody = totals(members, survey.weight, has), survey.weight @ has
    with np.errstate(invalid="ignore"):
        share = np.nan_to_num(theirs / weight)
        rest = (everybody - theirs) / (all_weight - weight)
    everybody = everybody / all_weight
    most = np.abs(share - everybody).argmax(axis=1)
    return pd.DataFrame(
        {
            "persona": [group.name for group in groups],
            "question": [survey.questions[j].id for j in most],
            "text": [survey.questions[j].text for j in most],
            "share": share[np.arange(len(groups)), most],
            "population_share": everybody[most],
            "rest_share": rest[np.arange(len(groups)), most],
        }
    )
