"""A fitted run opened to read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import personaspace as ps
from personaspace.errors import RunError
from personaspace.newquestions import gaussian_process
from personaspace.newquestions.regression import Regression
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


ASKED = ("Should trains be free?", ["Yes", "No", "Not sure"])


def test_the_question_prior_is_read_and_not_fitted_again(fitted_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = ps.open_run(fitted_run)
    expected = ps.NewQuestions(opened.embedder, opened.split.train).ask(*ASKED).everybody()

    def searched(*_: object) -> None:
        raise AssertionError("the prior's settings are known")

    monkeypatch.setattr(gaussian_process, "likeliest_settings", searched)
    monkeypatch.setattr(Regression, "fit", searched)
    found = opened.new_questions.ask(*ASKED).everybody()
    np.testing.assert_allclose(found.probabilities, expected.probabilities)


def test_a_run_of_a_version_without_a_question_prior_fits_it_and_writes_nothing(
    fitted_run: Path, tmp_path: Path
) -> None:
    old = without_prior(fitted_run, tmp_path)
    before, opened = files(old), ps.open_run(old)
    expected = ps.open_run(fitted_run).new_questions.ask(*ASKED).everybody()
    assert not opened.has_prior
    found = opened.new_questions.ask(*ASKED).everybody()
    np.testing.assert_allclose(found.probabilities, expected.probabilities)
    assert files(old) == before


def test_a_damaged_question_prior_is_an_error(fitted_run: Path, tmp_path: Path) -> None:
    run = shutil.copytree(fitted_run, tmp_path / "run")
    (run / "newquestions" / "question_prior.safetensors").write_bytes(b"nonsense")
    with pytest.raises(RunError, match="not as it was written: restore it, or run `personaspace fit"):
        _ = ps.open_run(run).new_questions


def without_prior(run: Path, folder: Path) -> Path:
    """A copy of a run as a version without a question prior left it."""
    old = shutil.copytree(run, folder / "old")
    shutil.rmtree(old / "newquestions")
    manifest = json.loads((old / "manifest.json").read_text())
    del manifest["stages"]["newquestions"]
    (old / "manifest.json").write_text(json.dumps(manifest))
    return old
