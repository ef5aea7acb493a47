"""``personaspace codebook`` drafts what ``fit`` takes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from personaspace.survey.readers.registry import read_survey
from tests.commands.line import fail, personaspace, succeed


def write(folder: Path, rows: int = 60) -> Path:
    frame = pd.DataFrame(
        {
            "respid": [f"r{row}" for row in range(rows)],
            "weight": [0.5 + row % 7 / 6 for row in range(rows)],
            "sex": [("Male", "Female")[row % 2] for row in range(rows)],
            "startdate": [f"2024-01-{row % 28 + 1:02d}" for row in range(rows)],
            "trust": [("Never", "Sometimes", "Always")[row % 3] for row in range(rows)],
            "tea": [("Strongly agree", "Agree", "Disagree")[row // 2 % 3] for row in range(rows)],
        }
    )
    frame.to_csv(folder / "mine.csv", index=False)
    return folder / "mine.csv"


def test_the_draft_is_a_codebook_that_reads_the_file(tmp_path: Path) -> None:
    table, book = write(tmp_path), tmp_path / "mine.codebook.yaml"
    done = personaspace("codebook", table, "--out", book)
    assert done.status == 0
    assert "0 doubtful guess(es), then fit with --codebook" in done.stderr
    survey = read_survey(table)
    assert [question.id for question in survey.questions] == ["trust", "tea"]
    assert [question.ordinal for question in survey.questions] == [True, True]
    assert (list(survey.traits.columns), survey.respondents[0]) == (["sex"], "r0")
    assert survey.weights is not None
    assert "startdate" in book.read_text()


def test_it_is_printed_or_given_as_json(tmp_path: Path) -> None:
    table = write(tmp_path)
    assert "respondent: respid" in succeed("codebook", table)
    shown = succeed("codebook", table, "--json")
    assert {guess["column"]: guess["role"] for guess in shown["guesses"]}["sex"] == "trait"
    assert shown["codebook"]["weight"] == "weight"


def test_corrections_are_not_overwritten(tmp_path: Path) -> None:
    table, book = write(tmp_path), tmp_path / "mine.codebook.yaml"
    book.write_text("respondent: respid\n")
    assert "may hold your corrections" in fail("codebook", table, "--out", book)
    assert book.read_text() == "respondent: respid\n"
    assert "there is no file" in fail("codebook", tmp_path / "other.csv")
