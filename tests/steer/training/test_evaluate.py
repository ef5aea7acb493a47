"""Temperature scaling."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.evaluate import best_temperature
from personaspace.survey.validation import validation_mask
from tests.steer.conftest import opposed_survey


@pytest.mark.parametrize("true", [0.5, 2.0, 4.0])
def test_the_temperature_by_which_answers_were_drawn_is_found(true: float) -> None:
    rng = np.random.default_rng(0)
    logits = torch.from_numpy(rng.normal(size=(20_000, 4)) * 3)
    logits[::2, 3] = -torch.inf
    chosen = torch.multinomial((logits / true).softmax(-1), 1, generator=torch.Generator().manual_seed(0))[:, 0]
    assert best_temperature(logits, chosen) == pytest.approx(true, rel=0.05)


def test_calibration_lowers_the_log_loss_watched_and_moves_no_answer(question_aware: SteeredLM) -> None:
    survey, space = opposed_survey()
    held = validation_mask(survey)
    answers = survey.answers.where(held)
    assert question_aware.temperature_ != 1

    def predictions(lm: SteeredLM) -> Any:
        rows = zip(answers.respondent, answers.question, strict=True)
        return np.concatenate([lm.predict(space.vectors[[i]], survey.questions[j]) for i, j in rows])

    calibrated = predictions(question_aware)
    plain = question_aware.untrained()
    plain.soft_prompt_ = question_aware.soft_prompt_
    raw = predictions(plain)
    at = np.arange(len(answers)), answers.option
    assert -np.log(calibrated[at]).mean() < -np.log(raw[at]).mean()
    assert np.array_equal(calibrated.argmax(axis=1), raw.argmax(axis=1))
    expected = raw ** (1 / question_aware.temperature_)
    np.testing.assert_allclose(calibrated, expected / expected.sum(axis=1, keepdims=True), rtol=1e-4)


def test_one_watched_answer_cannot_make_a_model_certain() -> None:
    assert best_temperature(torch.tensor([[1.0, 0.0]]), torch.tensor([0])) == pytest.approx(0.25)
    assert best_temperature(torch.empty(0, 2), torch.empty(0, dtype=torch.long)) == 1
