"""What a space expects of questions: exact where asked, learnt from like questions where not, blind to the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from personaspace.newquestions.cross_fitting import FOLDS, cross_fitted_vectors
from personaspace.newquestions.features import MOST_ALIKE, QuestionKernel
from personaspace.newquestions.gaussian_process import OptionWeights, QuestionPrior
from personaspace.newquestions.log_odds import log_odds, with_one
from personaspace.steer.soft_prompts.informed import PLACES, WIDTH, no_prior_features, told
from personaspace.steer.training.distillation import Distillation, informed, read_prior, write_prior
from personaspace.steer.training.examples import training_and_validation
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray, Vectors
from personaspace.survey.question import Option, Question, offsets_of
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask
from tests.steer.conftest import opposed_survey

SCALE = ("Strongly agree", "Agree", "Disagree")


def question(text: str, options: tuple[str, ...] = SCALE) -> Question:
    return Question(text, text, tuple(Option(option) for option in options))


ASKED = (
    question("Banks can be trusted"), question("Banks can be trusted with savings"),
    question("Parks are well kept"), question("Parks are well kept in winter"), question("Tea?", ("Yes", "No")),
)  # fmt: skip


def states_of(questions: tuple[Question, ...]) -> FloatArray:
    return np.array([[float("Banks" in q.text), float("Parks" in q.text), len(q.options)] for q in questions])


def weights_of(questions: tuple[Question, ...], dim: int = 2) -> FloatArray:
    """Who lies far along the first axis trusts banks, along the second likes parks."""
    rows = []
    for q in questions:
        axis = 0 if "Banks" in q.text else 1
        for place in np.linspace(1, -1, len(q.options)):
            rows.append([0.0, *(place * (axis == d) for d in range(dim))])
    return np.array(rows)


@pytest.fixture
def expectation() -> QuestionPrior:
    return QuestionPrior(ASKED, states_of(ASKED), weights_of(ASKED))


def test_likeness_is_symmetric_and_a_covariance() -> None:
    likeness = QuestionKernel(ASKED, states_of(ASKED))(ASKED, states_of(ASKED))
    np.testing.assert_allclose(likeness, likeness.T, atol=1e-12)
    assert np.linalg.eigvalsh(likeness).min() > -1e-9


def test_leaving_a_question_out_equals_never_having_asked_it(expectation: QuestionPrior) -> None:
    """The closed form against a regression on the other questions, with the kernel's words and scales as they are."""
    likeness = expectation._kernel(ASKED, states_of(ASKED))
    offsets = offsets_of(ASKED)
    for left_out, expected in enumerate(expectation.leave_one_out):
        block = np.arange(offsets[left_out], offsets[left_out + 1])
        others = np.setdiff1d(np.arange(offsets[-1]), block)
        noise = np.linalg.inv(expectation._inverse)[0, 0] - likeness[0, 0]
        inner = likeness[np.ix_(others, others)] + noise * np.eye(len(others))
        by_hand = likeness[np.ix_(block, others)] @ np.linalg.solve(inner, expectation.weights[others])
        np.testing.assert_allclose(expected.weights, by_hand, atol=1e-5)


def test_an_asked_question_is_expected_as_the_space_says_and_with_little_doubt(expectation: QuestionPrior) -> None:
    for asked, expected, of in zip(ASKED, expectation.smoothed, expectation.own, strict=True):
        direct = expectation.of(asked, torch.from_numpy(states_of((asked,))[0]))
        torch.testing.assert_close(direct.weights, expected.weights, atol=1e-6, rtol=1e-6)
        assert direct.doubt == pytest.approx(expected.doubt)
        assert (expected.weights - of.weights).abs().max() < 0.1
    asked_doubt = [expected.doubt for expected in expectation.smoothed]
    assert max(asked_doubt) < min(expected.doubt for expected in expectation.leave_one_out)


def test_a_new_question_is_expected_as_its_like_were_answered(expectation: QuestionPrior) -> None:
    new = question("Banks can be trusted with a loan")
    expected = expectation.of(new, torch.from_numpy(states_of((new,))[0]))
    trusting = expected.log_odds(torch.tensor([[2.0, 0.0], [-2.0, 0.0], [0.0, 2.0]])).softmax(dim=1)
    assert trusting[0].argmax() == 0
    assert trusting[1].argmax() == 2
    assert (trusting[2] - 1 / 3).abs().max() < 0.1


