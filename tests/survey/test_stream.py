from __future__ import annotations

from collections.abc import Callable
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
from personaspace.survey.stream import SurveyStream, open_survey
from personaspace.survey.stream_writer import SurveyWriter
from personaspace.survey.survey import Survey

SURVEY = simulate(respondents=60, seed=3)


def stored(folder: Path, rows: int, survey: Survey = SURVEY) -> Path:
    """A saved survey whose answers are cut into row groups of so many rows."""
    write_survey(survey, folder)
    pq.write_table(pq.read_table(folder / "answers.parquet"), folder / "answers.parquet", row_group_size=rows)
    return folder


@pytest.mark.parametrize("rows", [7, 40, 500, 10**6])
def test_the_blocks_make_up_the_survey_wherever_row_groups_end(tmp_path: Path, rows: int) -> None:
    stream = open_survey(stored(tmp_path, rows))
    seen = 0
    for block in stream.blocks():
        part = SURVEY.select(np.arange(seen, seen + len(block.respondents)))
        assert block.respondents == part.respondents
        assert block.answers.equals(part.answers)
        assert block.refusals.equals(part.refusals)
        np.testing.assert_array_equal(block.weight, part.weight)
        seen += len(block.respondents)
    assert seen == len(SURVEY.respondents)
    assert (stream.questions, stream.name, stream.simulated) == (SURVEY.questions, SURVEY.name, True)


def test_those_without_answers_are_in_a_block_too(tmp_path: Path) -> None:
    answered = np.isin(SURVEY.answers.respondent, [0, 3, 58, 59], invert=True)
    stream = SurveyStream(stored(tmp_path, 50, SURVEY.with_answers(answered)))
    assert sum((block.respondents for block in stream.blocks()), ()) == SURVEY.respondents


def test_blocks_come_in_the_order_asked_for(tmp_path: Path) -> None:
    stream = SurveyStream(stored(tmp_path, 200))
    forward = [block.respondents for block in stream.blocks()]
    assert [block.respondents for block in stream.blocks(range(len(stream))[::-1])] == forward[::-1]


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


@pytest.mark.parametrize("rows", [300, 10**6])
def test_answers_in_another_order_are_refused_with_the_way_out(tmp_path: Path, rows: int) -> None:
    shuffled = SURVEY.with_answers(np.random.default_rng(0).permutation(len(SURVEY.answers)))
    with pytest.raises(RunError, match=r"not sorted by respondent.*argsort\(kind='stable'\)"):
        list(SurveyStream(stored(tmp_path, rows, shuffled)).blocks())
    loaded = load_survey(tmp_path)
    write_survey(loaded.with_answers(loaded.answers.respondent.argsort(kind="stable")), tmp_path)
    assert len(list(SurveyStream(tmp_path).blocks())) == 1


def fewer_respondents(folder: Path) -> None:
    write_survey(SURVEY.select(np.arange(3)), folder / "few")
    (folder / "few" / "respondents.parquet").replace(folder / "respondents.parquet")


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "answers.parquet").unlink(),
        lambda folder: (folder / "respondents.parquet").write_bytes(b"PAR1"),
        fewer_respondents,
        lambda folder: (folder / "questions.json").write_text("{}"),
    ],
)
def test_a_damaged_survey_is_named(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    damage(stored(tmp_path, 500))
    with pytest.raises(RunError, match=r"write it again|write the survey again"):
        SurveyStream(tmp_path)
