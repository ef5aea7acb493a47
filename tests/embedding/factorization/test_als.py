from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from personaspace.embedding.factorization.als import ALSLearner
from personaspace.embedding.factorization.model import Factorization
from personaspace.errors import SettingError, UnknownNameError
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Option, Question
from personaspace.survey.simulate import simulate
from personaspace.survey.survey import Survey


@pytest.fixture(scope="module")
def planted() -> tuple[Survey, FloatArray]:
    """Answers on fine scales: u ~ Normal(0, 1), residuals of .05 on half of the questions and .2 on the others."""
    rng = np.random.default_rng(0)
    slopes = rng.normal(0, 0.1, (20, 2))
    numbers = 0.5 + rng.normal(size=(800, 2)) @ slopes.T + rng.normal(size=(800, 20)) * np.repeat([0.05, 0.2], 10)
    scale = tuple(Option(str(step), step / 100) for step in range(101))
    rows, columns = np.nonzero(rng.random(numbers.shape) < 0.6)
    option = np.rint(100 * numbers.clip(0, 1)).astype(np.int64)[rows, columns]
    questions = tuple(Question(f"q{j}", f"How much {j}?", scale) for j in range(20))
    return Survey(tuple(f"r{i}" for i in range(800)), questions, Answers(rows, columns, option)), slopes


def learned(learner: ALSLearner, epochs: int) -> ALSLearner:
    losses = iter(range(epochs, 0, -1))
    learner.fit(lambda: next(losses), learning_rate=None, epochs=epochs, patience=1, on_epoch=None)
    return learner


def test_the_planted_covariance_and_variances_are_found(planted: tuple[Survey, FloatArray]) -> None:
    """Vectors are known up to a rotation, so what questions share is compared."""
    survey, slopes = planted
    learner = learned(ALSLearner(survey, survey.answers, 2, 0), 60)
    found = learner.parameters[1].numpy()
    assert np.corrcoef((found @ found.T).ravel(), (slopes @ slopes.T).ravel())[0, 1] > 0.98
    np.testing.assert_allclose((found @ found.T).diagonal().sum(), (slopes**2).sum(), rtol=0.1)
    np.testing.assert_allclose(np.sqrt(learner.variance()[:10]).mean(), 0.05, rtol=0.2)
    np.testing.assert_allclose(np.sqrt(learner.variance()[10:]).mean(), 0.2, rtol=0.1)


def test_a_weight_of_two_is_two_alike_and_of_none_is_nobody(planted: tuple[Survey, FloatArray]) -> None:
    half = planted[0].select(np.arange(60)).answers
    half = half.where(half.respondent < 30)
    twice = Answers(
        *(
            np.concatenate([half.respondent, half.respondent + 30]),
            *[np.tile(c, 2) for c in (half.question, half.option)],
        )
    )
    few = planted[0].select(np.arange(60))
    weighted = ALSLearner(few, few.answers, 2, 0, np.repeat([2.0, 0.0], 30))
    copied = ALSLearner(replace(few, answers=twice), twice, 2, 0)
    copied.parameters[2][:] = weighted.parameters[2]
    for one, other in zip(learned(weighted, 5).parameters[1:], learned(copied, 5).parameters[1:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4)


def test_what_it_cannot_do_is_said() -> None:
    with pytest.raises(SettingError, match=r"loss is 'cross-entropy': survey weights need loss='squared'"):
        Factorization(loss="cross-entropy", weighted=True).check()
    with pytest.raises(UnknownNameError, match="unknown solver 'als'"):
        Factorization(solver="als").check()


@pytest.mark.parametrize("solver", ["gradient", "alternating"])
def test_weights_of_one_change_nothing_and_others_do(solver: str) -> None:
    survey = simulate(respondents=100)
    settings = {"dim": 3, "solver": solver, "epochs": 2, "calibrated": False}
    plain = Factorization(**settings).fit(survey)  # type: ignore[arg-type]
    even = Factorization(**settings, weighted=True).fit(replace(survey, weights=None))  # type: ignore[arg-type]
    uneven = Factorization(**settings, weighted=True).fit(survey)  # type: ignore[arg-type]
    np.testing.assert_array_equal(plain.options_, even.options_)
    assert not np.allclose(plain.options_, uneven.options_)
