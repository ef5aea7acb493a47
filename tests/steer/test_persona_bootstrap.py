"""Resampling the respondents behind a persona."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from personaspace.errors import SurveyError
from personaspace.steer.persona_bootstrap import Bootstrap
from tests.steer.conftest import Camp, Camps, Points, opposed_survey


def test_intervals_are_as_wide_as_the_mean_is_uncertain() -> None:
    """A persona's resampled vectors lie around it with the standard error of its members' mean."""
    space = Points(400)
    first, second = Bootstrap(space, resamples=2000).points(Camps(space))
    assert first is not None and second is not None
    people = space.vectors[:200]
    np.testing.assert_allclose(first.mean(axis=0), people.mean(axis=0), atol=0.006)
    np.testing.assert_allclose(first.std(axis=0), people.std(axis=0) / np.sqrt(200), rtol=0.1)
    (alone,) = Bootstrap(space, resamples=2000).points(Camps(space)[1])
    assert alone is not None and np.array_equal(alone, second)


def test_members_count_by_their_weight() -> None:
    """Members of weight 0 have no effect; the spread is that of a weighted mean."""
    survey, space = opposed_survey(respondents=40, questions=2)
    weights = np.where(np.arange(40) < 10, 0.0, np.arange(40) + 1.0)
    (drawn,) = Bootstrap(space, replace(survey, weights=weights), 4000).points(
        Camp("all", 0 * space.vectors[0], space.ids_)
    )
    (alike,) = Bootstrap(space, resamples=4000).points(Camp("all", 0 * space.vectors[0], space.ids_[10:]))
    assert drawn is not None
    assert alike is not None
    share = weights / weights.sum()
    around = space.vectors - share @ space.vectors
    expected = np.sqrt((share**2) @ around**2)  # of a weighted mean, to first order
    np.testing.assert_allclose(drawn.std(axis=0), expected, rtol=0.12)
    assert (drawn.std(axis=0) / alike.std(axis=0)).mean() > 1
    with pytest.raises(SurveyError, match="not in the survey"):
        Bootstrap(space, survey.select(respondents=range(5))).points(
            Camp("all", space.vectors[0], space.ids_)
        ).__next__()
