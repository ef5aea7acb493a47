"""Which respondents of a survey belong to which persona, as a matrix."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from personaspace.errors import SettingError, SurveyError
from personaspace.persona.personas import Persona, Personas
from personaspace.survey.survey import FloatArray, Survey


def membership(personas: Personas, survey: Survey) -> tuple[list[Persona], csr_array]:
    """The personas that stand for groups, and who is in them.

    Args:
        personas: Those without at least two members (single respondents, mixtures) are left out.
        survey: Members are found in it by id; those it does not hold are passed over.

    Returns:
        The groups, and a matrix of ones, shape ``[groups, respondents]``.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.
    """
    groups = [persona for persona in personas if len(persona.members) > 1]
    if not groups:
        raise SettingError("no persona has two members: profiles describe clusters and demographic groups")
    found = [[survey.respondent_index.get(name, -1) for name in group.members] for group in groups]
    rows = np.concatenate([np.array(row, dtype=np.int64) for row in found])
    group = np.repeat(np.arange(len(groups)), [len(row) for row in found])
    group, rows = group[rows >= 0], rows[rows >= 0]
    missing = np.setdiff1d(np.arange(len(groups)), group)
    if len(missing):
        raise SurveyError(
            f"no member of persona {groups[int(missing[0])].name!r} is in {survey!r}: "
            "give the survey the personas were made from"
        )
    return groups, csr_array((np.ones(len(rows)), (group, rows)), shape=(len(groups), len(survey.respondents)))


def totals(members: csr_array, weights: FloatArray, has: csr_array) -> FloatArray:
    """Sum over each group's members of weight times property.

    Args:
        members: Shape ``[groups, respondents]``.
        weights: What each respondent counts, shape ``[respondents]``.
        has: Properties, shape ``[respondents, properties]``.

    Returns:
        Shape ``[groups, properties]``.
    """
    weighted = csr_array((members.data * weights[members.indices], members.indices, members.indptr), members.shape)
    return np.asarray((weighted @ has).toarray(), dtype=np.float64)


def everybody(survey: Survey) -> csr_array:
    """The population as one group of all respondents, shape ``[1, respondents]``."""
    return csr_array(np.ones((1, len(survey.respondents))))
