"""A fitted run opened to read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import personaspace as ps
from personaspace.errors import RunError
from personaspace.runs.evaluate import evaluate_run
from personaspace.runs.fit import fit_run
from personaspace.runs.run import Run
from personaspace.survey.simulate import simulate
from personaspace.survey.split import split


def files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_what_was_fitted_is_read_and_nothing_is_written(tmp_path: Path) -> None:
    survey = simulate(respondents=80, seed=0).select(questions=range(12))
    fitted = fit_run(Run.create(tmp_path / "run"), survey, embedder="factorization", personas=2)
    before = files(tmp_path)
    opened = ps.open_run(str(tmp_path / "run"))
    assert opened.split.train.respondents == split(survey).train.respondents == opened.embedder.ids_
    np.testing.assert_array_equal(opened.embedder.respondents_, fitted.embedder.respondents_)
    np.testing.assert_array_equal(opened.personas.vectors, fitted.personas.vectors)
    with pytest.raises(RunError, match="no stage 'steer' yet"):
        opened.steered_lm()
    with pytest.raises(RunError, match="no stage 'evaluation' yet"):
        opened.results()
    assert files(tmp_path) == before


def test_the_steered_model_answers_and_results_are_read(own_run: Path) -> None:
    results = evaluate_run(Run.open(own_run))
    opened = ps.open_run(own_run)
    assert opened.results().table.equals(results.table)
    answers = opened.steered_lm().ask("Is it late?", ["Yes", "No"], opened.personas)
    assert answers.index.tolist() == list(opened.personas.names)


def test_a_folder_that_is_no_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a run folder"):
        ps.open_run(tmp_path)
