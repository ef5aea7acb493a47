"""Checks of settings say what is allowed, bounds that are not allowed themselves among it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import personaspace as ps
from personaspace.checks import check_number
from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.embedding.registry import load_embedder
from personaspace.errors import SettingError
from personaspace.persona.groups import demographic_personas
from personaspace.survey.simulate import simulate


def test_bounds_that_are_not_allowed_themselves_are_said() -> None:
    for value in (0, 1.0, math.nan):
        with pytest.raises(SettingError, match=r"level is .*: give a number above 0, below 1"):
            check_number("level", value, 0, 1, above=True, below=True)
    with pytest.raises(SettingError, match=r"dropout is 1: give a number from 0 to below 1"):
        check_number("dropout", 1, 0, 1, below=True)
    assert check_number("dropout", 0, 0, 1, below=True) == 0


def test_an_embedder_takes_and_saves_numbers_of_numpy(tmp_path: Path) -> None:
    dim: Any = np.int64(4)
    embedder = LightGCN(dim=dim, epochs=1, prior=np.float32(2)).fit(simulate(respondents=20))  # type: ignore[arg-type]
    embedder.save(tmp_path)
    assert load_embedder(tmp_path).get_params() == LightGCN(dim=4, epochs=1, prior=2.0).get_params()


@pytest.mark.parametrize(
    ("function", "settings", "says"),
    [
        ("choose_k", {"ks": 3}, r"ks is 3: give a list of whole numbers, such as \[4, 6\]"),
        ("choose_k", {"ks": "23"}, "ks is '23': give a list"),
        ("choose_k", {"ks": ["many"]}, "each of ks is 'many': give a whole number from 1 up"),
        ("explained_variance", {"ks": 3}, "ks is 3: give a list"),
        ("map_respondents", {"seed": "a"}, "seed is 'a': give a whole number from 0"),
        ("map_respondents", {"sample": 2.5}, "sample is 2.5: give a whole number from 4 up"),
        ("profile", {"min_answers": "x"}, "min_answers is 'x': give a whole number from 0 up"),
    ],
)
def test_settings_of_functions_are_checked_like_others(function: str, settings: dict[str, Any], says: str) -> None:
    survey = simulate(respondents=40, seed=0)
    embedder = Factorization(dim=2, epochs=1).fit(survey)
    personas = demographic_personas(embedder, survey, "sex")
    given: dict[str, tuple[Any, ...]] = {
        "choose_k": (embedder, survey),
        "explained_variance": (embedder, ps.split(survey), personas),
        "map_respondents": (embedder, personas),
        "profile": (personas, survey),
    }
    with pytest.raises(SettingError, match=says):
        getattr(ps, function)(*given[function], **settings)
