from __future__ import annotations

import numpy as np
import pytest

from personaspace.errors import SurveyError
from personaspace.survey.scale import Scale


@pytest.mark.parametrize("scale", [Scale(0, 100), Scale(-3, 3, 7), Scale(1e6, 1e6 + 1, 11), Scale(0, 1, 1001)])
def test_every_grid_point_is_nearest_to_itself_and_has_a_label_of_its_own(scale: Scale) -> None:
    assert scale.nearest(scale.numbers).tolist() == list(range(scale.points))
    assert len(set(scale.labels)) == scale.points
    numbers = np.random.default_rng(0).uniform(scale.low, scale.high, 500)
    distance = np.abs(numbers[:, None] - scale.numbers)
    np.testing.assert_allclose(distance[np.arange(500), scale.nearest(numbers)], distance.min(axis=1))


@pytest.mark.parametrize(
    ("low", "high", "points", "says"),
    [
        (5, 5, 21, "scale from 5 to 5: give two finite numbers"),
        (0, float("inf"), 21, "two finite numbers"),
        (0, 1, 1, "1 points: from 2 to 1001"),
    ],
)
def test_what_is_no_scale_is_refused(low: float, high: float, points: int, says: str) -> None:
    with pytest.raises(SurveyError, match=says):
        Scale(low, high, points)
