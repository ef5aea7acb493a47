"""What every embedder must do with traits as questions: place respondents by them, and say nothing of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from personaspace.embedding.base import Embedder
from personaspace.embedding.lightgcn import model as lightgcn
from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.embedding.registry import load_embedder, make_embedder
from personaspace.errors import SettingError, SurveyError
from personaspace.imputation.multiple import impute
from personaspace.imputation.next_question import next_question
from personaspace.survey.simulate import simulate_with_truth
from personaspace.survey.split import Split, split
from personaspace.survey.storage import write_survey
from personaspace.survey.stream import open_survey
from personaspace.survey.survey import Survey
from tests.contract.test_embedders import MAKERS
from tests.embedding.accuracy import macro_accuracy

Make = Callable[..., Embedder]


@pytest.fixture(scope="module")
def parts() -> Split:
    """A survey with a trait that says all: the persona that a respondent was drawn from."""
    truth = simulate_with_truth(respondents=600, seed=1)
    told = truth.survey.traits.assign(camp=[f"camp {persona}" for persona in truth.persona])
    return split(replace(truth.survey, traits=told), held_out_questions=0, seed=0)


@pytest.fixture(scope="module", params=MAKERS)
def make(request: pytest.FixtureRequest) -> Make:
    name, settings = MAKERS[request.param]
    return lambda **changes: make_embedder(name, **(settings | {"traits_as_questions": True} | changes))


@pytest.fixture(scope="module")
def fitted(make: Make, parts: Split) -> Embedder:
    return make().fit(parts.train)


def without_traits(survey: Survey) -> Survey:
    return replace(survey, traits=pd.DataFrame())


def test_results_are_of_the_surveys_questions_only(fitted: Embedder, parts: Split) -> None:
    assert fitted.questions_ == parts.train.questions
    assert [trait.trait for trait in fitted.traits_] == list(parts.train.traits.columns)
    assert fitted.options_.shape == (parts.train.offsets[-1], fitted.dim)
    assert fitted.predict(fitted.respondents_).shape == (len(parts.train), parts.train.offsets[-1])
    np.testing.assert_array_equal(fitted.respondents_, fitted.embed(parts.train))


def test_a_respondent_without_answers_is_placed_by_traits(fitted: Embedder, parts: Split) -> None:
    known = parts.known(0)
    told, untold = fitted.embed(known), fitted.embed(without_traits(known))
    assert (untold == untold[0]).all()
    better = macro_accuracy(fitted, told, parts.unseen_held_out) - macro_accuracy(fitted, untold, parts.unseen_held_out)
    assert better > (0 if fitted.name == "factorization" else 0.02)  # to it a trait is a number


def test_without_the_setting_traits_change_nothing(make: Make, parts: Split) -> None:
    plain = make(traits_as_questions=False)
    np.testing.assert_array_equal(
        plain.fit(parts.train).respondents_, plain.fit(without_traits(parts.train)).respondents_
    )
    assert plain.traits_ == ()


def test_traits_are_saved_with_the_embedder(fitted: Embedder, parts: Split, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    loaded = load_embedder(tmp_path)
    assert loaded.traits_ == fitted.traits_
    for known in (parts.known(0), parts.known(5)):
        np.testing.assert_array_equal(loaded.embed(known), fitted.embed(known))


def test_a_value_nobody_had_before_is_as_good_as_none(fitted: Embedder, parts: Split) -> None:
    known = parts.known(3)
    new, none = (replace(known, traits=known.traits.assign(camp=value)) for value in ("a new camp", None))
    np.testing.assert_array_equal(fitted.embed(new), fitted.embed(none))


def test_blanks_are_filled_knowing_the_traits(fitted: Embedder, parts: Split) -> None:
    few = parts.known(0)
    drawn = impute(fitted, few, draws=2).survey_of(0)
    assert drawn.questions == few.questions
    assert len(drawn.answers) == len(few) * len(few.questions)
    if fitted.name != "factorization":
        blind = impute(fitted, without_traits(few), draws=2).survey_of(0)
        truth = parts.unseen_held_out
        assert agreement(drawn, truth) > agreement(blind, truth) + 0.01


def agreement(drawn: Survey, truth: Survey) -> float:
    table = np.full((len(drawn), len(drawn.questions)), -1)
    table[drawn.answers.respondent, drawn.answers.question] = drawn.answers.option
    return float((table[truth.answers.respondent, truth.answers.question] == truth.answers.option).mean())


def test_the_next_question_is_none_of_the_traits(fitted: Embedder, parts: Split) -> None:
    asked = next_question(fitted, {}, survey=parts.train)
    assert set(asked["question"]) <= set(parts.train.question_index)


def test_a_survey_without_traits_is_refused(make: Make, parts: Split) -> None:
    with pytest.raises(SurveyError, match="no trait with two values to place respondents by"):
        make().fit(without_traits(parts.train))
    with pytest.raises(SettingError, match="traits_as_questions is 'yes': give True or False"):
        make(traits_as_questions="yes")


def test_streams_have_no_traits(fitted: Embedder, parts: Split, tmp_path: Path) -> None:
    write_survey(parts.train, tmp_path)
    stream = open_survey(tmp_path)
    with pytest.raises(SurveyError, match="is a stream, which has no traits to place by: read_survey, then embed"):
        fitted.embed_to(stream, tmp_path / "vectors.npy")
    with pytest.raises(SurveyError, match="is a stream, which has no traits: read_survey"):
        LightGCN(traits_as_questions=True).fit(stream)


def test_a_large_survey_is_learned_from_in_blocks_with_its_traits(
    parts: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lightgcn, "LARGE", 200)
    space = LightGCN(dim=16, traits_as_questions=True).fit(parts.train)
    told, untold = space.embed(parts.known(0)), space.embed(without_traits(parts.known(0)))
    test = parts.unseen_held_out
    assert macro_accuracy(space, told, test) > macro_accuracy(space, untold, test) + 0.02
