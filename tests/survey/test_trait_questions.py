from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import SurveyError
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.simulate import simulate
from personaspace.survey.survey import Survey
from personaspace.survey.trait_questions import TraitQuestion, trait_questions, with_traits
from personaspace.survey.validation import training_and_validation_answers, validation_mask

TEA = Question("tea", "Tea?", (Option("no"), Option("yes")))


def survey_of(**traits: object) -> Survey:
    frame = pd.DataFrame(traits)
    people = tuple(f"r{row}" for row in range(len(frame)))
    return Survey(people, (TEA,), Answers(*np.array([[0], [0], [1]])), traits=frame)


def options(question: Question) -> list[str]:
    return [option.text for option in question.options]


def test_a_trait_is_a_question_of_its_values_and_a_value_is_an_answer() -> None:
    survey = survey_of(sex=["f", None, "m"], age=pd.Categorical(["old", "old", "young"], ["young", "mid", "old"]))
    survey = replace(survey, trait_labels={"sex": "Gender"})
    sex, age = trait_questions(survey)
    assert (sex.id, sex.trait, sex.text, options(sex), sex.ordinal) == (
        "trait: sex",
        "sex",
        "Gender",
        ["f", "m"],
        False,
    )
    assert (options(age), age.positions.tolist()) == (["young", "old"], [0, 1])
    wide = with_traits(survey, [sex, age])
    assert wide.questions == (TEA, sex, age)
    assert wide["r0"].to_dict() == {"tea": "yes", "trait: sex": "f", "trait: age": "old"}
    assert wide["r1"].to_dict() == {"trait: age": "old"}


def test_of_many_values_numbers_become_a_scale_and_others_the_most_common() -> None:
    counties = [f"county {row}" for row in range(30)] + ["county 7"] * 10 + ["county 29"] * 5
    born, county = trait_questions(survey_of(born=[str(1950 + row) for row in range(45)], county=counties))
    assert born.scale is not None
    assert (born.scale.low, born.scale.high, len(born.options)) == (1950, 1994, 21)
    assert len(county.options) == 20
    assert {"county 7", "county 29"} <= set(options(county))
    later = with_traits(
        survey_of(born=["2001", "1960.5", "unknown"], county=["county 7", "abroad", None]), [born, county]
    )
    assert later.answers.respondent.tolist() == [0, 0, 1, 0]
    assert later.answers.value[1:3].tolist() == [1994, 1960.5]


def test_traits_in_which_nobody_differs_are_no_questions() -> None:
    assert [q.trait for q in trait_questions(survey_of(sex=["f", "m"], country=["us", "us"], note=[None, "x"]))] == [
        "sex"
    ]
    with pytest.raises(SurveyError, match=r"no trait with two values.*leave traits_as_questions out"):
        trait_questions(survey_of(country=["us", "us"]))
    with pytest.raises(SurveyError, match="no trait with two values"):
        trait_questions(Survey(("ann",), (TEA,), Answers(*np.array([[0], [0], [1]]))))


def test_a_survey_without_a_trait_or_with_it_as_a_question_stays_as_it_is() -> None:
    survey = survey_of(sex=["f", "m"])
    questions = trait_questions(survey)
    wide = with_traits(survey, questions)
    assert with_traits(wide, questions) is wide
    bare = replace(survey, traits=pd.DataFrame())
    assert with_traits(bare, questions) is bare


def test_traits_are_never_for_validation_and_change_none_that_are() -> None:
    survey = simulate(respondents=300)
    wide = with_traits(survey, trait_questions(survey))
    mask, own = validation_mask(wide), validation_mask(survey)
    assert own.any()
    np.testing.assert_array_equal(mask, np.append(own, np.zeros(len(mask) - len(own), np.bool_)))
    training, validation = training_and_validation_answers(wide)
    traits = [j for j, question in enumerate(wide.questions) if isinstance(question, TraitQuestion)]
    assert np.isin(training.question, traits).sum() == survey.traits.notna().to_numpy().sum()
    assert not np.isin(validation.question, traits).any()
