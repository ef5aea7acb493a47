"""Surveys that are not as they should be: every row of every set is right, or n/a for a reason in plain words.

Every survey here is a small simulated one with one thing strange about it.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.errors import PersonaSpaceError, SettingError
from personaspace.evaluation.measures import measuring
from personaspace.evaluation.measures.bootstrap import resampled
from personaspace.evaluation.protocol import evaluate
from personaspace.evaluation.results import Results
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.steer.forward.option_logits import base_probabilities
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import question_prompt
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.simulate import simulate
from personaspace.survey.split import Split, split
from personaspace.survey.survey import Survey
from tests.steer.conftest import tiny_model
from tests.steer.model.test_option_tokens import with_words

WHOLE = simulate(respondents=160, seed=0).select(questions=range(12))
BASE = replace(WHOLE, traits=WHOLE.traits[["age", "sex"]])
PEOPLE = len(BASE.respondents)
ROWS = (
    "majority,group-majority,embedder-alone,embedder alone at cluster k=4,question-prior,similar-question,"
    "own-similar-answer,new-questions,raw-question,demographics,context K=3,system-prompt"
)
OF_MANY_OPTIONS = "majority,group-majority,embedder-alone,similar-question,own-similar-answer,raw-question,context K=3"
STEERED = "individual,cluster k=4,cluster k=500,demographic-personas"
SETS = ("held-out answers", "unseen respondents K=0", "held-out questions", "held-out questions, n=5")


def with_traits(**traits: Any) -> Survey:
    return replace(BASE, traits=BASE.traits.assign(**traits))


def asked_too(options: list[str], text: str = "Which number?") -> Survey:
    """One more question, that everybody answers at random."""
    given, n = BASE.answers, len(options)
    question = Question("big", text, tuple(Option(text, i / (n - 1)) for i, text in enumerate(options)))
    columns = (
        np.concatenate([given.respondent, np.arange(PEOPLE)]),
        np.concatenate([given.question, np.full(PEOPLE, len(BASE.questions))]),
        np.concatenate([given.option, np.random.default_rng(0).integers(0, n, PEOPLE)]),
    )
    return replace(BASE, questions=(*BASE.questions, question), answers=Answers(*columns))


def bare() -> Survey:
    """No traits, weights, topics, and no order of options."""
    questions = (replace(q, topic=None, options=tuple(Option(o.text) for o in q.options)) for q in BASE.questions)
    return replace(BASE, questions=tuple(questions), weights=None, traits=pd.DataFrame())


def one_answer(of: int) -> Survey:
    """Some respondents have one answer each."""
    first = np.unique(BASE.answers.respondent, return_index=True)[1]
    kept = BASE.answers.respondent >= of
    kept[first] = True
    return BASE.with_answers(kept)


def missing_traits() -> Survey:
    traits = BASE.traits.astype(object)
    traits.iloc[:, 0], traits.iloc[::2, 1] = None, None
    return replace(BASE, traits=traits)


STRANGE: dict[str, Callable[[], Survey]] = {
    "nothing strange": lambda: BASE,
    "no traits, weights, topics or order": bare,
    "a question of 300 options": lambda: asked_too([f"o{i}" for i in range(300)]),
    "more options than there are labels": lambda: asked_too([f"o{i}" for i in range(700)]),
    "options too long for the model": lambda: asked_too([f"{i} {'word ' * 200}" for i in range(4)]),
    "a question too long for the model": lambda: asked_too(["Yes", "No"], "word " * 900),
    "half of the respondents with one answer": lambda: one_answer(PEOPLE // 2),
    "everybody with one answer": lambda: one_answer(PEOPLE),
    "missing trait values": missing_traits,
    "everybody answers alike": lambda: replace(
        BASE, answers=Answers(BASE.answers.respondent, BASE.answers.question, np.zeros(len(BASE.answers), np.int64))
    ),
    "one trait value for all": lambda: with_traits(age="adult"),
    "a trait value for each": lambda: with_traits(age=[f"born {i}" for i in range(PEOPLE)]),
    "traits called like metrics": lambda: with_traits(
        **{"x within y": ["u", "v"] * (PEOPLE // 2), "personas": "=SUM(A1)", "a: b": ["u", "v"] * (PEOPLE // 2)}
    ),
    "two questions": lambda: BASE.select(questions=[0, 1]),
    "eight respondents": lambda: BASE.select(range(8)),
    "weights of 0 for most": lambda: replace(BASE, weights=(np.arange(PEOPLE) % 4 == 0).astype(float)),
}


def measured(survey: Survey, lm: LanguageModel, **given: Any) -> tuple[Results, list[tuple[str, str]]]:
    """Every row that takes little time, on as many sets as there are; and the sets and rows that were tried."""
    parts = split(survey, seed=0)
    space = Factorization(dim=4, seed=0).fit(parts.train)
    personas = cluster_personas(space, parts.train, k=1)
    steered: SteeredLM | LanguageModel = lm
    rows = OF_MANY_OPTIONS if survey.offsets[-1] > 200 else ROWS
    try:
        steered = SteeredLM(lm, settings=TrainSettings(epochs=1)).fit(parts.train, space)
        rows = f"{rows},{STEERED}"
    except PersonaSpaceError as error:
        assert re.match(r"'Question: .* needs \d+ tokens|\d+ option\(s\) given", str(error))
    planned: list[tuple[str, str]] = []

    def on_step(stage: str, _done: int, _of: int, note: str) -> None:
        if stage == "evaluation":
            at, _, method = note.partition(": ")
            planned.append((at, method))

    there = [name for name in SETS if "questions" not in name or len(parts.held_out_questions.answers)]
    there = [name for name in there if "n=5" not in name or "new-questions" in rows]
    sets = [name for name in there if "unseen" not in name or len(parts.unseen_held_out.answers)]
    results = evaluate(
        steered, space, parts, personas, rows=rows, answers=8, known=(0,), sets=sets, on_step=on_step,
        on_note=lambda _: None, **given,
    )  # fmt: skip
    return results, planned


def explained(results: Results, name: str, at: str = "") -> bool:
    """Whether a note says of a row or a metric, on an evaluation set, that it is n/a."""
    return any(name in note and at in note and "n/a" in note for note in results.notes)


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "resampled", partial(resampled, resamples=20))


@pytest.mark.parametrize("strange", STRANGE)
def test_every_row_is_measured_or_not_for_a_reason(strange: str) -> None:
    results, planned = measured(STRANGE[strange](), tiny_model("gpt2"))
    table = results.table
    there = set(zip(table["split"], table["method"], strict=True))
    for at, method in planned:
        assert (at, method) in there or explained(results, method, at), (at, method)
    assert {"majority", "embedder alone: factorization"} <= set(table["method"])
    for row in table[table["low"].isna() & table["value"].notna()].to_dict("records"):
        assert explained(results, "intervals", row["split"]), row
    for row in table[table["value"].isna()].to_dict("records"):
        assert explained(results, row["metric"].partition(": ")[0].partition(" within ")[0], row["split"]), row
    values = table[["value", "low", "high"]].to_numpy()
    assert not np.isinf(values).any()
    for metric in ("macro_accuracy", "ece", "total_variation", "wasserstein"):
        assert table.loc[table["metric"] == metric, "value"].dropna().between(0, 1).all()
    for note in results.notes:
        assert note.isprintable() and not re.search(r"Traceback|Error\b|\bnan\b|None", note), note


def test_a_number_of_clusters_that_cannot_be_made_takes_no_other_row_with_it(parts: Split, lm: SteeredLM) -> None:
    space = Factorization(seed=0).fit(parts.train)
    given: dict[str, Any] = {"answers": 20, "sets": ["held-out answers", "held-out questions"], "known": ()}
    alone = evaluate(lm, space, parts, rows="cluster k=3,demographic: age", **given)
    beside = evaluate(lm, space, parts, rows="cluster k=3,cluster k=999,demographic: age", **given)
    pd.testing.assert_frame_equal(beside.table, alone.table)
    (note,) = set(beside.notes) - set(alone.notes)
    assert re.fullmatch(
        r"cluster k=999: n/a, k is 999, but 160 respondents with \d+ different vectors make 1 to \d+ clusters "
        r"\(on held-out answers, held-out questions\)",
        note,
    )


def test_answers_that_nobody_gave_are_not_stated(parts: Split, lm: SteeredLM) -> None:
    """Where nothing is known of a respondent, a prompt of answers would be the raw question under another name."""
    space = Factorization(seed=0).fit(parts.train)
    results = evaluate(
        lm.model, space, parts, rows="raw-question,context K=8,system-prompt", answers=5, known=(0, 5),
        sets=["unseen respondents K=0", "unseen respondents K=5"],
    )  # fmt: skip
    nothing = "n/a, no answers of the respondents are known (on unseen respondents K=0)"
    assert f"context K=8, system prompt: individual: {nothing}" in results.notes
    assert "context K=8: of some respondents fewer answers are known and stated (on unseen respondents K=5)" in (
        results.notes
    )
    assert set(results.summary().index) == {"raw question", "context K=8", "system prompt: individual"}


def test_labels_of_several_tokens_are_predicted_whole() -> None:
    """A question of 28 options has labels of two letters, which this tokenizer writes as two tokens."""
    survey = asked_too([f"o{i}" for i in range(28)])
    parts = split(survey, seed=0, held_out_questions=0)
    space, model = Factorization(dim=2, seed=0).fit(parts.train), with_words("Answer:")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = evaluate(model, space, parts, rows="raw-question", known=())
        test = parts.held_out_answers
        texts, sizes = [question_prompt(q) for q in survey.questions], [len(q.options) for q in survey.questions]
        shown = base_probabilities(model, texts, sizes).double().numpy()
    chosen = shown[test.answers.question, test.answers.option]
    found = results.value("held-out answers", "raw question", "log_loss")
    assert found == pytest.approx(float(-np.log(chosen).mean()), rel=1e-4)
    assert survey.questions[-1].id == "big" and (test.answers.question == len(survey.questions) - 1).any()


def test_a_question_of_hundreds_of_options_is_counted_as_any_other() -> None:
    survey = asked_too([f"o{i}" for i in range(300)])
    parts = split(survey, seed=0, held_out_questions=0)
    space = Factorization(dim=2, seed=0).fit(parts.train)
    results = evaluate(None, space, parts, rows="majority", known=())
    test, counts = parts.held_out_answers, parts.train.option_counts()
    shares = np.concatenate([(of + 1) / (of + 1).sum() for of in np.split(counts, parts.train.offsets[1:-1])])
    chosen = shares[test.offsets[test.answers.question] + test.answers.option]
    found = results.value("held-out answers", "majority", "log_loss")
    assert found == pytest.approx(float(-np.log(chosen).mean()), rel=1e-6)


def test_a_trait_called_like_a_metric_is_measured_as_any_other() -> None:
    survey = simulate(respondents=400, seed=0).select(questions=range(8))
    half = ["u", "v"] * (len(survey) // 2)
    parts = split(replace(survey, traits=pd.DataFrame({"x within y": half, "plain": half})), seed=0)
    space = Factorization(dim=2, seed=0).fit(parts.train)
    results = evaluate(None, space, parts, rows="majority", known=(), sets=["held-out questions"])
    for metric in ("worst_group: {}", "parity_gap: {}", "total_variation within {}"):
        one, other = (
            results.value("held-out questions", "majority", metric.format(trait)) for trait in ("x within y", "plain")
        )
        assert one == other and not math.isnan(one)


def test_everybody_asked_again_contradicts_themselves() -> None:
    """Accuracy as a share of nothing is not infinite."""
    yes_no = tuple(Question(f"q{j}", f"Is {j}?", (Option("no", 0.0), Option("yes", 1.0))) for j in range(4))
    people = tuple(f"p{i}" for i in range(40))
    row, column = (grid.ravel() for grid in np.meshgrid(np.arange(40), np.arange(4), indexing="ij"))
    option = np.random.default_rng(0).integers(0, 2, len(row))
    first, second = (Survey(people, yes_no, Answers(row, column, of), name="s") for of in (option, 1 - option))
    parts = split(first, seed=0, held_out_questions=0)
    space = Factorization(dim=2, seed=0).fit(parts.train)
    results = evaluate(None, space, parts, rows="majority", known=(), retest=second)
    assert math.isnan(results.value("held-out answers", "majority", "share_of_retest"))
    assert "share_of_retest: n/a, nobody gave an answer again (on held-out answers)" in results.notes


def test_a_trait_of_500_values_is_one_as_any_other() -> None:
    """Groups of one or two people, and more values than trees may keep apart: no row claims more than it knows."""
    whole = simulate(respondents=600, seed=0).select(questions=range(4))
    survey = replace(whole, traits=pd.DataFrame({"place": [f"place {i % 500}" for i in range(600)]}))
    parts = split(survey, seed=0, held_out_questions=0)
    space = Factorization(dim=2, seed=0).fit(parts.train)
    rows = "majority,group-majority,boosted-trees,embedder-alone-at-demographic-personas"
    table = evaluate(None, space, parts, rows=rows, known=(0,)).summary("log_loss")
    assert list(table.index) == [
        "majority", "group majority: place", "boosted trees: traits", "boosted trees: traits and answers",
        "embedder alone at demographic: place",
    ]  # fmt: skip
    assert table.notna().all(axis=None)
    worse = table.drop(index="boosted trees: traits and answers") - table.loc["majority"]
    assert (worse.loc[["group majority: place", "boosted trees: traits"]].abs() < 0.1).all(axis=None)


def test_one_respondent_has_no_interval_and_is_no_evidence_of_a_difference(parts: Split) -> None:
    space = Factorization(seed=0).fit(parts.train)
    results = evaluate(None, space, parts, rows="majority,embedder-alone", respondents=1, known=())
    table = results.table[~results.table["metric"].str.contains(" within |: ") & results.table["value"].notna()]
    assert table["low"].isna().all() and table["high"].isna().all() and len(table)
    assert results.differences.empty
    assert "intervals: n/a, there is one respondent (on held-out answers, held-out questions)" in results.notes


def test_what_is_only_n_a_is_refused_with_the_reason() -> None:
    parts = split(bare(), seed=0)
    space = Factorization(dim=2, seed=0).fit(parts.train)
    with pytest.raises(SettingError, match="group majority: n/a, the survey has no traits"):
        evaluate(None, space, parts, rows="group-majority")
    with pytest.raises(SettingError, match="'new-questions' can be measured here: they are not for held-out"):
        evaluate(None, space, parts, rows="new-questions", sets=["held-out answers"])
