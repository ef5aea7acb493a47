"""The protocol on a simulated survey: which rows there are, and that they are what they say."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.errors import SettingError, UnknownNameError
from personaspace.evaluation.evaluation_sets import evaluation_sets
from personaspace.evaluation.measures.bootstrap import bootstrap
from personaspace.evaluation.measures.metrics import METRICS
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.protocol import evaluate
from personaspace.evaluation.results import Results, Row
from personaspace.evaluation.rows.baselines import embedder_alone, majority
from personaspace.evaluation.sample import Sample
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.question import Option
from personaspace.survey.simulate import simulate
from personaspace.survey.split import Split, split
from personaspace.survey.survey import Survey
from tests.steer.conftest import tiny_model

SPLITS = [
    "held-out answers",
    "unseen respondents K=5",
    "held-out questions",
    "unseen respondents, held-out questions K=5",
]


def test_every_row_is_there(results: Results, parts: Split) -> None:
    assert results.table["split"].drop_duplicates().tolist() == SPLITS
    assert set(METRICS) < set(results.table["metric"])
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
    measured = results.table.query(
        "split == 'held-out answers' and method == 'majority' and metric == @metric and not weighted"
    )
    assert measured[["value", "low", "high"]].to_numpy()[0] == pytest.approx(expected, rel=1e-6)


def test_survey_weights_are_measured_beside_where_they_differ(parts: Split, embedder: Factorization) -> None:
    people = len(parts.survey.respondents)
    even, uneven = (replace(parts.survey, weights=w) for w in (np.full(people, 2.0), np.linspace(0.1, 2, people)))
    alike = evaluate(None, embedder, split(even, seed=0), rows="majority", known=())
    assert not alike.table["weighted"].any()
    weighed = split(uneven, seed=0)
    results = evaluate(None, embedder, weighed, rows="majority", known=())
    at, predictions = "held-out answers", majority(weighed.train, weighed.held_out_answers)
    for metric in ("macro_accuracy", "topline_error"):
        assert results.value(at, "majority", metric) == alike.value(at, "majority", metric)
        weights = weighed.held_out_answers.weight
        expected = pytest.approx(float(METRICS[metric](predictions, weights)), rel=1e-6)
        assert results.value(at, "majority", metric, weighted=True) == expected
        assert results.summary(metric, weighted=True).loc["majority", at] == expected


def test_all_rows_of_a_sample_are_measured_on_the_same_answers(
    parts: Split, embedder: Factorization, lm: SteeredLM, tmp_path: Path
) -> None:
    rows = "majority,raw-question,context K=2,untrained,individual,cluster k=4,demographic: age x region"
    given: dict[str, Any] = {"rows": rows, "respondents": 20, "answers": 40, "known": (5,)}
    sampled = evaluate(lm, embedder, parts, **given, seed=1)
    assert str(sampled.sample) == "at most 20 respondents and 40 answers of each evaluation set, seed 1"
    whole = sampled.table[sampled.table["metric"].isin(METRICS)]
    counts = whole.groupby("split")[["respondents", "answers"]]
    assert (counts.nunique() == 1).all(axis=None)
    assert (counts.max() <= [20, 40]).all(axis=None)
    methods = sampled.table.query("split == 'held-out answers'")["method"].drop_duplicates().tolist()
    assert methods == ["majority", "raw question", "context K=2", "untrained", "individual", "cluster k=4",
                       "demographic: age x region"]  # fmt: skip
    at = next(iter(evaluation_sets(embedder, parts, (5,))))
    drawn = replace(parts, held_out_answers=Sample(20, 40, 1).of(at.test))
    alone = evaluate(lm, embedder, drawn, rows="individual", known=(), seed=1)
    assert sampled.value("held-out answers", "individual") == alone.value("held-out answers", "individual")
    again = evaluate(lm, embedder, parts, **given, seed=1)
    assert again.table.equals(sampled.table)
    assert not evaluate(lm, embedder, parts, **given, seed=2).table.equals(sampled.table)
    sampled.save(tmp_path / "results.json")
    loaded = Results.load(tmp_path / "results.json")
    assert loaded.table.equals(sampled.table) and (loaded.sample, loaded.notes) == (sampled.sample, sampled.notes)


def test_a_bare_language_model_has_the_rows_that_need_no_steering(
    parts: Split, embedder: Factorization, lm: SteeredLM, results: Results
) -> None:
    bare = evaluate(lm.model, embedder, parts, known=())
    assert (bare.model, bare.sample) == (lm.model.name, None)
    assert {"individual", "untrained"}.isdisjoint(bare.table["method"])
    split, method = "held-out questions", "raw question"
    assert bare.value(split, method) == results.value(split, method)
    with pytest.raises(SettingError, match="'individual' needs a steered model"):
        evaluate(lm.model, embedder, parts, rows="individual")


def test_a_steered_model_that_is_not_informed_has_the_question_prior_of_the_space(
    parts: Split, embedder: Factorization, lm: SteeredLM
) -> None:
    """One row is one number, with any language model or none; what an informed model is told is a row of its own."""
    linear = SteeredLM(tiny_model("gpt2"), soft_prompt="linear", settings=TrainSettings(epochs=1))
    steered = linear.fit(parts.train, embedder)
    tables = [evaluate(model, embedder, parts, rows="question-prior", known=()) for model in (None, steered, lm)]
    assert [tables[i].table["method"].unique().tolist() for i in (0, 1)] == [["question prior"]] * 2
    values = [[row.value for row in table.rows if row.method == "question prior"] for table in tables]
    for others in values[1:]:
        np.testing.assert_array_equal(others, values[0])
    told = [tables[2].value(name, "question prior with states") for name in SPLITS[::2]]
    assert told[0] == tables[2].value("held-out answers", "question prior")
    assert told[1] != tables[2].value("held-out questions", "question prior")


def test_a_survey_without_traits_has_the_rows_that_need_none(lm: SteeredLM) -> None:
    whole = simulate(respondents=80, seed=0)
    parts = split(replace(whole, traits=pd.DataFrame(index=list(whole.respondents))), seed=0)
    fitted = Factorization(dim=4, seed=0).fit(parts.train)
    people = cluster_personas(fitted, parts.train, k=2, seed=0)
    table = evaluate(lm.model, fitted, parts, people, rows="default,context K=2,system-prompt", answers=4).table
    told = {f"system prompt: {who}" for who in (f"cluster k={len(people)}", "individual")}
    assert {"raw question", "context K=2"} | told <= set(table["method"])
    notes = evaluate(lm.model, fitted, parts, people, rows="majority,demographics,group-majority").notes
    assert "group majority, demographics: n/a, the survey has no traits" in notes
    with pytest.raises(SettingError, match="can be measured here: demographics: n/a, the survey has no"):
        evaluate(lm.model, fitted, parts, people, rows="demographics")


def test_the_cost_is_said_before_the_first_prompt_is_read(parts: Split, embedder: Factorization, lm: SteeredLM) -> None:
    said: list[Any] = []
    given: dict[str, Any] = {"on_note": said.append, "on_step": lambda *step: said.append(step)}
    evaluate(lm, embedder, parts, rows="demographics", answers=5, known=(), **given)
    assert said[0].startswith("gpt2 reads at most 10 prompts of")
    sets = ("held-out answers", "held-out questions")
    assert [step for step in said[1:] if step[0] == "evaluation"] == [
        ("evaluation", number, 2, f"{name}: demographics") for number, name in enumerate(sets, start=1)
    ]
    said.clear()
    evaluate(lm, embedder, parts, rows="majority,raw-question", answers=5, known=(), **given)
    assert said[0] == ("evaluation", 1, 4, "held-out answers: majority")


def test_questions_without_an_order_are_counted() -> None:
    """Metrics over positions leave them out, and that is said."""
    survey = simulate(respondents=60, seed=0)
    names = replace(survey.questions[0], options=tuple(Option(o.text) for o in survey.questions[0].options))
    mixed = replace(survey, questions=(names, *survey.questions[1:]))
    parts = split(mixed, held_out_questions=0, seed=0)
    space = Factorization(dim=2, seed=0).fit(parts.train)
    note, *_ = evaluate(None, space, parts, rows="majority").notes
    nominal = sum(not question.ordinal for question in mixed.questions)
    assert note.startswith(f"{nominal} of {len(mixed.questions)} questions have options without an order")


def test_evaluation_sets_are_chosen_by_name(parts: Split, embedder: Factorization) -> None:
    chosen = ["held-out questions", "unseen respondents K=3"]
    results = evaluate(None, embedder, parts, rows="majority", known=(3,), sets=chosen)
    assert {row.split for row in results.rows} == {*chosen}
    with pytest.raises(UnknownNameError, match=r"unknown evaluation set 'held-out'.*held-out answers"):
        evaluate(None, embedder, parts, rows="majority", sets=["held-out"])


def test_what_does_not_depend_on_known_answers_is_predicted_and_measured_once(
    parts: Split, embedder: Factorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counter[str]()

    def count(train: Survey, test: Survey) -> Predictions:
        counted["majority"] += 1
        return majority(train, test)

    monkeypatch.setattr("personaspace.evaluation.rows.methods.majority", count)
    both = evaluate(None, embedder, parts, rows="majority,embedder-alone", known=(5, 20), answers=50)
    assert counted["majority"] == 4

    def of(k: int, method: str) -> list[Row]:
        name = f"unseen respondents K={k}"
        rows = (row for row in both.rows if (row.split, row.method) == (name, method))
        return [replace(row, split="") for row in rows if row.metric in ("macro_accuracy", "log_loss", "ece")]

    assert of(5, "majority") == of(20, "majority") != []
    assert of(5, "embedder alone: factorization") != of(20, "embedder alone: factorization")


def test_another_embedder_is_fitted_where_it_is_named(parts: Split, embedder: Factorization) -> None:
    steps: list[tuple[str, int, int, str]] = []
    rows = "embedder-alone,embedder alone: factorization,embedder alone: lightgcn"
    said: list[str] = []
    given: dict[str, Any] = {"on_step": lambda *step: steps.append(step), "on_note": said.append}
    table = evaluate(None, embedder, parts, rows=rows, known=(5,), **given)
    assert said[0].startswith(f"the embedder lightgcn is fitted on {len(parts.train.answers):,} answers first: very")
    assert table.summary().index.tolist() == ["embedder alone: factorization", "embedder alone: lightgcn"]
    assert any(stage == "embedding: lightgcn" for stage, *_ in steps)
    other = LightGCN(seed=embedder.seed).fit(parts.train)
    for name, at in (("held-out answers", parts.held_out_answers), ("unseen respondents K=5", parts.unseen_held_out)):
        known = parts.train if "unseen" not in name else parts.known(5)
        expected = float(METRICS["log_loss"](embedder_alone(other, other.embed(known), at), None))
        assert table.value(name, "embedder alone: lightgcn", "log_loss") == pytest.approx(expected)


def test_a_row_that_fails_on_a_set_is_noted_and_the_others_are_measured(parts: Split, lm: SteeredLM) -> None:
    """A question too long for the base model: the rows that ask it are n/a there, with the reason."""
    first = parts.survey.questions[0]
    long = replace(first, text="word " * 5000)
    survey = replace(parts.survey, questions=(long, *parts.survey.questions[1:]))
    whole = split(survey, seed=0, held_out_questions=0)
    fitted = Factorization(seed=0).fit(whole.train)
    said: list[str] = []
    results = evaluate(
        lm.model, fitted, whole, rows="majority,raw-question,context K=1", known=(5,), on_note=said.append
    )
    assert said[0].startswith("gpt2 reads at most")
    assert results.summary().index.tolist() == ["majority"]
    (note,) = (note for note in results.notes if "n/a, 'Question" in note)
    assert note.startswith("raw question, context K=1: n/a, ")
    assert "tokens, but 'gpt2' reads at most 256" in note
    assert note.endswith("(on held-out answers, unseen respondents K=5)")
    with pytest.raises(
        SettingError, match="none of the rows 'raw-question' can be measured here: raw question: n/a, 'Q"
    ):
        evaluate(lm.model, fitted, whole, rows="raw-question", known=())