def test_texts_without_words_are_compared_as_they_stand() -> None:
    wordless = (question("???", ("+", "-")), question("!!!", ("+", "-")))
    likeness = QuestionKernel(wordless, np.eye(2))(wordless, np.eye(2))
    assert likeness[0, 2] > likeness[0, 3] > 0
    assert likeness[0, 0] == pytest.approx(MOST_ALIKE)


def test_the_only_question_is_expected_as_the_space_says() -> None:
    expectation = QuestionPrior(ASKED[:1], states_of(ASKED)[:1], weights_of(ASKED)[:3])
    assert (expectation.smoothed[0].weights - expectation.own[0].weights).abs().max() < 0.1
    assert expectation.leave_one_out[0].weights.abs().max() < 1e-6


def test_of_too_many_questions_every_second_is_learnt_from(
    monkeypatch: pytest.MonkeyPatch, expectation: QuestionPrior
) -> None:
    monkeypatch.setattr("personaspace.newquestions.gaussian_process.MOST_OPTIONS", 8)
    cut = QuestionPrior(ASKED, states_of(ASKED), weights_of(ASKED))
    kept = [0, 2, 4]
    alone = QuestionPrior(
        [ASKED[i] for i in kept], states_of(ASKED)[kept], weights_of(ASKED)[[0, 1, 2, 6, 7, 8, 12, 13]]
    )
    for place, question_kept in enumerate(kept):
        assert torch.equal(cut.smoothed[question_kept].weights, alone.smoothed[place].weights)
        assert torch.equal(cut.leave_one_out[question_kept].weights, alone.leave_one_out[place].weights)
    for other in (1, 3):
        new = alone.of(ASKED[other], torch.from_numpy(states_of(ASKED)[other]))
        torch.testing.assert_close(cut.smoothed[other].weights, new.weights)
        torch.testing.assert_close(cut.leave_one_out[other].weights, new.weights)
    assert [e.weights.shape for e in cut.own] == [e.weights.shape for e in expectation.own]


def test_what_is_expected_is_made_where_the_points_are(expectation: QuestionPrior) -> None:
    assert told(expectation.smoothed[0], torch.randn(3, 2, device="meta")).device.type == "meta"


def test_options_in_another_order_are_the_same_options(expectation: QuestionPrior) -> None:
    points, order = torch.randn(5, 2), [2, 0, 1]
    expected = expectation.smoothed[0]
    turned = expected.ordered(order)
    torch.testing.assert_close(turned.log_odds(points), expected.log_odds(points)[:, order])
    assert turned.doubt == expected.doubt


def test_saved_equals_loaded(expectation: QuestionPrior, tmp_path: Path) -> None:
    write_prior(expectation, tmp_path)
    loaded = read_prior(tmp_path)
    new, states = question("Banks and parks"), torch.ones(3)
    assert torch.equal(loaded.of(new, states).weights, expectation.of(new, states).weights)
    assert loaded.of(new, states).doubt == expectation.of(new, states).doubt


def test_log_odds_of_a_space_that_foretells_are_its_own() -> None:
    survey, space = opposed_survey(60, 4)
    slopes = np.random.default_rng(1).normal(size=(4, 2, 9))

    class Foretold:
        def predict_questions(self, vectors: FloatArray, ids: list[str]) -> list[FloatArray]:
            odds = [with_one(vectors) @ slopes[int(name[1:])].T for name in ids]
            return [(np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)).astype(np.float32) for o in odds]

    found = log_odds(survey, Foretold(), space.vectors).reshape(4, 2, 9)
    np.testing.assert_allclose(found, slopes - slopes.mean(axis=1, keepdims=True), atol=1e-4)


def test_log_odds_of_bare_points_are_learnt_from_answers() -> None:
    survey, space = opposed_survey(200, 4)
    found = log_odds(survey, space, space.vectors).reshape(4, 2, 9)
    answers = survey.answers
    odds = np.einsum("nd,nod->no", with_one(space.vectors)[answers.respondent], found[answers.question])
    assert (odds.argmax(axis=1) == answers.option).mean() > 0.9


