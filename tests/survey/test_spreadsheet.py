"""Tables for people hold no formulas, and come back as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import RunError
from personaspace.survey.readers.writer import WideCsvWriter
from personaspace.survey.simulate import simulate
from personaspace.survey.spreadsheet import read_csv, write_csv

TEXTS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''-x", "-1", "+2.5", "-1e3", "plain"]


def test_formulas_become_text_and_numbers_stay(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", pd.DataFrame({"text": TEXTS, "number": np.linspace(-1, 1, len(TEXTS))}))
    cells = pd.read_csv(tmp_path / "t.csv", dtype={"text": str}, keep_default_na=False)
    assert cells["number"].iloc[0] == -1
    assert cells["text"].tolist()[:6] == [f"'{text}" for text in TEXTS[:6]]
    assert cells["text"].tolist()[8:] == TEXTS[8:]


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    table = pd.DataFrame({"text": TEXTS, "number": np.arange(len(TEXTS)) / 3})
    write_csv(tmp_path / "t.csv", table)
    pd.testing.assert_frame_equal(read_csv(tmp_path / "t.csv", ["text"]), table, check_dtype=False)


def test_names_of_columns_are_no_formulas_and_may_be_there_twice(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", pd.DataFrame([["=1", "b"]], columns=["=x", "=x"]))
    assert (tmp_path / "t.csv").read_text().splitlines() == ["'=x,'=x", "'=1,b"]


def test_a_completed_copy_as_csv_holds_no_formula(tmp_path: Path) -> None:
    survey = simulate(respondents=20)
    named = pd.DataFrame({"age": ["=HYPERLINK(1)"] * 20})
    survey = type(survey)(survey.respondents, survey.questions, survey.answers, named)
    path = WideCsvWriter(survey).write(survey.answers.where(np.zeros(len(survey.answers), bool)), tmp_path / "copy")
    assert pd.read_csv(path)["age"].unique().tolist() == ["'=HYPERLINK(1)"]


@pytest.mark.parametrize("content", [None, "", "a\n1\n", "\x00" * 30])
def test_a_table_that_cannot_be_read(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "t.csv").write_text(content)
    with pytest.raises(RunError, match=r"t\.csv is (missing|not readable)"):
        read_csv(tmp_path / "t.csv", ["text"])
