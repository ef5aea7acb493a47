"""Boosted trees: planted effects are found, noise is not, and what is predicted is never known."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import SettingError
from personaspace.evaluation.measures.metrics import log_loss, macro_accuracy
from personaspace.evaluation.rows.baselines import majority
from personaspace.evaluation.rows.boosted_trees import BoostedTrees, thinned
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey
from tests.evaluation.counted import SCHOOL, TAX, question

pytest.importorskip("catboost")

PEOPLE = 600
CHANT = Question("chant", "Which song?", (Option("one"), Option("two"), Option("three")))
"""Without an order, so that its answers are categories."""
COIN = question("coin", "Heads or tails?", "heads", "tails")


@pytest.fixture(scope="module")
def planted() -> Survey:
    """TAX follows the party in nine of ten, SCHOOL follows the song, COIN nothing; the shoe size is noise."""
    rng = np.random.default_rng(0)
    party, shoes, song = rng.integers(0, 2, PEOPLE), rng.integers(36, 47, PEOPLE), rng.integers(0, 3, PEOPLE)
    tax = np.where(rng.random(PEOPLE) < 0.9, party, 1 - party)
    school = np.where(rng.random(PEOPLE) < 0.9, (song * 2 + 1) % 3, rng.integers(0, 3, PEOPLE))
    columns = np.column_stack([tax, school, song, rng.integers(0, 2, PEOPLE)])
    who, what = np.divmod(np.arange(columns.size), 4)
    traits = pd.DataFrame({"party": np.array(["D", "R"])[party], "shoes": shoes.astype(str)})
    names = tuple(f"r{i}" for i in range(PEOPLE))
    return Survey(names, (TAX, SCHOOL, CHANT, COIN), Answers(who, what, columns.ravel()), traits)


@pytest.fixture(scope="module")
def parts(planted: Survey) -> tuple[Survey, Survey]:
    """Of every fourth respondent the answers to all questions but the song are to be predicted."""
    late = (planted.answers.respondent % 4 == 0) & (planted.answers.question != 2)
    return planted.with_answers(~late), planted.with_answers(late)


def only(survey: Survey, asked: Question) -> Survey:
    return survey.with_answers(survey.answers.question == survey.question_index[asked.id])


def test_a_planted_trait_is_found_and_noise_is_ignored(parts: tuple[Survey, Survey]) -> None:
    train, test = parts
    trees = BoostedTrees(train, answers=False)
    tax = only(test, TAX)
    party = (tax.traits["party"] == "R").to_numpy()[tax.answers.respondent]
    np.testing.assert_array_equal(trees.predict(train, tax).probabilities[:, 1] > 0.5, party)
    for noise in (SCHOOL, COIN):
        found, none = (
            log_loss(p) for p in (trees.predict(train, only(test, noise)), majority(train, only(test, noise)))
        )
        assert abs(found - none) < 0.05


def test_other_answers_are_found_and_forgotten_where_they_are_not_known(parts: tuple[Survey, Survey]) -> None:
    train, test = parts
    trees, school = BoostedTrees(train, answers=True), only(test, SCHOOL)
    assert macro_accuracy(trees.predict(train, school)) > 0.85
    assert log_loss(BoostedTrees(train, answers=False).predict(train, school)) > 1
    nothing = train.with_answers(np.zeros(0, np.int64))
    assert abs(log_loss(trees.predict(nothing, school)) - log_loss(majority(train, school))) < 0.1


@pytest.mark.parametrize("answers", [False, True])
def test_an_answer_is_no_feature_of_itself(parts: tuple[Survey, Survey], answers: bool) -> None:
    """Neither in training, where it would be all that counts, nor in what is known."""
    train, _ = parts
    coin = only(train, COIN)
    trees = BoostedTrees(train, answers)
    assert log_loss(trees.predict(train, coin)) > 0.6
    without = train.with_answers(train.answers.question != 3)
    known, hidden = (trees.predict(survey, coin).probabilities for survey in (train, without))
    np.testing.assert_array_equal(known, hidden)


def test_every_option_counts_once_more_than_it_was_chosen(parts: tuple[Survey, Survey]) -> None:
    train, test = parts
    seldom = replace(SCHOOL, options=(*SCHOOL.options[:2], Option("never", 0.9), SCHOOL.options[2]))
    moved = np.where((train.answers.question == 1) & (train.answers.option == 2), 3, train.answers.option)
    wider = replace(
        train,
        questions=(TAX, seldom, CHANT, COIN),
        answers=Answers(train.answers.respondent, train.answers.question, moved),
    )
    asked = replace(only(test, SCHOOL), questions=wider.questions)
    given = int((train.answers.question == 1).sum())
    np.testing.assert_allclose(BoostedTrees(wider, False).predict(wider, asked).probabilities[:, 2], 1 / (given + 4))


def test_a_question_that_nothing_can_be_learned_of_is_predicted_by_the_majority(parts: tuple[Survey, Survey]) -> None:
    train, test = parts
    alike = train.with_answers((train.answers.question != 0) | (train.answers.option == 1))
    alone = train.with_answers((train.answers.question != 0) | (train.answers.respondent == 1))
    for survey in (alike, alone):
        predictions = BoostedTrees(survey, True).predict(survey, only(test, TAX))
        np.testing.assert_array_equal(predictions.probabilities, majority(survey, only(test, TAX)).probabilities)


def test_equal_seeds_give_equal_trees_and_a_question_is_fitted_once(parts: tuple[Survey, Survey]) -> None:
    train, test = parts
    steps: list[tuple[str, int, int, str]] = []
    trees = BoostedTrees(train, True, seed=3, on_step=lambda *step: steps.append(step))
    first, again = (trees.predict(train, test).probabilities for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert steps == [("boosted trees", done, 3, "traits and answers") for done in (1, 2, 3)]
    np.testing.assert_array_equal(first, BoostedTrees(train, True, seed=3).predict(train, test).probabilities)


def test_some_answers_of_everybody_are_left(planted: Survey) -> None:
    left = thinned(planted, seed=0)
    counts = np.bincount(left.answers.respondent, minlength=PEOPLE)
    assert set(counts) == {0, 1, 2, 3}
    assert (np.diff(np.bincount(counts)) < 0).all()
    assert thinned(planted, seed=0).answers.equals(left.answers)


def test_without_catboost_one_line_says_what_to_install(planted: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "catboost", None)
    with pytest.raises(SettingError, match=r"needs catboost: pip install 'personaspace\[trees\]'"):
        BoostedTrees(planted, answers=False)
