from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import SettingError, SurveyError, UnknownNameError
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey

TEA = Question("tea", "Tea or coffee?", (Option("Tea", 0.0), Option("Coffee", 1.0)))
SUGAR = Question("sugar", "How much sugar?", (Option("None", 0.0), Option("Some", 0.5), Option("Much", 1.0)))


def small(**changes: object) -> Survey:
    parts: dict[str, object] = {
        "respondents": ("ann", "bob", "cy"),
        "questions": (TEA, SUGAR),
        "answers": Answers(np.array([0, 1, 0]), np.array([0, 0, 1]), np.array([1, 0, 2])),
        "traits": pd.DataFrame({"age": ["old", None, "young"]}),
        "weights": np.array([1.0, 0.5, 1.5]),
        "refusals": Pairs(np.array([2]), np.array([1])),
    }
    return Survey(**(parts | changes))  # type: ignore[arg-type]


def answers(*rows: tuple[int, int, int]) -> Answers:
    return Answers(*np.array(rows).T)


def test_option_counts_follow_answers_and_weights() -> None:
    survey = small()
    assert survey.option_counts().tolist() == [1, 1, 0, 0, 1]
    assert survey.option_counts(weighted=True).tolist() == [0.5, 1, 0, 0, 1]


def test_selecting_renumbers_answers_refusals_traits_and_weights() -> None:
    part = small().select(respondents=[2, 0], questions=[1])
    assert part.respondents == ("cy", "ann")
    assert (part.answers.respondent.tolist(), part.answers.option.tolist()) == ([1], [2])
    assert part.refusals.respondent.tolist() == [0]
    assert part.traits.loc["ann", "age"] == "old"
    assert part.weight.tolist() == [1.5, 1.0]


def test_strings_are_ids_though_they_look_like_numbers() -> None:
    survey = small(respondents=("2", "0", "1"))
    assert survey.select(["0", "2"]).respondents == ("0", "2")
    assert survey.select(pd.Series(["1"])).respondents == survey.select(pd.Index(["1"])).respondents == ("1",)
    assert survey.select([0, 2]).respondents == ("2", "1")
    assert survey["0"].to_dict() == {"tea": "Tea"}
    with pytest.raises(UnknownNameError, match="unknown respondent '3'"):
        survey.select(["0", "3"])


def test_questions_are_chosen_by_id_or_position() -> None:
    assert small().select(questions=["sugar", "tea"]).equals(small().select(questions=[1, 0]))
    with pytest.raises(UnknownNameError, match="unknown question 'suger': did you mean 'sugar'"):
        small().select(questions=["suger"])


def test_a_mask_selects_like_the_indices_it_marks() -> None:
    survey = small()
    assert survey.select(np.array([True, False, True])).equals(survey.select([0, 2]))
    assert survey.select([True, False, True]).equals(survey.select(range(0, 3, 2)))
    with pytest.raises(SurveyError, match=r"mask of questions has shape \(3,\), expected \(2,\)"):
        survey.select(questions=np.array([True, False, True]))


def test_nobody_can_be_selected() -> None:
    assert len(small().select([])) == len(small().select(np.array([]))) == len(small().select(np.zeros(3, bool))) == 0


@pytest.mark.parametrize("chosen", ["ann", ["ann", 1], [0.0], [None], {"ann"}, 0, np.zeros((1, 1), int)])
def test_what_is_no_choice_is_refused(chosen: Any) -> None:
    with pytest.raises(SettingError, match="respondents are chosen by a list of ids"):
        small().select(chosen)


def test_a_survey_is_as_long_as_its_respondents_and_has_them_by_id() -> None:
    survey = small()
    assert len(survey) == 3
    assert survey["ann"].to_dict() == {"tea": "Coffee", "sugar": "Much"}
    assert (survey["ann"].name, survey["ann"].index.name) == ("ann", "question")
    assert survey["cy"].empty
    with pytest.raises(UnknownNameError, match="unknown respondent 'anne': did you mean 'ann'"):
        survey["anne"]
    with pytest.raises(SettingError, match=r"survey\[0\] asks for one respondent by id, which is a string"):
        survey[0]  # type: ignore[index]


def test_more_answers_stand_beside_the_others_and_replace_refusals() -> None:
    survey = small().with_more_answers(answers((2, 1, 0), (1, 1, 2)))
    assert survey["bob"].to_dict() == {"tea": "Tea", "sugar": "Much"}
    assert survey["cy"].to_dict() == {"sugar": "None"}
    assert len(survey.refusals) == 0
    with pytest.raises(SurveyError, match="'ann' has more than one answer or refusal to question 'tea'"):
        small().with_more_answers(answers((0, 0, 0)))


