"""Asking in several phrasings, at several strengths, with intervals and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.errors import SettingError, SurveyError, UnknownNameError
from personaspace.steer.forward.option_logits import base_probabilities
from personaspace.steer.model.prompts import question_prompt
from personaspace.steer.persona_bootstrap import Bootstrap
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.question import Option, Question
from tests.steer.conftest import Camp, Camps, Points, refusing_survey, tiny_model

TEA = ("How do you take tea?", ["Black", "With milk", "Not at all"])


def test_averaging_maps_every_place_back_to_its_option(question_aware: SteeredLM) -> None:
    """Asked in another order by hand and put back by hand, the mean is the same."""
    text, options = TEA
    points = Points(4)
    forward, backward = question_aware.ask(text, options, points), question_aware.ask(text, options[::-1], points)
    both = question_aware.ask(text, options, points, orders=2)
    np.testing.assert_allclose(both, (forward + backward[options]) / 2, atol=1e-6)
    np.testing.assert_allclose(both.sum(axis=1), 1, atol=1e-6)
    assert (forward - backward[options]).abs().to_numpy().max() > 1e-4


def test_order_does_not_matter_once_all_orders_are_averaged(question_aware: SteeredLM) -> None:
    text, options = TEA
    everyone = {"orders": 6, "alphabets": ("ABC", "abc", "123")}
    first = question_aware.ask(text, options, Points(3), **everyone)  # type: ignore[arg-type]
    turned = question_aware.ask(text, options[1:] + options[:1], Points(3), **everyone)  # type: ignore[arg-type]
    np.testing.assert_allclose(first, turned[options], atol=1e-6)


def test_sensitivity_is_what_the_phrasings_say(question_aware: SteeredLM) -> None:
    text, options = TEA
    forward, backward = (question_aware.ask(text, o, Points(5))[options] for o in (options, options[::-1]))
    sensitivity = question_aware.poll(text, options, Points(5), orders=2).sensitivity
    assert sensitivity is not None
    np.testing.assert_allclose(sensitivity["total_variation"], np.abs(forward - backward).sum(axis=1) / 2, atol=1e-6)
    assert sensitivity["top_changes"].tolist() == (forward.idxmax(axis=1) != backward.idxmax(axis=1)).tolist()
    assert question_aware.poll(text, options, Points(5)).sensitivity is None


def test_strength_leads_from_the_base_model_to_the_steered_one_and_past_it(question_aware: SteeredLM) -> None:
    question = Question("q", TEA[0], tuple(map(Option, TEA[1])))
    vectors = Points(4).vectors
    base = base_probabilities(question_aware.model, [question_prompt(question)], [3]).numpy()
    none, half, full, twice = (question_aware.predict(vectors, question, strength=s) for s in (0.0, 0.5, 1.0, 2.0))
    np.testing.assert_allclose(none, np.repeat(base, 4, axis=0), atol=1e-6)
    np.testing.assert_array_equal(full, question_aware.predict(vectors, question))
    for strength, there in ((0.5, half), (2.0, twice)):
        expected = base ** (1 - strength) * full**strength
        np.testing.assert_allclose(there, expected / expected.sum(axis=1, keepdims=True), rtol=1e-4)


def test_batches_do_not_matter(question_aware: SteeredLM) -> None:
    question = Question("q", TEA[0], tuple(map(Option, TEA[1])))
    whole, pieces = (question_aware.predict(Points(7).vectors, question, batch=b) for b in (512, 2))
    np.testing.assert_allclose(whole, pieces, atol=1e-6)
    assert question_aware.predict(Points(7).vectors[:0], question, strength=0.5).shape == (0, 3)


def test_one_persona_may_be_asked_alone_and_several_as_a_list(question_aware: SteeredLM) -> None:
    camps = Camps(Points(6))
    assert question_aware.ask(*TEA, [camps[0], camps[1]]).equals(question_aware.ask(*TEA, camps))
    alone = question_aware.ask(*TEA, camps[1])
    assert list(alone.index) == ["second"]
    np.testing.assert_allclose(alone.iloc[0], question_aware.ask(*TEA, camps).loc["second"], atol=1e-6)


def test_bad_questions_say_what_is_wrong(question_aware: SteeredLM) -> None:
    points = Points()
    with pytest.raises(SurveyError, match="0 option"):
        question_aware.ask("Is it?", [], points)
    with pytest.raises(SurveyError, match="lists the option 'Yes' twice"):
        question_aware.ask("Is it?", ["Yes", "Yes"], points)
    with pytest.raises(SettingError, match="option 2 of the question is empty"):
        question_aware.ask("Is it?", ["Yes", " "], points)
    with pytest.raises(SettingError, match="the question is empty"):
        question_aware.ask(" ", ["Yes", "No"], points)
    with pytest.raises(SettingError, match="strength is nan"):
        question_aware.ask("Is it?", ["Yes", "No"], points, strength=float("nan"))
    with pytest.raises(SettingError, match="orders is 0"):
        question_aware.ask("Is it?", ["Yes", "No"], points, orders=0)
    with pytest.raises(UnknownNameError, match="did you mean 'ABC'"):
        question_aware.ask("Is it?", ["Yes", "No"], points, alphabets=["ABD"])
    with pytest.raises(SettingError, match="2 to 9 with the labels 1 to 9"):
        question_aware.ask("Which?", [f"Option {i}" for i in range(12)], points, alphabets=["123"])


def test_bad_vectors_say_what_is_wrong(question_aware: SteeredLM) -> None:
    question = Question("q", TEA[0], tuple(map(Option, TEA[1])))
    vectors = Points(4).vectors
    with pytest.raises(SurveyError, match=r"1 of 4 vectors hold NaN or infinity, first row 2"):
        question_aware.predict(np.where(np.arange(4)[:, None] == 2, np.nan, vectors), question)
    with pytest.raises(SurveyError, match=r"shape \(8,\); this steered model takes \[n, 8\]"):
        question_aware.predict(vectors[0], question)


def test_intervals_hold_the_answer_and_hang_on_nobody_else(question_aware: SteeredLM) -> None:
    space = Points(60)
    camps = Camps(space)
    poll = question_aware.poll(*TEA, camps, interval=Bootstrap(space))
    assert poll.low is not None and poll.high is not None
    assert ((poll.low < poll.probabilities) & (poll.probabilities < poll.high)).all(axis=None)
    alone = question_aware.poll(*TEA, camps[1], interval=Bootstrap(space))
    assert alone.low is not None
    np.testing.assert_allclose(alone.low, poll.low.loc[["second"]], atol=1e-6)


def test_who_has_no_members_has_no_interval(question_aware: SteeredLM) -> None:
    space = Points(6)
    camps = Camps(space)
    camps.append(Camp("lonely", space.vectors[0], ("r0",)))
    poll = question_aware.poll(*TEA, camps, interval=Bootstrap(space))
    assert poll.low is not None
    assert poll.low.isna().all(axis=1).tolist() == [False, False, True]
    assert poll.to_json()["low"]["lonely"] == dict.fromkeys(TEA[1])
    with pytest.raises(SettingError, match="do not name their members"):
        question_aware.poll(*TEA, space, interval=Bootstrap(space))
    with pytest.raises(SurveyError, match="first 'r3'"):
        question_aware.poll(*TEA, camps, interval=Bootstrap(Points(3)))


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
