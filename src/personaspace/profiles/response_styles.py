"""Response styles of personas: how often members choose middles or ends, beside everybody else."""

from __future__ import annotations

import numpy as np
import pandas as pd

from personaspace.persona.method_effects import response_styles
from personaspace.persona.personas import Personas
from personaspace.profiles.shares import membership
from personaspace.survey.normal import Z95
from personaspace.survey.survey import Survey


def style_shares(personas: Personas, survey: Survey) -> pd.DataFrame:
    """Compare how far the members of each persona show each response style with everybody else.

    Args:
        personas: Those with at least two members.
        survey: Answers, refusals and weights.

    Returns:
        A row per persona and style (:func:`~personaspace.persona.method_effects.response_styles`) that its members
        could show: ``persona, style, share, population_share, excess, low``. ``share`` is that of the members' answers
        which show the style (of ``"same end"`` their mean position), ``population_share`` the population's on the same
        questions. ``excess`` is the difference from everybody but the members, (share - population_share) / (1 - part),
        with part the members' part of these answers; ``low`` is the end of its 95% interval nearer to 0, the sign
        aside: linearised, members as primary sampling units, negative where the interval holds 0.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.
    """
    groups, members = membership(personas, survey)
    rows = []
    for name, style in response_styles(survey).items():
        answers, over = survey.weight * style.answers, survey.weight * (style.shown - style.expected)
        asked, more = members @ answers, members @ over
        for place, group in enumerate(groups):
            part = asked[place] / answers.sum()
            if not asked[place] or part >= 1:
                continue
            excess = more[place] / asked[place]
            mine = members[[place]].indices
            error = Z95 * np.linalg.norm(over[mine] - excess * answers[mine]) / asked[place]
            usual = (members[[place]] @ (survey.weight * style.expected))[0] / asked[place]
            rows.append(
                {
                    "persona": group.name,
                    "style": name,
                    "share": usual + excess,
                    "population_share": usual,
                    "excess": excess / (1 - part),
                    "low": (abs(excess) - error) / (1 - part),
                }
            )
    return pd.DataFrame(rows, columns=["persona", "style", "share", "population_share", "excess", "low"])
