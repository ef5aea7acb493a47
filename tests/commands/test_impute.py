"""``personaspace impute``: completed copies, and what is left as it is."""

from __future__ import annotations

from pathlib import Path

from personaspace.survey.storage import write_survey
from tests.commands.line import fail, personaspace, succeed
from tests.survey.filtered import planted


def test_copies_are_written_and_questions_held_out_are_left(table: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    succeed("fit", table, "--out", run, "--embedder", "factorization", "--personas", "1")
    found = succeed("impute", run, "--draws", "2", "--json")
    assert [Path(copy).name for copy in found["copies"]] == ["imputation-1.csv", "imputation-2.csv"]
    assert all(Path(path).exists() for path in (*found["copies"], found["imputed"]))
    assert found["own_format"] and found["cells"] > 0 and found["questions_left"]
    again = personaspace("impute", run, "--draws", "1", "--out", tmp_path / "again")
    assert f"left {len(found['questions_left'])} question(s) as they are" in again.stderr
    assert f"{found['cells']} cells filled in each of 1 copies" in again.stdout
    assert "not empty" in fail("impute", run)


def test_filtered_questions_stay_blank_and_are_listed_unless_they_are_to_be_filled(tmp_path: Path) -> None:
    write_survey(planted(), tmp_path / "source")
    run = tmp_path / "run"
    settings = ("--embedder", "factorization", "--personas", "1", "--use-everything")
    succeed("fit", tmp_path / "source", "--out", run, *settings)
    line = personaspace("impute", run, "--draws", "1", "--out", tmp_path / "a").stderr
    assert "left 3 question(s) blank" in line and "'why' (after 'own': 'a', 'b')" in line and "--fill-filtered" in line
    found = succeed("impute", run, "--draws", "1", "--out", tmp_path / "b", "--json")
    assert found["filtered"]["how"] == {"parent": "why", "answers": ["c"]}
    filled = succeed("impute", run, "--draws", "1", "--out", tmp_path / "c", "--fill-filtered", "--json")
    assert filled["cells"] > 2 * found["cells"] and not filled["filtered"]
    only = ("--question", "quit", "--out", tmp_path / "d", "--json")
    assert [*succeed("impute", run, *only)["filtered"]] == ["quit"]
