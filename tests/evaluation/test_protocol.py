"""The protocol on a simulated survey: which rows there are, and that they are what they say."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.errors import SettingError
from personaspace.evaluation.baselines import majority
from personaspace.evaluation.bootstrap import bootstrap
from personaspace.evaluation.metrics import METRICS
from personaspace.evaluation.protocol import evaluate, evaluation_sets
from personaspace.evaluation.results import Results
from personaspace.survey.simulate import simulate
from personaspace.survey.split import Split, split

SPLITS = [
    "held-out answers",
    "unseen respondents K=5",
    "held-out questions",
    "unseen respondents, held-out questions K=5",
]


def test_every_row_is_there(results: Results, parts: Split) -> None:
    assert results.table["split"].drop_duplicates().tolist() == SPLITS
    assert set(results.table["metric"]) == set(METRICS)
    language_model = {"raw question", "untrained", "individual", "cluster k=3"}
    language_model |= {f"demographic: {trait}" for trait in parts.train.traits.columns}
    for name in SPLITS:
        methods = set(results.table.query("split == @name")["method"])
        assert language_model | {"majority"} <= methods
        assert ("embedder alone: factorization" in methods) == ("questions" not in name)


def test_a_run_without_language_model_has_the_other_rows(parts: Split, embedder: Factorization) -> None:
    table = evaluate(None, embedder, parts, known=(5,)).table
    assert "individual" not in set(table["method"])
    assert {"majority", "embedder alone: factorization", "own similar answer"} <= set(table["method"])


def test_nothing_held_back_is_nothing_to_evaluate() -> None:
    whole = split(simulate(respondents=100, seed=1), unseen_respondents=0, held_out_answers=0, held_out_questions=0)
    fitted = Factorization(seed=0).fit(whole.train)
    assert not list(evaluation_sets(fitted, whole))
    with pytest.raises(SettingError, match="without --use-everything"):
        evaluate(None, fitted, whole)


@pytest.mark.parametrize("known", [5, (5, 5), (-1,), (1.5,)])
def test_numbers_of_known_answers_are_checked(parts: Split, embedder: Factorization, known: Any) -> None:
    with pytest.raises(SettingError, match="known is"):
        evaluate(None, embedder, parts, known=known)


def test_rows_say_how_many_they_were_measured_on(results: Results, parts: Split) -> None:
    row = asdict(results.rows[0])
    assert row["answers"] == len(parts.held_out_answers.answers)
    assert row["respondents"] == len(np.unique(parts.held_out_answers.answers.respondent))


@pytest.mark.parametrize("metric", METRICS)
def test_values_and_intervals_are_those_of_the_method(results: Results, parts: Split, metric: str) -> None:
    predictions = majority(parts.train, parts.held_out_answers)
    expected = bootstrap(METRICS[metric], predictions, resamples=1000, seed=0)
    (row,) = (r for r in results.rows if (r.split, r.method, r.metric) == ("held-out answers", "majority", metric))
    assert (row.value, row.low, row.high) == expected
