from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from personaspace.embedding.autoencoder.model import Autoencoder
from personaspace.errors import SettingError
from personaspace.survey.arrays import BoolArray
from personaspace.survey.simulate import simulate
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask


def test_the_autoencoder_learns_nothing_from_who_weighs_nothing() -> None:
    survey = simulate(respondents=400, seed=0)
    nothing = np.arange(400) < 200
    survey = replace(survey, weights=np.where(nothing, 0.0, 1.0))
    changed = _other_answers(survey, nothing)
    one, other = (Autoencoder(dim=4, epochs=1, weighted=True, patience=1).fit(each) for each in (survey, changed))
    moved = np.abs(one.encoder_ - other.encoder_).max()
    unweighted = (Autoencoder(dim=4, epochs=1, patience=1).fit(each).encoder_ for each in (survey, changed))
    assert moved < 1e-6 < np.abs(np.subtract(*unweighted)).max()


def _other_answers(survey: Survey, who: BoolArray) -> Survey:
    answers, sizes = survey.answers, np.diff(survey.offsets)
    change = who[answers.respondent] & ~validation_mask(survey)
    option = np.where(change, (answers.option + 1) % sizes[answers.question], answers.option)
    return replace(survey, answers=replace(answers, option=option))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ordinal": -1}, "ordinal is -1"),
        ({"hidden": (0.2, 1.5)}, r"hidden is 1\.5"),
        ({"dropout": 1.0}, r"dropout is 1\.0"),
    ],
)
def test_settings_outside_what_is_allowed(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Autoencoder(**settings).check()
