"""Several steered models that answer as one."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.errors import SettingError
from personaspace.steer.ensemble import Ensemble
from personaspace.steer.steered_lm import SteeredLM
from tests.steer.conftest import Points

TEA = ("How do you take tea?", ["Black", "With milk", "Not at all"])


def test_an_ensemble_answers_with_the_mean_and_tells_the_spread(question_aware: SteeredLM) -> None:
    members = [question_aware, question_aware.untrained()]
    lm, points = Ensemble(members), Points(4)
    first, second = (member.ask(*TEA, points, orders=2) for member in members)
    poll = lm.poll(*TEA, points, orders=2)
    np.testing.assert_allclose(poll.probabilities, (first + second) / 2, atol=1e-6)
    assert poll.spread is not None
    np.testing.assert_allclose(poll.spread, np.abs(first - second) / np.sqrt(2), atol=1e-6)
    alike = Ensemble([question_aware, question_aware]).poll(*TEA, points)
    assert alike.spread is not None
    assert alike.spread.to_numpy().max() < 1e-7
    with pytest.raises(SettingError, match="at least two"):
        Ensemble([question_aware])


def test_models_that_know_refusals_do_not_mix_with_others(question_aware: SteeredLM) -> None:
    with pytest.raises(SettingError, match="some do not"):
        Ensemble([question_aware, SteeredLM(question_aware.model, refusals=True)])
