from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from personaspace.embedding.settings import Settings, check_between, check_learnable, check_whole
from personaspace.errors import SettingError, SurveyError, UnknownNameError
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


@pytest.mark.parametrize("value", [0, 1.0, True, "2"])
def test_whole_numbers(value: int) -> None:
    with pytest.raises(SettingError, match=f"cups is {value!r}: a whole number from 1 up is allowed"):
        check_whole("cups", value, least=1)
    check_whole("cups", 1, least=1)


@pytest.mark.parametrize("value", [0.0, 2.0, float("nan")])
def test_numbers_between_bounds(value: float) -> None:
    with pytest.raises(SettingError, match="a number between 0 and 2 is allowed"):
        check_between("litres", value, 0, 2)
    check_between("litres", 1.9, 0, 2)


def test_a_survey_without_answers_is_refused() -> None:
    survey = simulate(respondents=10)
    with pytest.raises(SurveyError, match="at least two respondents and one answer"):
        check_learnable(survey.with_answers(np.zeros(len(survey.answers), np.bool_)))