def test_equals_sees_every_part() -> None:
    assert small().equals(small())
    for change in (
        {"name": "other"},
        {"weights": None},
        {"refusals": Pairs.empty()},
        {"traits": pd.DataFrame({"age": ["old", "old", "young"]})},
        {"answers": answers((0, 0, 0))},
    ):
        assert not small().equals(small(**change))


def test_traits_are_text_or_missing() -> None:
    traits = small(traits=pd.DataFrame({"children": [1, None, "two"]})).traits["children"]
    assert traits.isna().tolist() == [False, True, False]
    assert traits.iloc[2] == "two"


def test_a_survey_cannot_be_changed() -> None:
    survey = small()
    with pytest.raises(ValueError, match="read-only"):
        survey.answers.option[0] = 0


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: small(respondents=("ann", "ann", "cy")), "more than once, first 'ann'"),
        (lambda: small(questions=(TEA, TEA)), "question id 'tea' occurs more than once"),
        (lambda: small(answers=answers((0, 0, 0), (0, 0, 1))), "'ann' has more than one answer or refusal"),
        (lambda: small(answers=answers((2, 1, 0))), "'cy' has more than one answer or refusal"),
        (lambda: small(answers=answers((0, 0, 2))), "which has options 0 to 1"),
        (lambda: small(answers=answers((3, 0, 0))), "3 is outside 0 to 2"),
        (lambda: small(weights=np.array([1, np.nan, 1])), "'bob' has weight nan"),
        (lambda: small(weights=np.array([1, -1, 1])), "'bob' has weight -1"),
        (lambda: small(weights=np.zeros(3)), "all weights are 0"),
        (lambda: small(weights=np.ones(2)), r"shape \(2,\), expected \(3,\)"),
        (lambda: small(traits=pd.DataFrame({"age": ["old"]})), "1 rows for 3 respondents"),
    ],
)
def test_what_does_not_fit_is_refused(build: Callable[[], object], says: str) -> None:
    with pytest.raises(SurveyError, match=says):
        build()


def test_an_unknown_question_names_its_neighbor() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'sugar'"):
        small().question("suger")


HALF = pd.Categorical.from_codes([0, 0, 0], pd.Index(["\ud83d"], dtype=object))
AGES = pd.Categorical(["old", None, "young"], categories=["young", "middle", "old"])


def test_a_trait_keeps_the_order_of_its_values() -> None:
    survey = small(traits=pd.DataFrame({"age": AGES, "sex": ["m", "f", "m"]}))
    assert survey.traits["age"].cat.categories.tolist() == ["young", "middle", "old"]
    assert survey.traits["age"].isna().tolist() == [False, True, False]
    assert survey.traits["age"].cat.ordered
    assert survey.select(respondents=["ann"]).traits["age"].cat.categories.tolist() == ["young", "middle", "old"]
    numbers = small(traits=pd.DataFrame({"rooms": pd.Categorical([2, 10, None], categories=[2, 10])}))
    assert numbers.traits["rooms"].cat.categories.tolist() == ["2", "10"]


def test_surveys_with_other_orders_or_labels_are_not_equal() -> None:
    survey = small(traits=pd.DataFrame({"age": AGES}), trait_labels={"age": "Age in years"})
    assert survey.equals(small(traits=pd.DataFrame({"age": AGES.as_ordered()}), trait_labels={"age": "Age in years"}))
    others = [AGES.reorder_categories(["old", "middle", "young"]), AGES.remove_unused_categories(), AGES.astype(object)]
    for other in others:
        assert not survey.equals(small(traits=pd.DataFrame({"age": other}), trait_labels=survey.trait_labels))
    assert not survey.equals(small(traits=pd.DataFrame({"age": AGES})))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"traits": pd.DataFrame({"rooms": pd.Categorical([1, "1", 1])})}, "'rooms' has the value '1' twice"),
        ({"traits": pd.DataFrame({"age": HALF})}, "half of a character"),
        ({"traits": pd.DataFrame([["a", "b"]] * 3, columns=["age", "age"])}, "two traits are called 'age'"),
        ({"trait_labels": {"sex": "Sex"}}, "a label of the trait 'sex', which is none of 'age'"),
        ({"trait_labels": {"age": "\ud83d"}}, "half of a character"),
    ],
)
def test_traits_that_cannot_be_told_apart_are_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(SurveyError, match=says):
        small(**change)
