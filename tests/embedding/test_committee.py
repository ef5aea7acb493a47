"""The committee: a weighted product of its members' predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from personaspace.embedding.autoencoder.model import Autoencoder
from personaspace.embedding.base import Embedder
from personaspace.embedding.committee import Committee
from personaspace.embedding.ease import EASE
from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.gaussian import Gaussian
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.embedding.registry import load_embedder
from personaspace.errors import SettingError
from personaspace.evaluation.measures.metrics import log_loss
from personaspace.evaluation.rows.baselines import embedder_alone
from personaspace.survey.simulate import simulate
from personaspace.survey.split import split

PARTS = split(simulate(respondents=400, seed=3), held_out_questions=0, seed=0)


@pytest.fixture(scope="module")
def fitted() -> Committee:
    return Committee(dim=52, epochs=8).fit(PARTS.train)


def alone() -> list[Embedder]:
    members = (
        Autoencoder(dim=16, epochs=8, calibrated=False),
        Factorization(dim=2, epochs=8, solver="alternating", calibrated=False),
        Factorization(dim=2, epochs=8, solver="alternating", loss="cross-entropy", calibrated=False),
        Gaussian(dim=8, calibrated=False),
        EASE(dim=24, calibrated=False),
    )
    return [member.fit(PARTS.train) for member in members]


def test_predictions_are_the_weighted_product_of_the_members(fitted: Committee) -> None:
    members = alone()
    known = PARTS.known(10)
    logs = sum(w * np.log(m.predict(m.embed(known))) for w, m in zip(fitted.weights_, members, strict=True))
    np.testing.assert_allclose(
        fitted.predict(fitted.embed(known)), OptionSoftmax(fitted.offsets_).softmax(np.asarray(logs)), atol=1e-4
    )


def test_every_member_takes_up_as_much_of_the_space(fitted: Committee) -> None:
    for part in np.split(fitted.respondents_, [16, 18, 20, 28], axis=1):
        assert np.square(part).sum(1).mean() == pytest.approx(1, abs=1e-4)


def test_its_log_loss_is_less_than_that_of_its_members(fitted: Committee) -> None:
    test = PARTS.held_out_answers
    losses = [float(log_loss(embedder_alone(embedder, embedder.respondents_, test))) for embedder in (fitted, *alone())]
    assert losses[0] < min(losses[1:])


def test_members_are_saved_with_it(fitted: Committee, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    np.testing.assert_array_equal(load_embedder(tmp_path).embed(PARTS.known(5)), fitted.embed(PARTS.known(5)))


def test_dimensions_are_shared_out() -> None:
    with pytest.raises(SettingError, match="dim is 100: give a multiple of 26, such as 104"):
        Committee(dim=100).check()
