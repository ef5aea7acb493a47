"""The question prior: exact where asked, learnt from like questions where not, independent of the answer left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from personaspace.errors import RunError
from personaspace.files import read_tensors, write_json, write_tensors
from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.newquestions.option_weights import Axes
from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Question
from tests.newquestions.asked import ASKED, question, states_of


def weights_of(questions: tuple[Question, ...], dim: int = 2) -> FloatArray:
    """Respondents far along the first axis trust banks, along the second they like parks."""
    rows = []
    for q in questions:
        axis = 0 if "Banks" in q.text else 1
        for place in np.linspace(1, -1, len(q.options)):
            rows.append([0.0, *(place * (axis == d) for d in range(dim))])
    return np.array(rows)


def prior_of(questions: tuple[Question, ...], **how: Any) -> QuestionPrior:
    """Of respondents who differ as much along both axes, and are nobody's friend on average."""
    axes = Axes.of(np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], np.float32))
    return QuestionPrior(questions, weights_of(questions), axes, states_of(questions), **how)


@pytest.fixture
def prior() -> QuestionPrior:
    return prior_of(ASKED)


def test_leaving_a_question_out_equals_never_having_asked_it(prior: QuestionPrior) -> None:
    """The closed form against a prior of the other questions, whose texts are compared by the same words."""
    for left_out, expected in enumerate(prior.leave_one_out):
        others = tuple(asked for place, asked in enumerate(ASKED) if place != left_out)
        alone = prior_of(others, kernels=tuple(one.settings for one in prior._regressions))
        texts = prior._texts
        vars(alone).update(_texts=texts, _known=texts.of(others, states_of(others)))
        by_hand = alone.distribution(ASKED[left_out], torch.from_numpy(states_of(ASKED)[left_out])).option_weights()
        torch.testing.assert_close(expected.weights, by_hand.weights, atol=1e-5, rtol=0)
        assert expected.uncertainty == pytest.approx(by_hand.uncertainty)


def test_of_questions_alike_in_words_the_one_with_the_id_is_meant() -> None:
    """Rows of a grid whose items are not named have one text, and answers of their own."""
    twin = replace(ASKED[0], id="twin")
    questions = (*ASKED, twin)
    weights = weights_of(questions)
    weights[-len(twin.options) :] *= -1
    axes = Axes.of(np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], np.float32))
    prior = QuestionPrior(questions, weights, axes)
    first, last = prior.own[0].weights, prior.own[-1].weights
    assert not torch.equal(first, last)
    for asked, expected in ((ASKED[0], first), (twin, last), (replace(twin, id="whichever"), first)):
        assert torch.equal(prior.of(asked).weights, expected)


def test_an_asked_question_is_expected_as_the_space_says_under_whatever_id(prior: QuestionPrior) -> None:
    for asked, own in zip(ASKED, prior.own, strict=True):
        again = replace(asked, id="asked again")
        expected = prior.of(again, torch.zeros(len(states_of(ASKED)[0])))
        assert torch.equal(expected.weights, own.weights)
        assert expected.uncertainty == 0
        turned = prior.of(replace(asked, options=asked.options[::-1]))
        assert torch.equal(turned.weights, own.weights.flip(0))
    other = replace(ASKED[0], options=ASKED[0].options[:2])
    assert prior.of(other, torch.from_numpy(states_of((other,))[0])).uncertainty > 0


def test_a_new_question_is_expected_as_its_like_were_answered(prior: QuestionPrior) -> None:
    new = question("Banks can be trusted with a loan")
    expected = prior.of(new, torch.from_numpy(states_of((new,))[0]))
    trusting = expected.log_odds(torch.tensor([[2.0, 0.0], [-2.0, 0.0], [0.0, 2.0]])).softmax(dim=1)
    assert trusting[0].argmax() == 0
    assert trusting[1].argmax() == 2
    assert (trusting[2] - 1 / 3).abs().max() < 0.1


def test_without_the_only_question_nothing_is_expected() -> None:
    prior = prior_of(ASKED[:1])
    assert prior.leave_one_out[0].weights.abs().max() < 1e-6


def test_of_too_many_questions_every_second_is_learnt_from(
    monkeypatch: pytest.MonkeyPatch, prior: QuestionPrior
) -> None:
    monkeypatch.setattr("personaspace.newquestions.gaussian_process.MOST_OPTIONS", 8)
    cut = prior_of(ASKED)
    kept = [0, 2, 4]
    alone = prior_of(tuple(ASKED[i] for i in kept))
    for place, question_kept in enumerate(kept):
        assert torch.equal(cut.leave_one_out[question_kept].weights, alone.leave_one_out[place].weights)
    for other in (1, 3):
        new = alone.of(ASKED[other], torch.from_numpy(states_of(ASKED)[other]))
        torch.testing.assert_close(cut.leave_one_out[other].weights, new.weights)
    assert [e.weights.shape for e in cut.own] == [e.weights.shape for e in prior.own]


def test_options_in_another_order_are_the_same_options(prior: QuestionPrior) -> None:
    points, order = torch.randn(5, 2), [2, 0, 1]
    expected = prior.leave_one_out[0]
    turned = expected.ordered(order)
    torch.testing.assert_close(turned.log_odds(points), expected.log_odds(points)[:, order])
    assert turned.uncertainty == expected.uncertainty


@pytest.mark.parametrize("factors", [True, False])
def test_saved_equals_loaded(prior: QuestionPrior, tmp_path: Path, factors: bool) -> None:
    prior.save(tmp_path, factors=factors)
    assert ("slopes_factor" in read_tensors(tmp_path / "question_prior.safetensors")) is factors
    loaded = QuestionPrior.load(tmp_path)
    new, states = question("Banks and parks"), torch.ones(3)
    assert torch.equal(loaded.of(new, states).weights, prior.of(new, states).weights)
    assert loaded.of(new, states).uncertainty == prior.of(new, states).uncertainty


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"states": np.full((4, 8), np.nan)}, "not finite|has shape"),
        ({"log_odds": np.zeros((1, 3))}, r"'log_odds' has shape \[1, 3\]"),
        ({"states": np.zeros(3)}, r"'states' has shape \[3\]"),
        ({"slopes_factor": np.eye(2)}, r"'slopes_factor' has shape \[2, 2\]"),
        ({"scale": np.ones(5)}, "has shape"),
    ],
)
def test_a_damaged_prior_is_refused(
    prior: QuestionPrior, changes: dict[str, FloatArray], says: str, tmp_path: Path
) -> None:
    prior.save(tmp_path)
    path = tmp_path / "question_prior.safetensors"
    write_tensors(path, read_tensors(path) | changes)
    with pytest.raises(RunError, match=says):
        QuestionPrior.load(tmp_path)


def test_a_prior_of_an_earlier_version_is_refused_as_such(prior: QuestionPrior, tmp_path: Path) -> None:
    prior.save(tmp_path)
    write_json(tmp_path / "question_prior.json", [asked.to_json() for asked in ASKED])
    with pytest.raises(RunError, match="is not of format 2, which this version reads: make it again"):
        QuestionPrior.load(tmp_path)
