"""What is disclosed beside every simulated answer: counts that are the survey's own, and no point left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

import personaspace as ps
from personaspace.embedding.base import Embedder
from personaspace.evaluation.disclosure import disclosure
from personaspace.survey.split import Split


def parts_and_space(weighted: bool = False) -> tuple[Split, Embedder]:
    survey = replace(ps.simulate(respondents=50, seed=0), weights=np.linspace(0.5, 2, 50) if weighted else None)
    parts = ps.split(survey, seed=0)
    return parts, ps.Factorization(dim=4, seed=0).fit(parts.train)


def test_results_disclose_what_was_asked_of_whom_by_which_model_and_when() -> None:
    parts, space = parts_and_space()
    base = ps.LanguageModel.load("nano")
    told = ps.evaluate(base, space, parts, rows="majority", respondents=5).disclosure
    questions = len(parts.train.questions), len(parts.held_out_questions.questions)
    assert told["What was asked"].startswith("{} questions in training and {} held out".format(*questions))
    assert told["Of whom"] == "40 respondents in training and 10 unseen, without survey weights, 6 traits"
    assert told["By which model"].endswith("Language model nano, as it is")
    assert told["On what data"].startswith("Simulated answers, of nobody real")
    assert date.today().isoformat() in told["When"]
    assert "20% of respondents, 20% of answers, 15% of questions; seed 0; measured on at most 5" in told["Protocol"]
    assert told["Limits"]


def test_weights_and_the_absence_of_a_model_are_told() -> None:
    told = disclosure(*parts_and_space(weighted=True), when="In May")
    assert "survey weights from 0.5 to 2" in told["Of whom"]
    assert told["By which model"].endswith("No language model")
    assert told["When"] == "In May"


def test_how_questions_were_held_out_is_told() -> None:
    survey = ps.simulate(respondents=50, seed=0)
    for settings, words in (({"hold_out_by": "topic"}, "by topic"), ({"protocol": "gems"}, "(GEMS setting 1)")):
        parts = ps.split(survey, seed=0, **settings)  # type: ignore[arg-type]
        assert words in disclosure(parts, ps.Factorization(dim=4, seed=0).fit(parts.train))["Protocol"]


def test_another_answer_is_another_digest() -> None:
    parts, space = parts_and_space()
    other = replace(parts, survey=parts.survey.with_answers(np.arange(len(parts.survey.answers)) > 0))
    assert disclosure(parts, space)["On what data"] != disclosure(other, space)["On what data"]
