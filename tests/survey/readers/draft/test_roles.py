from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from personaspace.survey.readers.labelled_table import Column
from tests.survey.readers.draft.tables import ROWS, answers, column, drafted, roles

AGREE = ["Strongly agree", "Agree", "Disagree", "Strongly disagree"]
YES_NO = ["Yes", "No"]
WEIGHTS = list(np.random.default_rng(0).uniform(0.3, 3, ROWS))
IDS = list(range(7001, 7001 + ROWS))


@pytest.mark.parametrize("name", ["respid", "QKEY", "lfdn", "identifiant", "Participant.ID", "V1_caseid"])
def test_a_name_that_says_id_over_different_values_is_one(name: str) -> None:
    assert roles(column(name, IDS), column("trust", answers(4), "Trust", AGREE))[name] == "respondent"


def test_an_id_may_be_text_and_one_that_repeats_is_none() -> None:
    assert roles(column("ResponseId", [f"R_{row:x}" for row in IDS]))["ResponseId"] == "respondent"
    assert roles(column("household_id", IDS[: ROWS // 3]))["household_id"] == "administrative"


def test_of_two_ids_one_is_kept() -> None:
    found = roles(column("caseid", IDS), column("respid", IDS[::-1]))
    assert found == {"caseid": "respondent", "respid": "administrative"}


def test_different_numbers_with_another_name_are_an_id_only_at_the_start_and_doubtfully() -> None:
    guesses = {guess.column: guess for guess in drafted(column("V1", IDS), column("income_exact", IDS[::-1])).guesses}
    assert (guesses["V1"].role, guesses["V1"].sure) == ("respondent", False)
    assert guesses["income_exact"].role != "respondent"


@pytest.mark.parametrize(
    "name", ["weight", "WEIGHT_W26", "wgt", "pondérat", "Gewicht", "poids", "peso_final", "wtssall"]
)
def test_weights_have_many_names(name: str) -> None:
    assert roles(column(name, WEIGHTS))[name] == "weight"


def test_what_people_weigh_is_no_weight() -> None:
    assert roles(column("weight", WEIGHTS, "What is your weight in kg?"))["weight"] != "weight"
    assert roles(column("weight", WEIGHTS, "Body weight in kg"))["weight"] == "number"
    assert roles(column("wgt", answers(3), "Have you tried to lose weight?", AGREE[:3]))["wgt"] == "question"


def test_the_fullest_weight_is_used_and_the_others_are_left_out() -> None:
    half = [weight if row % 2 else None for row, weight in enumerate(WEIGHTS)]
    content = drafted(column("weight_panel", half), column("weight", WEIGHTS)).content
    assert content["weight"] == "weight"
    assert content["leave_out"] == ["weight_panel"]


@pytest.mark.parametrize(
    ("name", "text", "labels"),
    [
        ("F_SEX", "Sex", ["Male", "Female"]),
        ("d1", "Geschlecht", ["männlich", "weiblich", "divers"]),
        ("rs1", "Êtes-vous un homme ou une femme ?", ["Un homme", "Une femme"]),
        ("p2", "Estado civil", ["Soltero/a", "Casado/a", "Viudo/a", "Divorciado/a"]),
        ("q90", "Titolo di studio", ["Licenza media", "Diploma", "Laurea"]),
        ("q7", "What is the highest level of education you have completed?", ["High school", "Some college", "Degree"]),
        ("F_IDEO", "Ideology", ["Very conservative", "Conservative", "Moderate", "Liberal", "Very liberal"]),
        ("hhincome", "Total household income", ["Less than $20,000", "$20,000 to $50,000", "$50,000 or more"]),
        ("v5", "Leeftijd", ["18-34", "35-54", "55+"]),
        ("m3", "Wykształcenie", ["podstawowe", "średnie", "wyższe"]),
        ("d3", "In welchem Bundesland wohnen Sie?", ["Bayern", "Hessen", "Sachsen"]),
        ("q3", "Generally speaking, do you think of yourself as a Republican, a Democrat or an independent?",
         ["Republican", "Democrat", "Independent"]),
    ],
)  # fmt: skip
def test_demographics_are_traits_in_many_languages(name: str, text: str, labels: list[str]) -> None:
    assert roles(column(name, answers(len(labels)), text, labels))[name] == "trait"


def test_demographics_of_a_file_without_labels() -> None:
    found = roles(
        column("gender", ["male", "female"]), column("ppage", [20 + row % 60 for row in range(ROWS)]),
        column("income_cat", ["Less than $40k", "$40-75k", "$125k or more"]),
        column("What is your age?", ["18-29", "30-49", "50+"]),
    )  # fmt: skip
    assert set(found.values()) == {"trait"}


@pytest.mark.parametrize(
    ("name", "text", "labels"),
    [
        ("AGEVOTE", "Should the age of voting be lowered to 16?", YES_NO),
        ("relig_imp", "How important is religion to how a country is governed?", AGREE),
        ("gender_gap", "Men and women should earn the same", AGREE),
        ("income_tax", "Do you favor or oppose a tax on high income?", ["Favor", "Oppose"]),
        ("party_trust", "Which party do you trust more to handle the economy?", ["Democrats", "Republicans"]),
        ("state_role", "The state should provide jobs for everybody who wants one", AGREE),
        ("sp_sex", "What is the sex of your spouse?", ["Male", "Female"]),
        ("language_law", "Immigrants should have to learn the language of the country", AGREE),
        ("device_ban", "Phones and other devices should be banned from schools", AGREE),
    ],
)
def test_opinions_about_a_demographic_are_questions(name: str, text: str, labels: list[str]) -> None:
    assert roles(column(name, answers(len(labels)), text, labels))[name] == "question"


def test_the_rest_of_a_block_of_demographics_is_demographic() -> None:
    people = [
        column("F_SEX", answers(2), "Sex", ["Male", "Female"]),
        column("F_AGE", answers(2), "Age category", ["18-49", "50+"]),
        column("F_EDUC", answers(2), "Education", ["High school", "College"]),
        column("F_PETS", answers(2), "Keeps a dog", YES_NO),
    ]
    assert roles(*people)["F_PETS"] == "trait"
    assert roles(*people[2:])["F_PETS"] == "question"


@pytest.mark.parametrize(
    ("name", "cells", "text"),
    [
        ("FORM_W26", [1, 2], "FORM Selection"),
        ("lang", ["EN", "ES"], None),
        ("StartDate", ["2024-03-01 10:22:13", "2024-03-02 11:09:55"], None),
        ("Zeitstempel", ["01.03.2024 10:22", "02.03.2024 11:09"], None),
        ("Duration (in seconds)", list(range(100, 340)), None),
        ("q_77", [1, 2, 3], "Please select 'agree' to show that you are paying attention"),
        ("intnr", list(range(11, 30)), "Interviewer"),
        ("amount_dir", [1, 2], "Dollar amount shown in the question"),
        ("empty", [None], "Nothing"),
        ("constant", [3], "One value"),
    ],
)
def test_what_is_about_the_interview_is_administrative(name: str, cells: list[object], text: str | None) -> None:
    assert roles(column(name, cells, text))[name] == "administrative"


def test_what_the_label_says_was_computed_is_derived() -> None:
    known = column("KNOW1_CORRECT", answers(2), "Answered the question on the Senate correctly", ["Correct", "Wrong"])
    assert roles(known, column("idx", answers(9), "Index of trust")) == {"KNOW1_CORRECT": "derived", "idx": "derived"}


def test_text_and_numbers() -> None:
    words = [f"I think that this is {row} times too much" for row in range(ROWS)]
    content = drafted(
        column("ft_police", [row % 101 for row in range(ROWS)], "How would you rate the police?"),
        column("hours", [row % 31 + 0.5 for row in range(ROWS)], "How many hours do you sleep?"),
        column("lr", [row % 11 for row in range(ROWS)], "0 is the one end, 10 the other"),
        column("guns", [*range(40), 999], "At what age did you first fire a gun?", {"999": "Refused"}),
        column("q5_text", words),
    ).content
    assert content["questions"] == {
        "ft_police": {"scale": {"low": 0, "high": 100}}, "hours": {"scale": {"low": 0.5, "high": 30.5}},
        "lr": {"scale": {"low": 0, "high": 10}}, "guns": {"scale": {"low": 0, "high": 39}},
    }  # fmt: skip
    assert content["leave_out"] == ["q5_text"]


def test_what_the_file_says_holds() -> None:
    cells = pd.Series(answers(4))
    assert roles(Column("sex", cells, "Sex", role="question"))["sex"] == "question"
    assert roles(Column("trust", cells, "Trust", role="administrative"))["trust"] == "administrative"


def test_cells_of_few_rows_are_no_reason_for_a_guess() -> None:
    few = [Column(name, pd.Series(values)) for name, values in {"a": [1, 2, 3], "b": ["x", "y", "z"]}.items()]
    assert set(roles(*few).values()) == {"question"}
    assert roles(Column("respid", pd.Series([1, 2, 3])))["respid"] == "respondent"


def test_an_opinion_that_names_nothing_is_a_question() -> None:
    one = column("trust", answers(4), "How much do you trust the police?", AGREE)
    (guess,) = drafted(one).guesses
    assert (guess.role, guess.sure) == ("question", True)
