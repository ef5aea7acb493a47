"""Filtered questions are found; forms, waves and questions that people skip are none."""

from __future__ import annotations

import gc
import time
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from personaspace.survey.answers import Answers
from personaspace.survey.filters import Filter, filtered_questions, reached
from personaspace.survey.question import Option, Question
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.simulate import simulate
from personaspace.survey.split import split
from personaspace.survey.survey import Survey
from tests.survey.filtered import of_table, planted


@pytest.mark.parametrize("skipped", [0.0, 0.05, 0.15])
def test_filters_and_chains_are_found_although_people_skip_and_refuse(skipped: float) -> None:
    assert filtered_questions(planted(skipped)) == {
        "why": Filter("own", ("a", "b")),
        "how": Filter("why", ("c",)),
        "quit": Filter("own", ("c",)),
    }


def test_they_are_found_when_a_split_has_held_answers_out() -> None:
    train = split(planted(respondents=2000), held_out_answers=0.15, held_out_questions=0).train
    assert [*filtered_questions(train)] == ["why", "how", "quit"]


def test_the_cells_that_filters_let_through_are_those_of_answers_that_lead_there() -> None:
    survey = planted()
    through = reached(survey, filtered_questions(survey))
    own = np.full(600, -1)
    at = survey.answers.question == 0
    own[survey.answers.respondent[at]] = survey.answers.option[at]
    assert through[:, [0, 4, 5]].all()
    assert (through[:, 1] == np.isin(own, [0, 1])).all()
    assert (through[:, 3] == (own == 2)).all()
    assert through[:, 2].any() and not (through[:, 2] & (own == 2)).any()


def forms(survey: Survey, count: int) -> Survey:
    """A third of the questions for all, of the others each only in one of several forms, dealt at random."""
    rng = np.random.default_rng(1)
    form = rng.integers(count, size=len(survey.respondents))
    only = np.where(rng.random(len(survey.questions)) < 1 / 3, -1, rng.integers(count, size=len(survey.questions)))
    asked = (only == -1) | (form[:, None] == only)
    answers = survey.answers
    return survey.with_answers(asked[answers.respondent, answers.question])


@pytest.mark.parametrize("count", [2, 5])
@pytest.mark.parametrize("respondents", [100, 2000])
def test_forms_and_waves_and_sparse_answers_filter_nothing(count: int, respondents: int) -> None:
    survey = simulate(respondents, seed=2)
    assert filtered_questions(forms(survey, count)) == {}
    sparse = survey.with_answers(np.random.default_rng(0).random(len(survey.answers)) < 0.1)
    assert filtered_questions(sparse) == {}
    assert filtered_questions(survey.with_answers(np.zeros(len(survey.answers), np.bool_))) == {}


def test_the_number_of_the_form_among_the_questions_filters_nothing() -> None:
    survey = planted()
    form = np.random.default_rng(1).integers(2, size=600)
    kept = np.isin(survey.answers.question, [0, 1, 2, 3]) | (
        form[survey.answers.respondent] == survey.answers.question - 4
    )
    answers = survey.answers.where(kept)
    asked = Question("form", "Form of the questionnaire", (Option("1"), Option("2")))
    columns = ((answers.respondent, range(600)), (answers.question, [6] * 600), (answers.option, form))
    both = Answers(*(np.concatenate(pair) for pair in columns))
    found = filtered_questions(replace(survey, questions=(*survey.questions, asked), answers=both))
    assert [*found] == ["why", "how", "quit"]


def test_a_large_survey_takes_seconds() -> None:
    rng = np.random.default_rng(0)
    given = rng.random((10_000, 300)) < 0.5
    names = tuple(f"q{j}" for j in range(300))
    survey = of_table(names, rng.integers(3, size=given.shape), given)
    start = time.perf_counter()
    assert filtered_questions(survey) == {}
    assert time.perf_counter() - start < 10


def test_filters_of_a_panel_wave_are_those_of_its_questionnaire(data_folder: Path) -> None:
    with pytest.warns(UserWarning, match="left out"):
        found = filtered_questions(read_survey(data_folder / "opinionqa" / "raw_sav" / "ATP_W26.sav"))
    assert {"FORM_W26"}.isdisjoint(one.parent for one in found.values())
    assert found["REASONGUNA_W26"] == Filter("GUN_W26", ("Yes, I own a gun",))
    assert found["NOCARRYGUN_W26"] == Filter("CARRYGUN_W26", ("Never",))
    assert found["GAMETYPE_C_W26"] == Filter("VIDEOGAME1_W26", ("Often", "Sometimes"))
    assert "WORRYA_W26" not in found and len(found) == 32


def test_what_was_found_is_forgotten_with_the_survey_and_not_changed_by_a_caller() -> None:
    survey = simulate(respondents=60, seed=0)
    filtered_questions(survey)["more"] = Filter("some", ("yes",))
    assert "more" not in filtered_questions(survey)
    known = weakref.ref(survey)
    del survey
    gc.collect()
    assert known() is None
