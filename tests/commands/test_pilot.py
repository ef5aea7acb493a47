"""``personaspace pilot``: whom to ask, how far the pilot is, and when to stop."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from personaspace.runs.fitted import open_run
from tests.commands.line import fail, succeed

ASK = ("Is it late?", "--option", "Yes", "--option", "No")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def answered(path: Path, answers: int) -> None:
    """Write the first people's answers into a list, as the user does."""
    table = rows(path)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["respondent", "persona", "answer"])
        writer.writeheader()
        writer.writerows({**row, "answer": "Yes" if place < answers else ""} for place, row in enumerate(table))


def test_a_pilot_from_the_first_list_to_the_answers(fitted_run: Path, own_folder: Path) -> None:
    shown = succeed("pilot", fitted_run, *ASK, "--n", "6")
    assert "0 answer(s) so far, 0 blank: the widest 95% interval of everybody's shares has" in shown
    assert "points are expected after the next 6; stop below 10 (--width)" in shown
    assert "whom to ask: pilot.csv" in shown
    first = rows(own_folder / "pilot.csv")
    assert [row["answer"] for row in first] == [""] * 6
    assert {row["respondent"] for row in first} <= set(open_run(fitted_run).split.train.respondents)
    assert {row["persona"] for row in first} <= {"cluster-1", "cluster-2", "cluster-3"}
    answered(own_folder / "pilot.csv", 4)
    found = further(fitted_run, "pilot.csv", "next.csv")
    assert found["pilot"] == {"answers": 4, "blank": 2}
    assert found["width"] < further(fitted_run, None, "other.csv")["width"]
    second = rows(own_folder / "next.csv")
    assert [row["answer"] for row in second] == ["Yes"] * 4 + [""] * 6
    assert len({row["respondent"] for row in second}) == 10
    told = succeed("ask", fitted_run, *ASK, "--pilot", "next.csv", "--json")
    assert told["pilot"] == {"answers": 4, "blank": 6}
    assert told["answers"]["everybody"] == pytest.approx(found["answers"]["everybody"])


def test_the_interval_expected_gets_narrower_with_everybody_asked(fitted_run: Path) -> None:
    found = further(fitted_run, None, "pilot.csv")
    widths = [found["width"], *(person["width"] for person in found["people"])]
    assert widths == sorted(widths, reverse=True) and len(set(widths)) == 7
    assert not found["stop"]
    limit = 100 * (widths[3] + widths[4]) / 2
    assert further(fitted_run, None, "other.csv", "--width", f"{limit}")["needed"] == 4
    assert "4 of them may do" in succeed(
        "pilot", fitted_run, *ASK, "--n", "6", "--width", f"{limit}", "--out", "more.csv"
    )
    assert further(fitted_run, None, "third.csv", "--width", f"{100 * widths[-1]}")["needed"] is None


def test_a_pilot_stops_where_everybody_is_known_surely_enough(fitted_run: Path, own_folder: Path) -> None:
    wide = 100 * further(fitted_run, None, "pilot.csv")["width"] + 0.1
    found = further(fitted_run, None, "none.csv", "--width", f"{wide}")
    assert (found["stop"], found["out"], found["people"]) == (True, None, [])
    assert f"stop: that is below {wide:g}" in succeed("pilot", fitted_run, *ASK, "--width", wide, "--out", "none.csv")
    assert not (own_folder / "none.csv").exists()


def test_a_list_that_may_hold_answers_is_never_overwritten(fitted_run: Path, own_folder: Path) -> None:
    (own_folder / "pilot.csv").write_text("respondent,answer\n")
    assert "pilot.csv is there already and may hold answers" in fail("pilot", fitted_run, *ASK)
    assert (own_folder / "pilot.csv").read_text() == "respondent,answer\n"


def test_what_is_wrong_is_one_line(fitted_run: Path, own_folder: Path) -> None:
    question = open_run(fitted_run).embedder.questions_[0]
    options = [word for option in question.options for word in ("--option", option.text)]
    assert "its answers are known already" in fail("pilot", fitted_run, question.text, *options)
    (own_folder / "bad.csv").write_text("respondent,answer\nnobody,Yes\n")
    assert "unknown respondent 'nobody'" in fail("pilot", fitted_run, *ASK, "--pilot", "bad.csv")
    assert "cannot write" in fail("pilot", fitted_run, *ASK, "--out", "bad.csv/pilot.csv")
    assert "check it" in fail("pilot", fitted_run, *ASK, "--out", "~nouser/pilot.csv")
    assert "is not a run folder" in fail("pilot", own_folder, *ASK)
    assert not (own_folder / "pilot.csv").exists()


def test_everybody_may_be_asked(fitted_run: Path, own_folder: Path) -> None:
    trained = open_run(fitted_run).split.train.respondents
    people = succeed("pilot", fitted_run, *ASK, "--n", "500", "--json")["people"]
    assert 50 < len({person["respondent"] for person in people}) <= len(trained)
    answered(own_folder / "pilot.csv", 500)
    found = succeed("pilot", fitted_run, *ASK, "--pilot", "pilot.csv", "--width", "30", "--out", "none.csv", "--json")
    assert found["stop"]


def further(run: Path, file: str | None, out: str, *more: str) -> dict[str, Any]:
    """What the next six people are expected to tell, with the answers in a file."""
    answers = () if file is None else ("--pilot", file)
    found: dict[str, Any] = succeed("pilot", run, *ASK, *answers, "--n", "6", "--out", out, *more, "--json")
    return found