def test_log_odds_of_bare_points_do_not_know_the_answers_watched() -> None:
    survey, space = opposed_survey(60, 4)
    watched, answers = validation_mask(survey), survey.answers
    other = Answers(answers.respondent, answers.question, np.where(watched, 1 - answers.option, answers.option))
    turned = replace(survey, answers=other)
    assert watched.any()
    np.testing.assert_array_equal(log_odds(turned, space, space.vectors), log_odds(survey, space, space.vectors))


def test_options_beyond_the_places_are_not_told_but_count() -> None:
    row = told(OptionWeights(torch.zeros(PLACES * 2, 3), 0.5), torch.randn(3, 2))
    torch.testing.assert_close(row[:, PLACES : 2 * PLACES].sum(dim=1), torch.full((3,), 0.5))


def test_told_by_place_and_nothing_where_nothing_is_expected(expectation: QuestionPrior) -> None:
    points = torch.randn(3, 2)
    row = told(expectation.smoothed[0], points)
    assert row.shape == (3, WIDTH)
    torch.testing.assert_close(row[:, PLACES : PLACES + 3].sum(dim=1), torch.ones(3))
    assert not row[:, 3:PLACES].any()
    assert not no_prior_features(3, points.device).any()


def test_the_target_is_answer_and_expectation_and_a_refusal_is_only_that(expectation: QuestionPrior) -> None:
    points, chosen = torch.randn(3, 2), torch.tensor([0, 2, 3])
    target = Distillation(expectation, 0.5).target(0, points, chosen, 4)
    torch.testing.assert_close(target.sum(dim=1), torch.ones(3))
    spoken = expectation.own[0].log_odds(points).softmax(dim=1)
    torch.testing.assert_close(target[0, :3], 0.5 * spoken[0] + 0.5 * torch.eye(3)[0])
    assert target[2].tolist() == [0, 0, 0, 1]


class Recorder:
    """A space that places respondents by which answers it is shown."""

    def __init__(self) -> None:
        self.shown: list[Survey] = []

    def embed(self, survey: Survey) -> Vectors:
        self.shown.append(survey)
        return np.full((len(survey.respondents), 1), len(self.shown) - 1, np.float32)


def test_no_point_knows_an_answer_it_is_to_predict() -> None:
    rng = np.random.default_rng(0)
    cells = rng.permutation(30 * 25)[:500]
    survey = Survey(
        tuple(f"r{i}" for i in range(30)),
        tuple(replace(ASKED[0], id=f"q{j}") for j in range(25)),
        Answers(cells // 25, cells % 25, rng.integers(0, 3, 500)),
    )
    space, known = Recorder(), rng.random(500) < 0.9
    points = cross_fitted_vectors(survey, space, known, seed=0)
    rows = points.rows(survey.answers.respondent, survey.answers.question)
    tables = points.vectors[torch.from_numpy(rows), 0].numpy().astype(int)
    assert len(space.shown) == FOLDS
    for fold, shown in enumerate(space.shown):
        predicted = {tuple(pair) for pair in cells_of(survey)[tables == fold]}
        seen = {tuple(pair) for pair in cells_of(shown)}
        assert not predicted & seen
        assert seen <= {tuple(pair) for pair in cells_of(survey)[known]}
    few = [np.bincount(shown.answers.respondent, minlength=30) for shown in space.shown]
    whole = np.bincount(survey.answers.respondent[known], minlength=30)
    left = np.array(few) / whole
    assert 0.1 < (left < 0.5).mean() < 0.4


def test_points_of_an_only_question_stay_where_they_are() -> None:
    survey, space = opposed_survey(20, 1)
    train, held = training_and_validation(survey, torch.from_numpy(space.vectors))
    expectation = QuestionPrior(survey.questions, np.ones((1, 3)), log_odds(survey, space, space.vectors))
    moved, _ = informed(train, held, expectation, survey, Placed(space.ids_, space.vectors), TrainSettings())
    assert torch.equal(moved.vectors, train.vectors)


@dataclass(frozen=True)
class Placed:
    """A space that can place respondents, but places all of them at 0."""

    ids_: tuple[str, ...]
    respondents_: Vectors

    def embed(self, survey: Survey) -> Vectors:
        return np.zeros((len(survey.respondents), self.respondents_.shape[1]), np.float32)


def cells_of(survey: Survey) -> FloatArray:
    return np.stack([survey.answers.respondent, survey.answers.question], axis=1)
