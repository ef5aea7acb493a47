from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from personaspace.errors import RunError, SurveyError
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.simulate import simulate
from personaspace.survey.storage import load_survey, write_survey


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_survey(simulate(respondents=30), tmp_path / "survey")
    return tmp_path / "survey"


def test_a_survey_comes_back_equal(folder: Path) -> None:
    assert load_survey(folder).equals(simulate(respondents=30))


def test_awkward_surveys_come_back_equal(tmp_path: Path) -> None:
    survey = simulate(respondents=30)
    traits = pd.DataFrame({"id": ["x", None] * 15, "weight": ["é"] * 30})
    for i, odd in enumerate(
        [
            replace(survey, weights=None, traits=pd.DataFrame()),
            replace(survey, traits=traits, name="naïve", simulated=False),
            survey.select(respondents=[]),
            survey.select(questions=[]),
        ]
    ):
        write_survey(odd, tmp_path / str(i))
        assert load_survey(tmp_path / str(i)).equals(odd)


def test_writing_twice_replaces(folder: Path) -> None:
    other = simulate(respondents=10, seed=1)
    write_survey(other, folder)
    assert load_survey(folder).equals(other)


def test_a_run_is_read_by_its_survey(folder: Path) -> None:
    assert read_survey(folder.parent).equals(load_survey(folder))
    assert read_survey(folder, name="mine").name == "mine"
    with pytest.raises(SurveyError, match="leave the codebook out"):
        read_survey(folder, codebook={})


def test_a_damaged_folder_is_named(folder: Path) -> None:
    answers = pd.read_parquet(folder / "answers.parquet")
    (folder / "answers.parquet").write_text("not parquet")
    with pytest.raises(RunError, match=r"answers.parquet is not a readable table"):
        load_survey(folder)
    answers.assign(option=9).to_parquet(folder / "answers.parquet")
    with pytest.raises(RunError, match=r"holds a damaged survey .*chooses option 9"):
        load_survey(folder)
    (folder / "answers.parquet").unlink()
    with pytest.raises(RunError, match=r"answers.parquet is missing"):
        load_survey(folder)
    (folder / "questions.json").write_text('{"format": 99}')
    with pytest.raises(RunError, match="not of survey format 1"):
        load_survey(folder)
