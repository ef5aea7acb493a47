"""``personaspace impute``: completed copies, and what is left as it is."""

from __future__ import annotations

from pathlib import Path

from tests.commands.line import fail, personaspace, succeed


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
