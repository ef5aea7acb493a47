"""Questions that a few respondents were asked: everybody else is predicted, and nobody twice."""

from __future__ import annotations

import numpy as np
import pytest

import personaspace as ps
from personaspace.embedding.base import Embedder
from personaspace.evaluation.evaluation_sets import EvaluationSet, evaluation_sets
from personaspace.evaluation.measures.metrics import log_loss, macro_accuracy
from personaspace.evaluation.rows.pilot_rows import pilot_rows, question_prior_after_pilot, topline
from personaspace.survey.split import Split
from personaspace.survey.survey import Survey

SIZES = (5, 20)


@pytest.fixture(scope="module")
def parts() -> Split:
    return ps.split(ps.simulate(respondents=300, seed=0), seed=0)


@pytest.fixture(scope="module")
def space(parts: Split) -> Embedder:
    return ps.Factorization(dim=8, seed=0).fit(parts.train)


@pytest.fixture(scope="module")
def sets(space: Embedder, parts: Split) -> dict[str, EvaluationSet]:
    return {at.name: at for at in evaluation_sets(space, parts, (), SIZES)}


def cells(survey: Survey) -> set[tuple[int, int]]:
    return set(zip(survey.answers.respondent.tolist(), survey.answers.question.tolist(), strict=True))


def pilot_of(at: EvaluationSet) -> Survey:
    assert at.pilot is not None
    return at.pilot


def test_the_pilot_and_everybody_else_are_all_who_answered(sets: dict[str, EvaluationSet], parts: Split) -> None:
    everybody = cells(parts.held_out_questions)
    for n in SIZES:
        at = sets[f"held-out questions, n={n}"]
        assert cells(at.test) | cells(pilot_of(at)) == everybody
        assert not cells(at.test) & cells(pilot_of(at))
        assert set(np.bincount(pilot_of(at).answers.question)) == {n}
    small, large = (pilot_of(sets[f"held-out questions, n={n}"]) for n in SIZES)
    assert cells(small) < cells(large)


def test_at_most_half_of_those_who_answer_are_the_pilot(space: Embedder, parts: Split) -> None:
    at = next(at for at in evaluation_sets(space, parts, (), [10_000]) if at.pilot is not None)
    counts = np.bincount(parts.held_out_questions.answers.question)
    assert np.bincount(pilot_of(at).answers.question).tolist() == (counts // 2).tolist()


def test_a_pilot_teaches_and_the_topline_is_of_those_predicted(
    sets: dict[str, EvaluationSet], space: Embedder, parts: Split
) -> None:
    at = sets["held-out questions, n=20"]
    new = ps.NewQuestions(space, parts.train)
    before = question_prior_after_pilot(new, at.test.with_answers(np.zeros(0, np.int64)), at.test)
    after = question_prior_after_pilot(new, pilot_of(at), at.test)
    assert log_loss(after) < log_loss(before) - 0.1
    assert macro_accuracy(after) > macro_accuracy(before) + 0.1
    first = at.test.answers.question == 0
    weight = at.test.weight[at.test.answers.respondent[first]]
    options = len(at.test.questions[0].options)
    shares = np.bincount(at.test.answers.option[first], weight, options) / weight.sum()
    assert topline(at.test).probabilities[first][:, :options] == pytest.approx(np.tile(shares, (first.sum(), 1)))


def test_the_prior_predicts_as_a_new_question_does(
    sets: dict[str, EvaluationSet], space: Embedder, parts: Split
) -> None:
    at, new = sets["held-out questions, n=5"], ps.NewQuestions(space, parts.train)
    predicted = {method.name: method.predict(at.test) for method in pilot_rows(new, pilot_of(at))}
    assert list(predicted) == ["topline", "pilot majority", "question prior"]
    question, given = at.test.questions[0], pilot_of(at).answers
    told = {
        pilot_of(at).respondents[who]: question.options[option].text
        for who, option in zip(given.respondent[given.question == 0], given.option[given.question == 0], strict=True)
    }
    row = int(np.flatnonzero(at.test.answers.question == 0)[0])
    place = space.ids_.index(at.test.respondents[at.test.answers.respondent[row]])
    asked = new.ask(question).pilot(told)
    expected = asked.predict(space.respondents_[[place]]).probabilities.to_numpy()[0]
    assert predicted["question prior"].probabilities[row, : len(expected)] == pytest.approx(expected, abs=1e-9)


def test_pilots_are_rows_of_the_table_where_they_are_asked_for(space: Embedder, parts: Split) -> None:
    results = ps.evaluate(None, space, parts, rows="new-questions", respondents=20)
    found = {(row.split, row.method) for row in results.rows}
    methods = ("topline", "pilot majority", "question prior")
    assert found == {(f"held-out questions, n={n}", method) for n in (5, 10, 20, 50, 100) for method in methods}


def test_a_steered_model_that_is_told_the_pilot_learns_from_it(space: Embedder, parts: Split) -> None:
    settings = ps.TrainSettings(epochs=0.05, questions=4, respondents=4)
    lm = ps.SteeredLM("nano", settings=settings).fit(parts.train, space)
    results = ps.evaluate(lm, space, parts, rows="new-questions,individual", respondents=60)
    loss = {(row.split, row.method): row.value for row in results.rows if row.metric == "log_loss"}
    told, untold = loss["held-out questions, n=50", "individual"], loss["held-out questions", "individual"]
    assert told < untold - 0.1
