"""What neighbours share is counted as by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from personaspace.persona.neighbours import neighbours_share
from personaspace.survey.arrays import FloatArray
from personaspace.survey.survey import Survey
from tests.persona.planted import forms, styled


def shared(survey: Survey, places: FloatArray, nearest: int) -> dict[str, tuple[float, float]]:
    """Share and chance by name."""
    table = neighbours_share(places[:, None], places[:, None].astype(np.float32), survey, nearest, 0)
    return dict(zip(table["name"], zip(table["share"], table["chance"], strict=True), strict=True))


def test_traits_and_questions_by_hand() -> None:
    """Pairs of neighbours are a-b, c-d and e-a; only d has no party."""
    survey, form = forms(0, respondents=5, questions=30)
    traits = pd.DataFrame({"party": ["D", "D", "R", None, "R"], "unknown": [None] * 5})
    survey = Survey(survey.respondents, survey.questions, survey.answers, traits)
    found = shared(survey, np.array([0.0, 1.0, 10.0, 11.0, -2.0]), nearest=1)
    assert found["party"] == pytest.approx((2 / 3, 1 / 2))
    assert "unknown" not in found
    same = np.mean([form[one] == form[other] for one, other in ((0, 1), (1, 0), (2, 3), (3, 2), (4, 0))])
    assert found["questions answered"][0] == pytest.approx(same)


def test_forms_and_styles_are_shared_by_those_who_lie_together() -> None:
    survey, form = forms(0)
    place = form + np.random.default_rng(0).normal(0, 0.01, len(form))
    assert shared(survey, place, 10)["questions answered"] == pytest.approx((1, 1 / 3), abs=0.03)
    survey, shows = styled("middle", 0)
    assert shared(survey, shows.astype(np.float64), 10)["middle"][0] > 0.8
    anywhere = shared(survey, np.random.default_rng(1).random(300), 10)
    assert max(abs(share - chance) for share, chance in anywhere.values()) < 0.05
