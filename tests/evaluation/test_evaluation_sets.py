"""Evaluation sets: their names, what each predicts, and what may be known of those who answered."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.evaluation.evaluation_sets import EvaluationSet, evaluation_sets
from personaspace.evaluation.protocol import evaluate
from personaspace.evaluation.rows.baselines import majority
from personaspace.survey.simulate import simulate
from personaspace.survey.split import Split, split

SURVEY = simulate(respondents=150, seed=0)


def sets_of(parts: Split, known: tuple[int, ...] = (5,), pilots: tuple[int, ...] = ()) -> dict[str, EvaluationSet]:
    space = Factorization(dim=4, seed=0).fit(parts.train)
    return {at.name: at for at in evaluation_sets(space, parts, known, pilots)}


def test_unseen_respondents_are_known_by_any_number_of_answers() -> None:
    sets = sets_of(split(SURVEY, seed=0), known=(1, 5, 10, 20, 50, 100))
    for k in (1, 5, 10, 20, 50, 100):
        at = sets[f"unseen respondents K={k}"]
        assert np.bincount(at.known.answers.respondent, minlength=30).max() <= k
        assert f"unseen respondents, held-out questions K={k}" in sets


@pytest.mark.parametrize("by", ["battery", "topic"])
def test_sets_of_whole_groups_say_so(by: str) -> None:
    names = list(sets_of(split(SURVEY, hold_out_by=by, seed=0), pilots=(5, 10)))
    assert names == [
        "held-out answers",
        "unseen respondents K=5",
        f"held-out questions, by {by}",
        f"held-out questions, by {by}, n=5",
        f"held-out questions, by {by}, n=10",
        f"unseen respondents, held-out questions, by {by} K=5",
    ]


@pytest.mark.parametrize(
    ("protocol", "name"),
    [
        ("gems", "held-out answers, GEMS setting 1"),
        ("gems-individuals", "unseen respondents K=0, GEMS setting 2"),
        ("gems-questions", "held-out questions, GEMS setting 3"),
    ],
)
def test_a_protocol_names_its_one_set(protocol: str, name: str) -> None:
    ((found, at),) = sets_of(split(SURVEY, protocol=protocol, seed=0)).items()
    assert found == name
    assert at.seen == (protocol != "gems-questions")
    known = len(at.known.answers)
    assert known == 0 if protocol == "gems-individuals" else known > 0


def test_gems_sets_have_accuracy_over_answers_beside_macro_accuracy() -> None:
    parts = split(SURVEY, protocol="gems", seed=0)
    results = evaluate(None, Factorization(dim=4, seed=0).fit(parts.train), parts, rows="majority")
    name, test = "held-out answers, GEMS setting 1", parts.held_out_answers
    predicted = majority(parts.train, test)
    right = predicted.probabilities.argmax(axis=1) == test.answers.option
    assert results.value(name, "majority", "accuracy") == pytest.approx(right.mean())
    assert results.main_metrics == ("macro_accuracy", "accuracy")
    assert results.disclosure["Protocol"].startswith(
        "Held out before anything was fitted: 60% of respondents, 60% of answers (GEMS setting 1)"
    )
