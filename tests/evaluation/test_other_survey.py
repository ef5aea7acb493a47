"""A whole other survey: who keeps a vector, what is predicted, and what is said where little is shared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.errors import SettingError
from personaspace.evaluation.other_survey import HELD_OUT, other_survey_sets
from personaspace.evaluation.protocol import evaluate
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option
from personaspace.survey.simulate import simulate
from personaspace.survey.split import Split
from personaspace.survey.survey import Survey

Cells = set[tuple[str, str]]


def renamed(survey: Survey, respondents: str = "", questions: str = "") -> Survey:
    """The survey with something behind the ids of all its respondents and questions."""
    return replace(
        survey,
        respondents=tuple(name + respondents for name in survey.respondents),
        questions=tuple(replace(question, id=question.id + questions) for question in survey.questions),
        name="later",
    )


def cells(survey: Survey) -> Cells:
    given = survey.answers
    pairs = zip(given.respondent, given.question, strict=True)
    return {(survey.respondents[i], survey.questions[j].id) for i, j in pairs}


@pytest.fixture(scope="module")
def later() -> Survey:
    """Half of 300 people new and 10 of 60 questions new, the others shared with the survey of ``parts``."""
    survey = simulate(respondents=300, seed=0)
    survey = replace(survey, respondents=tuple(f"new-{n}" if i >= 150 else n for i, n in enumerate(survey.respondents)))
    questions = [replace(q, id=f"{q.id}_new") if j < 10 else q for j, q in enumerate(survey.questions)]
    return replace(survey, questions=tuple(questions), name="later")


def test_every_answer_is_predicted_known_or_was_in_training(
    parts: Split, embedder: Factorization, later: Survey
) -> None:
    (known_questions, new_questions), _ = other_survey_sets(embedder, parts.train, later)
    assert [at.name for at in (known_questions, new_questions)] == ["later: known questions", "later: new questions"]
    assert (known_questions.seen, new_questions.seen) == (True, False)
    asked = {question.id for question in parts.train.questions}
    new = {cell for cell in cells(later) if cell[1] not in asked}
    shared = cells(later) - new - cells(parts.train)
    assert cells(new_questions.test) == new
    assert cells(known_questions.test) < shared
    assert len(known_questions.test.answers) == round(HELD_OUT * len(shared))
    own = {cell for cell in cells(parts.train) if cell[0] in later.respondent_index}
    for at in (known_questions, new_questions):
        assert cells(at.known) == own | (shared - cells(known_questions.test))
        assert at.known.respondents == at.test.respondents == later.respondents


def test_respondents_in_training_keep_their_vectors_and_others_are_embedded(
    parts: Split, embedder: Factorization, later: Survey
) -> None:
    (at, _), said = other_survey_sets(embedder, parts.train, later)
    embedded = embedder.embed(at.known)
    index = parts.train.respondent_index
    kept = [name in index for name in later.respondents]
    assert 0 < sum(kept) < len(later)
    for i, name in enumerate(later.respondents):
        expected = embedder.respondents_[index[name]] if name in index else embedded[i]
        assert at.vectors[i].tolist() == expected.tolist()
    assert f"{sum(kept)} of its 300 respondents with training, by their ids; these respondents keep" in said[0]
    assert "answers of 'later' are left out" in said[1]


def test_which_answers_are_predicted_is_the_seed_s(parts: Split, embedder: Factorization, later: Survey) -> None:
    one, same, other = (other_survey_sets(embedder, parts.train, later, seed)[0][0].test for seed in (0, 0, 1))
    assert one.equals(same)
    assert cells(one) != cells(other)


def test_the_table_has_the_rows_of_known_and_of_new_questions(
    parts: Split, embedder: Factorization, later: Survey
) -> None:
    results = evaluate(None, embedder, parts, other=later)
    known, new = results.summary().columns
    assert (known, new) == ("later: known questions", "later: new questions")
    assert results.value(known, "embedder alone: factorization") > results.value(known, "majority") + 0.03
    assert results.value(new, "own similar answer") > results.value(new, "majority")
    assert "Predicted: later, 300 respondents, 60 questions" in results.disclosure["On what data"]


def test_a_survey_that_shares_nothing_says_that_everybody_is_predicted_alike(
    parts: Split, embedder: Factorization, later: Survey
) -> None:
    apart = replace(renamed(later, "*", "*"), traits=pd.DataFrame(index=range(300)))
    (at,), said = other_survey_sets(embedder, parts.train, apart)
    assert at.name == "later: new questions"
    assert np.ptp(at.vectors, axis=0).max() < 1e-6
    assert any("nothing is known of everybody in 'later'" in sentence for sentence in said)
    assert any("'later' does not have the traits 'age'" in sentence for sentence in said)
    table = evaluate(None, embedder, parts, other=apart).table
    assert {"majority", "own similar answer"} <= set(table["method"])


def test_the_survey_s_own_training_answers_are_nothing_to_predict(parts: Split, embedder: Factorization) -> None:
    with pytest.raises(SettingError, match="there is nothing to predict in 'simulated survey'"):
        evaluate(None, embedder, parts, other=parts.train)
    nobody = replace(parts.survey, answers=Answers.empty(), name="empty")
    with pytest.raises(SettingError, match="there is nothing to predict in 'empty'"):
        evaluate(None, embedder, parts, other=nobody)


def test_other_options_are_named_in_one_line(parts: Split, embedder: Factorization, later: Survey) -> None:
    at = later.question_index[parts.train.questions[-1].id]
    questions = list(later.questions)
    questions[at] = replace(questions[at], options=(*questions[at].options, Option("Other")))
    with pytest.raises(SettingError, match=rf"question '{questions[at].id}' does not have the same options .* 'later'"):
        evaluate(None, embedder, parts, other=replace(later, questions=tuple(questions)))


def test_known_is_about_the_run_s_own_survey(parts: Split, embedder: Factorization, later: Survey) -> None:
    with pytest.raises(SettingError, match="known is about unseen respondents of the run's own survey"):
        evaluate(None, embedder, parts, other=later, known=(1,))
