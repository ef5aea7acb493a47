"""Results as a table and as a file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from personaspace.errors import RunError, UnknownNameError
from personaspace.evaluation.measures.metrics import BEST, METRICS
from personaspace.evaluation.measures.number_metrics import NUMBER_BEST, NUMBER_METRICS
from personaspace.evaluation.results import Results, Row


def test_saved_equals_loaded(results: Results, tmp_path: Path) -> None:
    results.save(tmp_path / "results.json")
    loaded = Results.load(tmp_path / "results.json")
    assert loaded.table.equals(results.table)
    assert (loaded.survey, loaded.model, loaded.versions) == (results.survey, results.model, results.versions)
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(RunError, match="at survey: field required"):
        Results.load(tmp_path / "bad.json")


def test_summary_keeps_the_best_trait_only(results: Results) -> None:
    summary = results.summary()
    kept = [method for method in summary.index if method.startswith("demographic: ")]
    rows = results.table.query("metric == 'macro_accuracy' and split == 'held-out answers' and not weighted")
    traits = rows[rows["method"].str.startswith("demographic: ")].set_index("method")["value"]
    assert [traits.idxmax()] == kept


@pytest.mark.parametrize(
    ("metric", "kept"),
    [("macro_accuracy", "b"), ("log_loss", "a"), ("sd_ratio", "c"), ("r2", "b"), ("absolute_error", "a")],
)
def test_the_best_trait_is_that_with_least_loss_or_most_accuracy(metric: str, kept: str) -> None:
    values = {"a": 0.2, "b": 1.9, "c": 0.9}
    rows = [Row("held-out answers", f"group majority: {t}", metric, v, v, v, 9, 9) for t, v in values.items()]
    summary = Results("tea", None, 0, {}, (Row("new questions", "majority", metric, 1, 1, 1, 9, 9), *rows)).summary(
        metric
    )
    assert summary.index.tolist() == ["majority", f"group majority: {kept}"]


def test_summary_keeps_every_pair_of_traits() -> None:
    named = ("demographic: a", "demographic: b", "demographic: a x b", "demographic: b x c")
    rows = tuple(Row("held-out answers", m, "macro_accuracy", v, v, v, 9, 9) for v, m in enumerate(named))
    assert Results("tea", None, 0, {}, rows).summary().index.tolist() == [*named[1:]]


def test_results_of_before_there_were_samples_are_read(results: Results, tmp_path: Path) -> None:
    content = {k: v for k, v in results.to_json().items() if k not in ("sample", "notes")}
    (tmp_path / "results.json").write_text(json.dumps(content))
    assert Results.load(tmp_path / "results.json").sample is None


def test_results_of_before_there_were_weights_are_read(results: Results, tmp_path: Path) -> None:
    alike = replace(results, rows=tuple(row for row in results.rows if not row.weighted and not row.of_groups))
    content = {k: v for k, v in alike.to_json().items() if k not in ("groups", "paired", "curves")}
    content["rows"] = [{k: v for k, v in row.items() if k != "weighted"} for row in content["rows"]]
    (tmp_path / "results.json").write_text(json.dumps(content))
    assert Results.load(tmp_path / "results.json").table.equals(alike.table)


def test_every_metric_has_a_direction() -> None:
    assert set(METRICS) < set(BEST) and set(NUMBER_METRICS) == set(NUMBER_BEST)


def test_a_metric_that_was_not_measured_is_named(results: Results) -> None:
    with pytest.raises(UnknownNameError, match="unknown metric 'logloss': did you mean 'log_loss'"):
        results.summary("logloss")


def test_one_measurement_is_looked_up(results: Results) -> None:
    row = results.rows[3]
    assert results.value(row.split, row.method, row.metric) == row.value
    with pytest.raises(KeyError, match="guessing"):
        results.value("held-out answers", "guessing")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rows": [{"split": "x"}]}, r"at rows\.0\.method: field required"),
        ({"rows": 7}, "at rows: input should be a valid tuple"),
        ({"seed": "x"}, "at seed: input should be a valid integer"),
        ({"model": 3}, "at model: input should be a valid string"),
    ],
)
def test_damaged_results_are_named(results: Results, changes: dict[str, object], says: str, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps(results.to_json() | changes))
    with pytest.raises(RunError, match=says):
        Results.load(path)


def test_a_notebook_shows_the_summary_and_no_name_is_part_of_it(results: Results) -> None:
    shown = results._repr_html_()
    assert f"{results.value('held-out answers', 'majority'):.3f}" in shown and "majority" in shown
    evil = Row("held-out answers", "demographic: <b>", "macro_accuracy", 1, 1, 1, 9, 9)
    assert "demographic: &lt;b&gt;" in Results("tea", None, 0, {}, (evil,))._repr_html_()
    assert Results("tea", None, 0, {}, ())._repr_html_() == ""
