from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from personaspace.errors import RunError, SurveyError
from personaspace.survey.simulate import simulate
from personaspace.survey.storage import load_survey, write_survey
from personaspace.survey.stream import SurveyStream
from personaspace.survey.stream_writer import SurveyWriter

SURVEY = simulate(respondents=60, seed=3)


def test_what_is_written_in_blocks_is_the_same_survey(tmp_path: Path) -> None:
    with SurveyWriter(tmp_path, SURVEY.questions, SURVEY.name, simulated=True) as writer:
        for rows in (np.arange(25), np.arange(25, 60)):
            writer.write(SURVEY.select(rows))
    assert load_survey(tmp_path).equals(SURVEY)
    assert [len(block.respondents) for block in SurveyStream(tmp_path).blocks()] == [25, 35]


def test_an_interrupted_writing_leaves_what_was_there(tmp_path: Path) -> None:
    write_survey(SURVEY, tmp_path)
    with pytest.raises(SurveyError, match="other questions"), SurveyWriter(tmp_path, SURVEY.questions, "new") as writer:
        writer.write(SURVEY.select(np.arange(5)))
        writer.write(SURVEY.select(questions=np.arange(5)))
    assert load_survey(tmp_path).equals(SURVEY)
    assert len(list(tmp_path.iterdir())) == 3


def full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("failing", ["write_table", "close"])
def test_a_full_disk_while_writing_blocks_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    write_survey(SURVEY, tmp_path)
    monkeypatch.setattr(pq.ParquetWriter, failing, full)
    with (
        pytest.raises(RunError, match=r"cannot write .*parquet: No space left on device"),
        SurveyWriter(tmp_path, SURVEY.questions, "new") as writer,
    ):
        writer.write(SURVEY.select(np.arange(5)))
    monkeypatch.undo()
    assert load_survey(tmp_path).equals(SURVEY)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("change", [{"weights": None}, {"traits": pd.DataFrame()}])
def test_blocks_with_other_columns_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    with (
        pytest.raises(SurveyError, match="weights to all blocks or to none"),
        SurveyWriter(tmp_path, SURVEY.questions, "new") as writer,
    ):
        writer.write(SURVEY.select(np.arange(5)))
        writer.write(replace(SURVEY.select(np.arange(5, 9)), **change))
    assert not list(tmp_path.iterdir())


def test_new_questions_never_stand_over_old_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_survey(SURVEY, tmp_path)
    moved = Path.replace

    def killed(path: Path, target: Path) -> Path:
        if target.name == "answers.parquet":
            raise KeyboardInterrupt
        return moved(path, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt), SurveyWriter(tmp_path, SURVEY.questions, "new") as writer:
        writer.write(SURVEY.select(np.arange(5)))
    with pytest.raises(RunError, match=r"questions.json is missing"):
        load_survey(tmp_path)


def test_blocks_keep_the_order_of_a_traits_values_and_its_label(tmp_path: Path) -> None:
    ages = pd.Categorical(["old", None, "young"] * 20, categories=["young", "middle", "old"])
    survey = replace(SURVEY, traits=pd.DataFrame({"age": ages}), trait_labels={"age": "Age"})
    with SurveyWriter(tmp_path, survey.questions, survey.name, simulated=True) as writer:
        for rows in ([0], range(1, 60)):
            writer.write(survey.select(list(rows)))
    assert load_survey(tmp_path).equals(survey)
    backwards = pd.DataFrame({"age": ages.reorder_categories(["old", "middle", "young"])})
    for other in (replace(survey, traits=backwards), replace(survey, trait_labels={})):
        with (
            pytest.raises(SurveyError, match="other labels of them, or their values in another order"),
            SurveyWriter(tmp_path, survey.questions, "new") as writer,
        ):
            writer.write(survey.select([0]))
            writer.write(other.select([1]))
