"""The question that tells most is the one everything else hangs on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from personaspace.embedding.registry import make_embedder
from personaspace.errors import SettingError, SurveyError, UnknownNameError
from personaspace.imputation.next_question import next_question
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.simulate import simulate
from personaspace.survey.survey import Survey
from tests.survey.filtered import planted

FIT: dict[str, dict[str, Any]] = {
    "lightgcn": {"dim": 8, "epochs": 40},
    "factorization": {"dim": 2, "loss": "cross-entropy"},
}


@pytest.fixture(scope="module")
def survey() -> Survey:
    """The camp decides eight questions, the coin eight others."""
    rng = np.random.default_rng(0)
    camp = rng.random((600, 1)) < 0.5
    says = np.hstack([rng.random((600, 8)) < np.where(camp, 0.9, 0.1), rng.random((600, 8)) < 0.5])
    questions = tuple(Question(f"{'camp' if j < 8 else 'coin'}{j}", "Yes?", (Option("No"), Option("Yes")))
                      for j in range(16))  # fmt: skip
    rows, columns = np.nonzero(rng.random(says.shape) < 0.7)
    return Survey(tuple(map(str, range(600))), questions, Answers(rows, columns, says[rows, columns].astype(int)))


@pytest.mark.parametrize("name", FIT)
def test_what_divides_people_comes_before_what_does_not(survey: Survey, name: str) -> None:
    embedder = make_embedder(name, **FIT[name]).fit(survey)
    ranked = next_question(embedder, {})
    assert all(question.startswith("camp") for question in ranked["question"][:8])
    assert (ranked["total"] >= -1e-4).all()
    assert ranked["bits"].tolist() == pytest.approx((ranked["total"] / 15).tolist())


@pytest.mark.parametrize("name", FIT)
def test_the_second_answer_of_a_camp_tells_less_than_the_first(survey: Survey, name: str) -> None:
    embedder = make_embedder(name, **FIT[name]).fit(survey)
    known = {f"camp{j}": "yes" for j in range(6)}
    later = next_question(embedder, known)
    assert not set(later["question"]) & set(known)
    first = next_question(embedder, {}).set_index("question")["bits"]
    assert later.set_index("question")["bits"]["camp7"] < 0.5 * first["camp7"]


@pytest.mark.parametrize("name", ["lightgcn", "factorization"])
def test_a_question_that_hardly_anybody_answered_does_not_come_first(name: str) -> None:
    survey = simulate(1500, seed=3)
    rare, answers = survey.questions[7].id, survey.answers
    at = np.flatnonzero(answers.question == 7)
    kept = np.ones(len(answers), np.bool_)
    kept[at[40:]] = False
    thinned = survey.with_answers(kept)
    embedder = make_embedder(name, seed=0).fit(thinned)
    ranked = next_question(embedder, {}, survey=thinned).set_index("question")
    assert ranked.loc[rare, "answers"] == 40
    assert ranked.index.tolist().index(rare) > 20  # in the lower part, as of the survey that was not thinned
    plain = next_question(embedder, {}).set_index("question")
    assert plain.columns.tolist() == ["text", "bits", "total"]
    factor = np.sqrt(40 / ranked["answers"].median())
    assert ranked.loc[rare, "total"] == pytest.approx(plain.loc[rare, "total"] * factor)


def test_where_all_questions_have_about_as_many_answers_the_ranking_is_the_embedder_s() -> None:
    survey = simulate(600, seed=0)
    counts = np.bincount(survey.answers.question, minlength=60)
    survey = survey.select(questions=np.flatnonzero(counts > np.median(counts)))
    embedder = make_embedder("lightgcn", dim=16, epochs=10).fit(survey)
    plain, shrunk = next_question(embedder, {}), next_question(embedder, {}, survey=survey)
    places = [table["question"].reset_index().set_index("question")["index"] for table in (plain, shrunk)]
    assert places[0].corr(places[1].reindex(places[0].index)) > 0.98


def test_a_filtered_question_is_proposed_only_after_the_answer_that_leads_to_it() -> None:
    survey = planted()
    embedder = make_embedder("lightgcn", dim=4, epochs=5).fit(survey)

    def asked(**answers: str) -> set[str]:
        return {*next_question(embedder, answers, survey=survey)["question"]}

    assert asked() == {"own", "mood", "work"}
    assert asked(own="a") == {"mood", "work", "why"}
    assert asked(own="c") == {"mood", "work", "quit"}
    assert asked(own="b", why="c") == {"mood", "work", "how"}
    named = next_question(embedder, {}, ["why", "mood"], survey=survey)
    assert {*named["question"]} == {"why", "mood"}
    with pytest.raises(SurveyError, match="only asked after answers that were not given"):
        next_question(embedder, {"own": "b", "mood": "a", "work": "a", "why": "a"}, survey=survey)


def test_candidates_and_bad_input(survey: Survey) -> None:
    embedder = make_embedder("lightgcn", dim=4, epochs=5).fit(survey)
    assert next_question(embedder, {}, ["coin9", "coin8"], top=1)["question"].tolist()[0] in {"coin8", "coin9"}
    with pytest.raises(UnknownNameError, match="unknown question 'cmp1': did you mean 'camp1'"):
        next_question(embedder, {"cmp1": "Yes"})
    with pytest.raises(UnknownNameError, match="unknown option of camp1 'Yess': did you mean 'Yes'"):
        next_question(embedder, {"camp1": "Yess"})
    with pytest.raises(SurveyError, match="give other candidates"):
        next_question(embedder, {"camp1": "Yes"}, ["camp1"])
    for candidates, said in (([], "is empty"), (["coin8", "coin8"], "more than once"), ("coin8", "a list of ids")):
        with pytest.raises(SettingError, match=said):
            next_question(embedder, {}, candidates)
    with pytest.raises(UnknownNameError, match="unknown question 'own'"):
        next_question(embedder, {}, survey=planted())
    with pytest.raises(SettingError, match="top is 0"):
        next_question(embedder, {}, top=0)


def test_numbers_are_answers_too() -> None:
    police = Question.number("police", "The police?", 0, 100)
    warm = Question("warm", "Warm?", (Option("no"), Option("yes")))
    survey = Survey(
        ("a", "b", "c"), (police, warm), Answers(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([0, 20, 1]))
    )
    embedder = make_embedder("lightgcn", dim=4, epochs=2).fit(survey)
    assert next_question(embedder, {"police": "74.5"})["question"].tolist() == ["warm"]
    with pytest.raises(SurveyError, match="give a number from 0 to 100, not 'high'"):
        next_question(embedder, {"police": "high"})
