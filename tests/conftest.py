"""Fixtures shared by every test."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from personaspace.steer.model.language_model import LanguageModel


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data named by PERSONASPACE_DATA; without it the test is skipped."""
    folder = os.environ.get("PERSONASPACE_DATA")
    if not folder:
        pytest.skip("set PERSONASPACE_DATA to the folder of real surveys to run this test")
    return Path(folder)


@pytest.fixture(scope="session")
def nano() -> LanguageModel:
    """The small model shipped with the package, loaded once."""
    from personaspace.steer.model.language_model import LanguageModel

    return LanguageModel.load("nano")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A language model of a few thousand random weights, saved in a folder."""
    from tests.steer.conftest import tiny_model

    folder = tmp_path_factory.mktemp("tiny")
    tiny = tiny_model("gpt2")
    tiny.model.save_pretrained(folder)
    tiny.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def fitted_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 80 respondents and 12 questions, fitted; a test that writes to it takes :func:`own_run`."""
    from personaspace.runs.fit import fit_run
    from personaspace.runs.run import Run
    from personaspace.survey.simulate import simulate

    survey = simulate(respondents=80, seed=0).select(questions=range(12))
    folder = tmp_path_factory.mktemp("fitted") / "run"
    return fit_run(Run.create(folder), survey, embedder="factorization", personas=3).run.folder


@pytest.fixture(scope="session")
def steered_run(fitted_run: Path, tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run, steered, with refusals; a test that writes to it takes :func:`own_run`."""
    from personaspace.runs.run import Run
    from personaspace.runs.steer import steer_run
    from personaspace.steer.training.settings import TrainSettings

    folder = shutil.copytree(fitted_run, tmp_path_factory.mktemp("steered") / "run")
    steer_run(Run.open(folder), str(tiny_folder), settings=TrainSettings(epochs=1), refusals=True)
    return folder


@pytest.fixture
def own_run(steered_run: Path, tmp_path: Path) -> Path:
    """A copy of :func:`steered_run` for one test to write to."""
    return shutil.copytree(steered_run, tmp_path / "own")
