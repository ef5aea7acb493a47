"""People asked again, planted to change a known share of their answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.errors import SettingError
from personaspace.evaluation.measures.bootstrap import bootstrap
from personaspace.evaluation.measures.metrics import macro_accuracy
from personaspace.evaluation.protocol import evaluate
from personaspace.evaluation.retest import OWN_ANSWER, SHARE_OF_RETEST, answered_again, own_answer, share_of
from personaspace.evaluation.rows.baselines import majority
from personaspace.survey.question import Option
from personaspace.survey.split import Split
from personaspace.survey.survey import Survey

CHANGED = 0.3


@pytest.fixture(scope="module")
def retest(parts: Split) -> Survey:
    """Two thirds of the people, in another order, to half of the questions; three in ten answers become the next."""
    rng = np.random.default_rng(0)
    survey = parts.survey
    people = rng.permutation(len(survey))[: 2 * len(survey) // 3]
    again = survey.select(people, rng.permutation(len(survey.questions))[: len(survey.questions) // 2])
    options = np.diff(again.offsets)[again.answers.question]
    changed = rng.random(len(options)) < CHANGED
    moved = replace(again.answers, option=(again.answers.option + changed) % options)
    return replace(again, answers=moved, name="again")


def test_a_second_answer_is_found_by_the_ids_of_person_and_question(parts: Split, retest: Survey) -> None:
    test = parts.held_out_answers
    second = {
        (retest.respondents[i], retest.questions[j].id): int(option)
        for i, j, option in zip(retest.answers.respondent, retest.answers.question, retest.answers.option, strict=True)
    }
    cells = zip(test.answers.respondent, test.answers.question, strict=True)
    expected = [second.get((test.respondents[i], test.questions[j].id), -1) for i, j in cells]
    assert answered_again(test, retest).tolist() == expected
    assert -1 in expected
    assert max(expected) > 0


def test_the_row_is_the_planted_consistency_and_all_rows_are_of_the_same_answers(
    parts: Split, embedder: Factorization, retest: Survey
) -> None:
    results = evaluate(None, embedder, parts, retest=retest, known=(5,))
    table = results.table
    for name in table["split"].unique():
        part = table[table["split"] == name]
        assert part.loc[part["metric"] == "macro_accuracy", "answers"].nunique() == 1
        own = part[(part["method"] == OWN_ANSWER) & (part["metric"] == "macro_accuracy")].iloc[0]
        assert own["low"] < 1 - CHANGED < own["high"]
        assert set(part.loc[part["method"] == OWN_ANSWER, "metric"]).isdisjoint({"log_loss", "ece"})
    assert "at another interview: again, 133 respondents" in results.disclosure["On what data"]


def test_the_share_is_accuracy_over_consistency_with_a_paired_interval(
    parts: Split, embedder: Factorization, retest: Survey
) -> None:
    results = evaluate(None, embedder, parts, retest=retest, known=(), rows="majority")
    split = "held-out answers"
    test = parts.held_out_answers
    test = test.with_answers(answered_again(test, retest) >= 0)
    expected = macro_accuracy(majority(parts.train, test)) / macro_accuracy(own_answer(test, retest))
    row = next(row for row in results.rows if (row.split, row.metric) == (split, SHARE_OF_RETEST))
    assert row.value == pytest.approx(expected)
    assert row.low < row.value < row.high
    assert SHARE_OF_RETEST in results.main_metrics


def test_who_does_as_well_as_people_on_every_resample_has_a_share_without_an_interval(
    parts: Split, retest: Survey
) -> None:
    test = parts.held_out_answers.with_answers(answered_again(parts.held_out_answers, retest) >= 0)
    again = own_answer(test, retest)
    assert bootstrap(share_of(again), again, resamples=50) == (1, 1, 1)


def test_a_sample_is_drawn_of_the_answers_given_again(parts: Split, embedder: Factorization, retest: Survey) -> None:
    table = evaluate(None, embedder, parts, retest=retest, known=(), rows="majority", answers=30).table
    assert set(table.loc[table["metric"] == "macro_accuracy", "answers"]) == {30}


def test_nobody_asked_again_and_other_options_are_one_line(
    parts: Split, embedder: Factorization, retest: Survey
) -> None:
    strangers = replace(retest, respondents=tuple(f"{name}*" for name in retest.respondents))
    with pytest.raises(SettingError, match="nobody in 'again' answered a held-out question again"):
        evaluate(None, embedder, parts, retest=strangers)
    names = {question.id for question in parts.train.questions}
    at = next(j for j, question in enumerate(retest.questions) if question.id in names)
    longer = replace(retest.questions[at], options=(*retest.questions[at].options, Option("Other")))
    questions = (*retest.questions[:at], longer, *retest.questions[at + 1 :])
    with pytest.raises(SettingError, match=rf"question '{longer.id}' does not have the same options .* 'again'"):
        evaluate(None, embedder, parts, retest=replace(retest, questions=questions))
