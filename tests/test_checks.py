"""Checks of settings say what is allowed, bounds that are not allowed themselves among it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personaspace.checks import check_number
from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.embedding.registry import load_embedder
from personaspace.errors import SettingError
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
