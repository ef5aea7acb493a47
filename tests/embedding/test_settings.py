from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from personaspace.embedding.settings import Settings, check_learnable
from personaspace.errors import SurveyError, UnknownNameError
from personaspace.survey.simulate import simulate


@dataclass(eq=False)
class Kettle(Settings):
    name = "kettle"
    litres: float = 1.5
    cups: int = 6


def test_settings_are_read_and_changed_by_name() -> None:
    kettle = Kettle(cups=4)
    assert kettle.get_params() == {"litres": 1.5, "cups": 4}
    assert kettle.set_params(litres=2.0) is kettle
    assert kettle.get_params(deep=False) == {"litres": 2.0, "cups": 4}


def test_an_unknown_setting_names_its_neighbour_and_changes_nothing() -> None:
    kettle = Kettle()
    with pytest.raises(UnknownNameError, match="unknown setting of kettle 'liters': did you mean 'litres'"):
        kettle.set_params(cups=1, liters=3)
    assert kettle.cups == 6


def test_a_survey_without_answers_is_refused() -> None:
    survey = simulate(respondents=10)
    with pytest.raises(SurveyError, match="at least two respondents and one answer"):
        check_learnable(survey.with_answers(np.zeros(len(survey.answers), np.bool_)))
