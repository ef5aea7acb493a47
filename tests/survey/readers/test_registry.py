from __future__ import annotations

from pathlib import Path

import pytest

from personaspace.errors import SurveyError, UnknownNameError
from personaspace.survey.readers.registry import read_survey


def test_the_source_is_found_out_or_named(table: Path, opinionqa: Path) -> None:
    assert read_survey(table).equals(read_survey(table, format="table"))
    assert read_survey(opinionqa).equals(read_survey(str(opinionqa), format="opinionqa"))


def test_a_name_replaces_the_default(table: Path) -> None:
    assert read_survey(table).name == "drinks"
    assert read_survey(table, name="mine").name == "mine"


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(SurveyError, match=r"there is no file or folder .*lost"):
        read_survey(tmp_path / "lost")


def test_a_folder_that_is_not_a_survey_says_what_it_holds_and_what_is_understood(tmp_path: Path) -> None:
    with pytest.raises(SurveyError, match="an empty folder, not a survey"):
        read_survey(tmp_path)
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(SurveyError, match=r"a folder with photo.jpg, .*OpinionQA.*questions.json.*\.parquet"):
        read_survey(tmp_path)
    with pytest.raises(SurveyError, match=r"a \.jpg file, not a survey"):
        read_survey(tmp_path / "photo.jpg")


def test_an_unknown_format(table: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown survey format 'tabel': did you mean 'table'"):
        read_survey(table, format="tabel")


def test_only_tables_take_a_codebook(opinionqa: Path) -> None:
    with pytest.raises(SurveyError, match="leave the codebook out"):
        read_survey(opinionqa, codebook={})
