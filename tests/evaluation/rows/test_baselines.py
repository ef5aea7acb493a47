"""Baselines on surveys small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.errors import SettingError, UnknownNameError
from personaspace.evaluation.measures.metrics import macro_accuracy
from personaspace.evaluation.rows.baselines import embedder_alone, group_majority, majority
from personaspace.survey.arrays import Vectors
from tests.embedding.unlearned import Unlearned
from tests.evaluation.counted import ABORTION, SCHOOL, TAX, TAXES, TRAIN, question, survey


def test_majority_is_the_smoothed_share_whatever_the_order_of_questions() -> None:
    test = survey("xb", [SCHOOL, TAX], [(0, 0, 1), (1, 1, 0)])
    predictions = majority(TRAIN, test)
    np.testing.assert_allclose(predictions.probabilities, [[2 / 6, 1 / 6, 3 / 6], [2 / 6, 4 / 6, 0]])
    assert predictions.option.tolist() == [1, 0]


def test_a_question_without_answers_takes_the_places_of_questions_as_long() -> None:
    test = survey("a", [TAXES, ABORTION], [(0, 0, 2), (0, 1, 3)])
    predictions = majority(TRAIN, test)
    np.testing.assert_allclose(predictions.probabilities[0], [2 / 6, 1 / 6, 3 / 6, 0])
    np.testing.assert_allclose(predictions.probabilities[1], 1 / 4)


def test_group_majority_follows_the_group_and_falls_back_to_everybody() -> None:
    test = survey("xyz", [SCHOOL], [(0, 0, 2), (1, 0, 0), (2, 0, 0)], party="DR-")
    everybody = np.array([2, 1, 3]) / 6
    democrats, republicans = np.array([0, 0, 2]), np.array([1, 0, 0])
    expected = np.array([(10 * everybody + democrats) / 12, (10 * everybody + republicans) / 11, everybody])
    np.testing.assert_allclose(group_majority(TRAIN, test, ["party"]).probabilities, expected)


def test_group_majority_wants_a_trait_both_surveys_have() -> None:
    test = survey("x", [SCHOOL], [(0, 0, 2)])
    with pytest.raises(UnknownNameError, match="unknown trait 'partei': did you mean 'party'"):
        group_majority(TRAIN, test, ["partei"])
    with pytest.raises(UnknownNameError, match="unknown trait 'party'"):
        group_majority(TRAIN, test, ["party"])


class Linear(Unlearned):
    """A vector holds its own answers' probabilities."""

    def predict(self, vectors: Vectors) -> Vectors:
        return vectors


LINEAR = Linear(dim=5).fit(survey("", [SCHOOL, TAX], []))
VECTORS = np.array([[0.1, 0.2, 0.7, 0.4, 0.6], [0.3, 0.3, 0.4, 0.9, 0.1], [1, 0, 0, 0, 1]], np.float32)


@pytest.mark.parametrize("block", [1, 2, 1024])
def test_embedder_alone_finds_each_answers_options(block: int) -> None:
    test = survey("xyz", [TAX, SCHOOL], [(2, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 2)])
    predictions = embedder_alone(LINEAR, VECTORS, test, block)
    expected = [[1.0, 0.0, 0.0], [0.4, 0.6, 0.0], [0.3, 0.3, 0.4], [0.1, 0.2, 0.7]]
    np.testing.assert_allclose(predictions.probabilities, expected, atol=1e-7)
    assert macro_accuracy(predictions) == pytest.approx(2 / 3)


def test_embedder_alone_refuses_what_it_cannot_know() -> None:
    with pytest.raises(SettingError, match="3 vectors for 1 respondents"):
        embedder_alone(LINEAR, VECTORS, survey("x", [TAX], [(0, 0, 0)]))
    with pytest.raises(SettingError, match="not fitted on question 'taxes'"):
        embedder_alone(LINEAR, VECTORS[:1], survey("x", [TAX, TAXES], [(0, 0, 0)]))


def test_a_question_that_changed_its_options_is_not_the_same() -> None:
    other = question("tax", TAX.text, "yes", "no")
    with pytest.raises(SettingError, match="'tax' does not have the same options"):
        majority(TRAIN, survey("x", [other], [(0, 0, 0)]))
