"""Asking in several phrasings, with intervals, refusals and an ensemble."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch

from personaspace.errors import SettingError, SurveyError, UnknownNameError
from personaspace.steer.ensemble import Ensemble
from personaspace.steer.model.prompts import phrasings, question_prompt
from personaspace.steer.persona_bootstrap import Bootstrap
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.evaluate import best_temperature
from personaspace.steer.training.examples import training_and_validation, validation_refusals
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.answers import Pairs
from personaspace.survey.question import Option, Question
from personaspace.survey.validation import validation_mask
from tests.steer.conftest import Points, opposed_survey, tiny_model

QUICK = TrainSettings(epochs=1, respondents=32, questions=4)
TEA = ("How do you take tea?", ["Black", "With milk", "Not at all"])
SCALE = Question("s", "How often?", (Option("Never", 0.0), Option("Now and then", 0.5), Option("Always", 1.0),
                                     Option("Not sure")))  # fmt: skip


@pytest.fixture(scope="module")
def steered() -> SteeredLM:
    survey, space = opposed_survey()
    lm = SteeredLM(tiny_model("llama, grouped queries"), soft_prompt="question-aware", settings=QUICK)
    return lm.fit(survey, space)


@dataclass(frozen=True)
class Camp:
    """A persona with members."""

    name: str
    vector: Any
    members: tuple[str, ...]


class Camps(list[Camp]):
    """Personas of a space, the first half of its points and the second."""

    def __init__(self, space: Points) -> None:
        half = len(space.ids_) // 2
        for name, rows in (("first", slice(half)), ("second", slice(half, None))):
            self.append(Camp(name, space.vectors[rows].mean(axis=0), space.ids_[rows]))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(camp.name for camp in self)

    @property
    def vectors(self) -> Any:
        return np.stack([camp.vector for camp in self])


def test_every_option_stands_at_every_place_once_all_orders_are_used() -> None:
    question = Question("q", "Which?", tuple(Option(text) for text in "WXYZ"))
    orders = [phrasing.order for phrasing in phrasings(question, orders=100)]
    assert orders[:2] == [(0, 1, 2, 3), (3, 2, 1, 0)]
    assert len(orders) == len(set(orders)) == 8
    places = np.array(orders)
    assert all(np.bincount(places[:, place], minlength=4).tolist() == [2, 2, 2, 2] for place in range(4))


def test_a_scale_is_only_turned_round_and_not_sure_stays_last() -> None:
    assert [phrasing.order for phrasing in phrasings(SCALE, orders=9)] == [(0, 1, 2, 3), (2, 1, 0, 3)]


def test_the_first_phrasing_is_the_one_trained_on() -> None:
    assert phrasings(SCALE)[0].text(SCALE) == question_prompt(SCALE)
    first, _, letters = phrasings(SCALE, orders=2, alphabets=["ABC", "123"])[:3]
    assert first.text(SCALE) == question_prompt(SCALE)
    assert letters.text(SCALE).splitlines()[1:] == ["1. Never", "2. Now and then", "3. Always", "4. Not sure"]


def test_averaging_maps_every_place_back_to_its_option(steered: SteeredLM) -> None:
    """Asked in another order by hand and put back by hand, the mean is the same."""
    text, options = TEA
    points = Points(4)
    forward, backward = steered.ask(text, options, points), steered.ask(text, options[::-1], points)
    both = steered.ask(text, options, points, orders=2)
    np.testing.assert_allclose(both, (forward + backward[options]) / 2, atol=1e-6)
    np.testing.assert_allclose(both.sum(axis=1), 1, atol=1e-6)
    assert (forward - backward[options]).abs().to_numpy().max() > 1e-4


def test_order_does_not_matter_once_all_orders_are_averaged(steered: SteeredLM) -> None:
    text, options = TEA
    everyone = {"orders": 6, "alphabets": ("ABC", "abc", "123")}
    first = steered.ask(text, options, Points(3), **everyone)  # type: ignore[arg-type]
    turned = steered.ask(text, options[1:] + options[:1], Points(3), **everyone)  # type: ignore[arg-type]
    np.testing.assert_allclose(first, turned[options], atol=1e-6)


def test_sensitivity_is_what_the_phrasings_say(steered: SteeredLM) -> None:
    text, options = TEA
    forward, backward = (steered.ask(text, o, Points(5))[options] for o in (options, options[::-1]))
    told = steered.poll(text, options, Points(5), orders=2).sensitivity
    assert told is not None
    np.testing.assert_allclose(told["total_variation"], np.abs(forward - backward).sum(axis=1) / 2, atol=1e-6)
    assert told["top_changes"].tolist() == (forward.idxmax(axis=1) != backward.idxmax(axis=1)).tolist()
    assert steered.poll(text, options, Points(5)).sensitivity is None


def test_strength_leads_from_the_base_model_to_the_steered_one_and_past_it(steered: SteeredLM) -> None:
    question = Question("q", TEA[0], tuple(map(Option, TEA[1])))
    vectors = Points(4).vectors
    base = steered.model.score([question_prompt(question)], [3]).numpy()
    none, half, full, twice = (steered.predict(vectors, question, strength=s) for s in (0.0, 0.5, 1.0, 2.0))
    np.testing.assert_allclose(none, np.repeat(base, 4, axis=0), atol=1e-6)
    np.testing.assert_array_equal(full, steered.predict(vectors, question))
    for strength, there in ((0.5, half), (2.0, twice)):
        expected = base ** (1 - strength) * full**strength
        np.testing.assert_allclose(there, expected / expected.sum(axis=1, keepdims=True), rtol=1e-4)


def test_batches_do_not_matter(steered: SteeredLM) -> None:
    question = Question("q", TEA[0], tuple(map(Option, TEA[1])))
    whole, pieces = (steered.predict(Points(7).vectors, question, batch=b) for b in (512, 2))
    np.testing.assert_allclose(whole, pieces, atol=1e-6)
    assert steered.predict(Points(7).vectors[:0], question, strength=0.5).shape == (0, 3)


def test_one_persona_may_be_asked_alone(steered: SteeredLM) -> None:
    camps = Camps(Points(6))
    alone = steered.ask(*TEA, camps[1])
    assert list(alone.index) == ["second"]
    np.testing.assert_allclose(alone.iloc[0], steered.ask(*TEA, camps).loc["second"], atol=1e-6)


def test_bad_questions_say_what_is_wrong(steered: SteeredLM) -> None:
    points = Points()
    with pytest.raises(SurveyError, match="0 option"):
        steered.ask("Is it?", [], points)
    with pytest.raises(SurveyError, match="lists the option 'Yes' twice"):
        steered.ask("Is it?", ["Yes", "Yes"], points)
    with pytest.raises(SettingError, match="option 2 of the question is empty"):
        steered.ask("Is it?", ["Yes", " "], points)
    with pytest.raises(SettingError, match="the question is empty"):
        steered.ask(" ", ["Yes", "No"], points)
    with pytest.raises(SettingError, match="strength is nan"):
        steered.ask("Is it?", ["Yes", "No"], points, strength=float("nan"))
    with pytest.raises(SettingError, match=r"0 order\(s\)"):
        steered.ask("Is it?", ["Yes", "No"], points, orders=0)
    with pytest.raises(UnknownNameError, match="did you mean 'ABC'"):
        steered.ask("Is it?", ["Yes", "No"], points, alphabets=["ABD"])
    with pytest.raises(SettingError, match="2 to 9 with the labels 1 to 9"):
        steered.ask("Which?", [f"Option {i}" for i in range(12)], points, alphabets=["123"])


def test_bad_vectors_say_what_is_wrong(steered: SteeredLM) -> None:
    question = Question("q", TEA[0], tuple(map(Option, TEA[1])))
    vectors = Points(4).vectors
    with pytest.raises(SurveyError, match=r"1 of 4 vectors hold NaN or infinity, first row 2"):
        steered.predict(np.where(np.arange(4)[:, None] == 2, np.nan, vectors), question)
    with pytest.raises(SurveyError, match=r"shape \(8,\); this steered model takes \[n, 8\]"):
        steered.predict(vectors[0], question)


# Intervals


def test_intervals_are_as_wide_as_the_mean_is_uncertain() -> None:
    """A persona's resampled vectors lie around it with the standard error of its members' mean."""
    space = Points(400)
    first, second = Bootstrap(space, resamples=2000).points(Camps(space))
    assert first is not None and second is not None
    people = space.vectors[:200]
    np.testing.assert_allclose(first.mean(axis=0), people.mean(axis=0), atol=0.006)
    np.testing.assert_allclose(first.std(axis=0), people.std(axis=0) / np.sqrt(200), rtol=0.1)
    (alone,) = Bootstrap(space, resamples=2000).points(Camps(space)[1])
    assert alone is not None and np.array_equal(alone, second)


def test_members_count_by_their_weight() -> None:
    """Who weighs nothing might as well not be there; the others pull as they weigh."""
    survey, space = opposed_survey(respondents=40, questions=2)
    weights = np.where(np.arange(40) < 10, 0.0, np.arange(40) + 1.0)
    (drawn,) = Bootstrap(space, replace(survey, weights=weights), 4000).points(
        Camp("all", 0 * space.vectors[0], space.ids_)
    )
    (alike,) = Bootstrap(space, resamples=4000).points(Camp("all", 0 * space.vectors[0], space.ids_[10:]))
    assert drawn is not None
    assert alike is not None
    share = weights / weights.sum()
    around = space.vectors - share @ space.vectors
    expected = np.sqrt((share**2) @ around**2)  # of a weighted mean, to first order
    np.testing.assert_allclose(drawn.std(axis=0), expected, rtol=0.12)
    assert (drawn.std(axis=0) / alike.std(axis=0)).mean() > 1
    with pytest.raises(SurveyError, match="not in the survey"):
        Bootstrap(space, survey.select(respondents=range(5))).points(
            Camp("all", space.vectors[0], space.ids_)
        ).__next__()


def test_intervals_hold_the_answer_and_hang_on_nobody_else(steered: SteeredLM) -> None:
    space = Points(60)
    camps = Camps(space)
    poll = steered.poll(*TEA, camps, interval=Bootstrap(space))
    assert poll.low is not None and poll.high is not None
    assert ((poll.low < poll.probabilities) & (poll.probabilities < poll.high)).all(axis=None)
    alone = steered.poll(*TEA, camps[1], interval=Bootstrap(space))
    assert alone.low is not None
    np.testing.assert_allclose(alone.low, poll.low.loc[["second"]], atol=1e-6)


def test_who_has_no_members_has_no_interval(steered: SteeredLM) -> None:
    space = Points(6)
    camps = Camps(space)
    camps.append(Camp("lonely", space.vectors[0], ("r0",)))
    poll = steered.poll(*TEA, camps, interval=Bootstrap(space))
    assert poll.low is not None
    assert poll.low.isna().all(axis=1).tolist() == [False, False, True]
    assert poll.to_json()["low"]["lonely"] == dict.fromkeys(TEA[1])
    with pytest.raises(SettingError, match="do not name their members"):
        steered.poll(*TEA, space, interval=Bootstrap(space))
    with pytest.raises(SurveyError, match="first 'r3'"):
        steered.poll(*TEA, camps, interval=Bootstrap(Points(3)))


# Ensembles


def test_an_ensemble_answers_with_the_mean_and_tells_the_spread(steered: SteeredLM) -> None:
    members = [steered, steered.untrained()]
    lm, points = Ensemble(members), Points(4)
    first, second = (member.ask(*TEA, points, orders=2) for member in members)
    poll = lm.poll(*TEA, points, orders=2)
    np.testing.assert_allclose(poll.probabilities, (first + second) / 2, atol=1e-6)
    assert poll.spread is not None
    np.testing.assert_allclose(poll.spread, np.abs(first - second) / np.sqrt(2), atol=1e-6)
    alike = Ensemble([steered, steered]).poll(*TEA, points)
    assert alike.spread is not None
    assert alike.spread.to_numpy().max() < 1e-7
    with pytest.raises(SettingError, match="at least two"):
        Ensemble([steered])


# Calibration


@pytest.mark.parametrize("true", [0.5, 2.0, 4.0])
def test_the_temperature_by_which_answers_were_drawn_is_found(true: float) -> None:
    rng = np.random.default_rng(0)
    logits = torch.from_numpy(rng.normal(size=(20_000, 4)) * 3)
    logits[::2, 3] = -torch.inf
    chosen = torch.multinomial((logits / true).softmax(-1), 1, generator=torch.Generator().manual_seed(0))[:, 0]
    assert best_temperature(logits, chosen) == pytest.approx(true, rel=0.05)


def test_calibration_lowers_the_log_loss_watched_and_moves_no_answer(steered: SteeredLM) -> None:
    survey, space = opposed_survey()
    held = validation_mask(survey)
    answers = survey.answers.where(held)
    assert steered.temperature_ != 1

    def predictions(lm: SteeredLM) -> Any:
        rows = zip(answers.respondent, answers.question, strict=True)
        return np.concatenate([lm.predict(space.vectors[[i]], survey.questions[j]) for i, j in rows])

    calibrated = predictions(steered)
    plain = steered.untrained()
    plain.soft_prompt_ = steered.soft_prompt_
    raw = predictions(plain)
    at = np.arange(len(answers)), answers.option
    assert -np.log(calibrated[at]).mean() < -np.log(raw[at]).mean()
    assert np.array_equal(calibrated.argmax(axis=1), raw.argmax(axis=1))
    expected = raw ** (1 / steered.temperature_)
    np.testing.assert_allclose(calibrated, expected / expected.sum(axis=1, keepdims=True), rtol=1e-4)


def test_one_watched_answer_cannot_make_a_model_certain() -> None:
    assert best_temperature(torch.tensor([[1.0, 0.0]]), torch.tensor([0])) == pytest.approx(0.25)
    assert best_temperature(torch.empty(0, 2), torch.empty(0, dtype=torch.long)) == 1


# Refusals


def refusing_survey() -> tuple[Any, Points, Any]:
    """The two camps of :func:`opposed_survey`, of whom one refuses every question with an even number."""
    survey, space = opposed_survey(respondents=60, questions=4)
    refuses = space.vectors[:, 0] > np.median(space.vectors[:, 0])
    refused = refuses[survey.answers.respondent] & (survey.answers.question % 2 == 0)
    pairs = survey.answers.where(refused)
    return replace(survey.with_answers(~refused), refusals=Pairs(pairs.respondent, pairs.question)), space, refuses


def test_the_camp_that_refuses_is_found() -> None:
    survey, space, refuses = refusing_survey()
    settings = TrainSettings(epochs=20, respondents=64, questions=4, learning_rate=1e-2, checks=1, patience=20)
    lm = SteeredLM(tiny_model("llama, grouped queries"), settings=settings, refusals=True).fit(survey, space)
    camps = Camps(space)
    camps[:] = [Camp(str(camp), space.vectors[refuses == camp].mean(axis=0), ()) for camp in (False, True)]
    for number, question in enumerate(survey.questions):
        poll = lm.poll(question.text, [option.text for option in question.options], camps)
        assert poll.refused is not None
        assert poll.refused["False"] < 0.25
        assert (poll.refused["True"] > 0.75) == (number % 2 == 0)
        np.testing.assert_allclose(poll.probabilities.sum(axis=1), 1, atol=1e-6)
    table = lm.predict(space.vectors, survey.questions[1], orders=2)
    assert table.shape == (60, 2)
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-6)


def test_refusals_are_trained_on_and_watched_apart() -> None:
    survey, space, _ = refusing_survey()
    watched = validation_refusals(survey)
    assert 0 < watched.mean() < 0.3
    train, check = training_and_validation(survey, torch.from_numpy(space.vectors), refusals=True)
    assert len(train) + len(check) == len(survey.answers) + len(survey.refusals)
    assert set(train.sizes) == {3}
    assert (check.option == 2).sum() == watched.sum()
    assert all(text.endswith("C. Refused to answer\n") for text in train.texts)


def test_without_refusals_nothing_changes() -> None:
    survey, space, _ = refusing_survey()
    train, check = training_and_validation(survey, torch.from_numpy(space.vectors))
    assert len(train) + len(check) == len(survey.answers)
    assert set(train.sizes) == {2}
    assert not any("Refused" in text for text in train.texts)


def test_models_that_know_refusals_do_not_mix_with_others(steered: SteeredLM) -> None:
    with pytest.raises(SettingError, match="some do not"):
        Ensemble([steered, SteeredLM(steered.model, refusals=True)])
