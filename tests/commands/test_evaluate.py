"""``personaspace evaluate``: the table is printed and written."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.commands.line import fail, personaspace, succeed


def test_the_table_is_printed_and_written(own_run: Path) -> None:
    printed = succeed("evaluate", own_run, "--json")
    assert printed == json.loads((own_run / "evaluation" / "results.json").read_text())
    methods = {row["method"] for row in printed["rows"]}
    assert {"majority", "embedder alone: factorization", "individual", "cluster k=3", "demographic: age"} <= methods
    assert "macro accuracy" in succeed("evaluate", own_run)


def test_a_run_that_was_not_steered_is_evaluated_without_a_language_model(fitted_run: Path, tmp_path: Path) -> None:
    results = succeed("evaluate", shutil.copytree(fitted_run, tmp_path / "run"), "--json")
    assert results["model"] is None
    assert "individual" not in {row["method"] for row in results["rows"]}


def test_a_sample_says_so_and_leaves_the_run_s_own_table(own_run: Path) -> None:
    succeed("evaluate", own_run)
    before = (own_run / "evaluation" / "results.json").read_bytes()
    chosen = ("--rows", "majority,context K=2,individual", "--respondents", "10", "--answers", "15")
    done = personaspace("evaluate", own_run, *chosen)
    shown, said = (" ".join(text.split()) for text in (done.stdout, done.stderr))
    assert "a sample: at most 10 respondents and 15 answers of each evaluation set, seed 0" in shown
    assert re.search(r"reads at most \d\d prompts of \d+ tokens on average: about", said)
    assert (own_run / "evaluation" / "results.json").read_bytes() == before
    results = succeed("evaluate", own_run, *chosen, "--json")
    assert results == json.loads((own_run / "rows" / "results.json").read_text())
    assert results["sample"] == {"respondents": 10, "answers": 15, "seed": 0}
    assert {row["method"] for row in results["rows"]} == {"majority", "context K=2", "individual"}


def test_a_model_that_the_run_did_not_steer(own_run: Path, fitted_run: Path, tmp_path: Path, tiny_folder: Path) -> None:
    for run in (own_run, shutil.copytree(fitted_run, tmp_path / "run")):
        chosen = ("evaluate", run, "--model", tiny_folder, "--rows")
        assert succeed(*chosen, "raw-question", "--json")["model"] == str(tiny_folder)
        assert "error: row 'individual' needs a steered model" in fail(*chosen, "individual")


def test_an_unknown_row_lists_what_is_allowed_before_anything_is_loaded(own_run: Path) -> None:
    error = fail("evaluate", own_run, "--model", "no-such-model", "--rows", "raw-question,contexts")
    assert "unknown row 'contexts': give some of default, " in error
    for name in ("demographics", "context", "system-prompt", "clusters", "'demographic: TRAIT x TRAIT'"):
        assert name in error


@pytest.fixture(scope="module")
def small_run(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fitted on ``table``: 80 respondents, 12 questions."""
    run = tmp_path_factory.mktemp("small") / "run"
    succeed("fit", table, "--out", run, "--embedder", "factorization", "--personas", "2")
    return run


def sets_of(results: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(row["split"] for row in results["rows"]))


def test_any_numbers_of_known_answers(small_run: Path) -> None:
    results = succeed("evaluate", small_run, "--known", "1, 3", "--json")
    assert [name for name in sets_of(results) if " K=" in name and "questions" not in name] == [
        "unseen respondents K=1",
        "unseen respondents K=3",
    ]
    assert json.loads((small_run / "rows" / "results.json").read_text()) == results
    for wrong in ("1,x", "-1", "", "1,,2", "5,5"):
        assert "known is" in fail("evaluate", small_run, "--known", wrong)


def test_another_survey_and_the_same_people_asked_again(small_run: Path, table: Path, tmp_path: Path) -> None:
    frame, book = pd.read_csv(table), table.with_name("answers.codebook.json")
    frame.to_csv(tmp_path / "later.csv", index=False)
    frame.assign(id=frame["id"] + "*").to_csv(tmp_path / "strangers.csv", index=False)
    for name in ("later", "strangers"):
        shutil.copy(book, tmp_path / f"{name}.codebook.json")
    results = succeed("evaluate", small_run, "--retest", tmp_path / "later.csv", "--json")
    own = [row["value"] for row in results["rows"] if row["method"] == "own answer, asked again"]
    assert own[0] == 1
    assert "share_of_retest" in {row["metric"] for row in results["rows"]}
    done = personaspace("evaluate", small_run, "--survey", tmp_path / "strangers.csv")
    assert "strangers: known questions" in " ".join(done.stdout.split())
    assert "0 of its 80 respondents with training" in " ".join(done.stdout.split())
    given = ("--codebook", book)
    assert sets_of(succeed("evaluate", small_run, "--survey", tmp_path / "strangers.csv", *given, "--json"))[0] == (
        "strangers: known questions"
    )


def test_rows_without_ids_are_nobody_in_the_run(small_run: Path, table: Path, tmp_path: Path) -> None:
    pd.read_csv(table).drop(columns="id").to_csv(tmp_path / "rows.csv", index=False)
    book = json.loads(table.with_name("answers.codebook.json").read_text()) | {"respondent": None}
    (tmp_path / "rows.codebook.json").write_text(json.dumps(book))
    results = succeed("evaluate", small_run, "--survey", tmp_path / "rows.csv", "--json")
    assert any("0 of its 80 respondents with training" in note for note in results["notes"])
    assert "has no column of respondent ids" in fail("evaluate", small_run, "--retest", tmp_path / "rows.csv")


def test_wrong_combinations_are_one_line(small_run: Path, table: Path, tmp_path: Path) -> None:
    assert "--codebook is of one other survey" in fail("evaluate", small_run, "--codebook", table)
    both = ("--survey", table, "--retest", table)
    assert "--codebook is of one other survey" in fail("evaluate", small_run, *both, "--codebook", table)
    assert "another survey is given" in fail("evaluate", small_run, "--survey", table, "--known", "1")
    assert "no-file" in fail("evaluate", small_run, "--survey", tmp_path / "no-file.csv")
    assert "no-file" in fail("evaluate", small_run, "--retest", tmp_path / "no-file.csv")


def test_a_run_fitted_on_everything_is_scored_on_another_survey(table: Path, tmp_path: Path) -> None:
    quick = ("--embedder", "factorization", "--personas", "2", "--use-everything")
    succeed("fit", table, "--out", tmp_path / "run", *quick)
    frame = pd.read_csv(table)
    frame.assign(id=frame["id"] + "*").to_csv(tmp_path / "strangers.csv", index=False)
    shutil.copy(table.with_name("answers.codebook.json"), tmp_path / "strangers.codebook.json")
    results = succeed("evaluate", tmp_path / "run", "--survey", tmp_path / "strangers.csv", "--json")
    assert sets_of(results) == ["strangers: known questions"]
    assert "nothing to predict" in fail("evaluate", tmp_path / "run", "--survey", table)
