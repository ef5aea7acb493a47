"""Results as a table and as a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaspace.errors import RunError
from personaspace.evaluation.results import Results


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


def test_one_measurement_is_looked_up(results: Results) -> None:
    row = results.rows[3]
    assert results.value(row.split, row.method, row.metric) == row.value
    with pytest.raises(KeyError, match="guessing"):
        results.value("held-out answers", "guessing")
