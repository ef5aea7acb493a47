"""The protocol on a simulated survey: which rows there are, and that they are what they say."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.errors import RunError, SettingError
from personaspace.evaluation.language_model_rows import GroupRows, individual
from personaspace.evaluation.metrics import METRICS
from personaspace.evaluation.protocol import evaluate, evaluation_sets
from personaspace.evaluation.results import Results
from personaspace.persona.clustering.cluster_personas import ClusterPersonas
from personaspace.persona.groups import demographic_personas
from personaspace.persona.soft_membership import nearest_persona
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.simulate import simulate
from personaspace.survey.split import Split, split
from tests.steer.conftest import tiny_model

SPLITS = [
    "held-out answers",
    "unseen respondents K=5",
    "held-out questions",
    "unseen respondents, held-out questions K=5",
]


@pytest.fixture(scope="module")
def parts() -> Split:
    return split(simulate(respondents=200, seed=0), seed=0)


@pytest.fixture(scope="module")
def space(parts: Split) -> Factorization:
    return Factorization(seed=0).fit(parts.train)


@pytest.fixture(scope="module")
def lm(parts: Split, space: Factorization) -> SteeredLM:
    return SteeredLM(tiny_model("gpt2"), settings=TrainSettings(epochs=1)).fit(parts.train, space)


@pytest.fixture(scope="module")
def results(parts: Split, space: Factorization, lm: SteeredLM) -> Results:
    personas = ClusterPersonas(k=3, seed=0).fit(space, parts.train)
    return evaluate(lm, space, parts, personas, known=(5,))


def test_every_row_is_there(results: Results, parts: Split) -> None:
    assert results.table["split"].drop_duplicates().tolist() == SPLITS
    assert set(results.table["metric"]) == set(METRICS)
    language_model = {"raw question", "untrained", "individual", "cluster k=3"}
    language_model |= {f"demographic: {trait}" for trait in parts.train.traits.columns}
    for name in SPLITS:
        methods = set(results.table.query("split == @name")["method"])
        assert language_model | {"majority"} <= methods
        assert ("embedder alone: factorization" in methods) == ("questions" not in name)


def test_intervals_hold_their_values(results: Results) -> None:
    table = results.table.query("metric == 'macro_accuracy'")
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()
    assert ((table["value"] >= 0) & (table["value"] <= 1)).all()


def test_a_run_without_language_model_has_the_other_rows(parts: Split, space: Factorization) -> None:
    table = evaluate(None, space, parts, known=(5,)).table
    assert "individual" not in set(table["method"])
    assert {"majority", "embedder alone: factorization", "own similar answer"} <= set(table["method"])


def test_saved_equals_loaded(results: Results, tmp_path: Path) -> None:
    results.save(tmp_path / "results.json")
    loaded = Results.load(tmp_path / "results.json")
    assert loaded.table.equals(results.table)
    assert (loaded.survey, loaded.model, loaded.versions) == (results.survey, results.model, results.versions)
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(RunError, match="does not hold results"):
        Results.load(tmp_path / "bad.json")


def test_summary_keeps_the_best_trait_only(results: Results) -> None:
    summary = results.summary()
    kept = [method for method in summary.index if method.startswith("demographic: ")]
    rows = results.table.query("metric == 'macro_accuracy' and split == 'held-out answers'")
    traits = rows[rows["method"].str.startswith("demographic: ")].set_index("method")["value"]
    assert [traits.idxmax()] == kept


def test_a_group_answers_as_its_point_does(lm: SteeredLM, space: Factorization, parts: Split) -> None:
    """Asked together and shared out, every group still answers as its own mean vector would."""
    test = parts.held_out_answers
    trait = str(parts.train.traits.columns[0])
    groups = demographic_personas(space, parts.train, trait)
    vectors = np.array([
        groups[f"{trait}={value}"].vector if isinstance(value, str) else space.respondents_.mean(0)
        for value in test.traits[trait]
    ])  # fmt: skip
    rows = dict(GroupRows(lm, space, parts.train, None).rows(test, space.respondents_))
    shared, apart = rows[f"demographic: {trait}"](), individual(lm, vectors.astype(np.float32), test)
    np.testing.assert_allclose(shared.probabilities, apart.probabilities, atol=1e-5)


def test_the_nearest_cluster_speaks_for_everybody(lm: SteeredLM, space: Factorization, parts: Split) -> None:
    test, clusters = parts.held_out_answers, ClusterPersonas(k=3, seed=0).fit(space, parts.train)
    rows = dict(GroupRows(lm, space, parts.train, clusters).rows(test, space.respondents_))
    vectors = clusters.vectors[nearest_persona(clusters, space, space.respondents_)]
    expected = individual(lm, vectors, test).probabilities
    np.testing.assert_allclose(rows["cluster k=3"]().probabilities, expected, atol=1e-5)


def test_nothing_held_back_is_nothing_to_evaluate() -> None:
    whole = split(simulate(respondents=100, seed=1), unseen_respondents=0, held_out_answers=0, held_out_questions=0)
    fitted = Factorization(seed=0).fit(whole.train)
    assert not list(evaluation_sets(fitted, whole))
    with pytest.raises(SettingError, match="without --use-everything"):
        evaluate(None, fitted, whole)


def test_rows_say_how_many_they_were_measured_on(results: Results, parts: Split) -> None:
    row = asdict(results.rows[0])
    assert row["answers"] == len(parts.held_out_answers.answers)
    assert row["respondents"] == len(np.unique(parts.held_out_answers.answers.respondent))
