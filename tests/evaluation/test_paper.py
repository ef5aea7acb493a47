"""The paper's tables: published figures as printed, and measurements placed where the paper has them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from personaspace.evaluation.paper import (
    PAIRS,
    STEERING,
    TRAITS,
    UNSEEN,
    beside,
    cells_of,
    markdown,
    published,
    rows_of_the_paper,
    wide,
)
from personaspace.evaluation.results import Results, Row

HELD_OUT = "held-out answers"


def results(*measured: tuple[str, str, float]) -> Results:
    rows = tuple(Row(split, method, "macro_accuracy", value, value - 0.1, value + 0.1, 9, 90)
                 for split, method, value in measured)  # fmt: skip
    other = replace(rows[0], metric="log_loss", value=1.0)
    return Results("town", "tiny", 0, {}, (*rows, other))


@pytest.mark.parametrize(
    ("table", "model", "column", "value"),
    [
        (STEERING, "GPT-Neo-1.3B", "individual (prefix)", 0.5999),
        (STEERING, "Falcon-7B-Instruct", "untrained", 0.3820),
        (STEERING, "GPT-J-6B", "50 clusters", 0.5986),
        (UNSEEN, "GPT-Neo-1.3B", "K=100", 0.5774),
        (TRAITS, "GPT-Neo-1.3B", "RELIG", 0.5385),
        (PAIRS, "GPT-Neo-1.3B", "POLPARTY x INCOME", 0.5578),
    ],
)
def test_published_figures_are_as_printed(table: str, model: str, column: str, value: float) -> None:
    assert wide(published(), table).loc[f"{model} (published)", column] == value


def test_measurements_stand_where_the_paper_has_them() -> None:
    found = results(
        (HELD_OUT, "individual", 0.6),
        (HELD_OUT, "cluster k=6", 0.5),
        (HELD_OUT, "cluster k=7", 0.1),
        (HELD_OUT, "demographic: POLPARTY", 0.4),
        (HELD_OUT, "demographic: POLPARTY x RELIG", 0.3),
        (HELD_OUT, "context K=3", 0.2),
        ("unseen respondents K=5", "individual", 0.55),
        ("unseen respondents K=5", "majority", 0.45),
    )
    cells = cells_of(found, "tiny", "prompt")
    placed = {tuple(row[:4]) for row in cells.itertuples(index=False)}
    assert placed == {
        (STEERING, "tiny", "individual (prompt)", 0.6),
        (STEERING, "tiny", "6 clusters", 0.5),
        (STEERING, "tiny", "party persona", 0.4),
        (TRAITS, "tiny", "POLPARTY", 0.4),
        (PAIRS, "tiny", "POLPARTY x RELIG", 0.3),
        ("Answers in the prompt", "tiny", "K=3", 0.2),
        (UNSEEN, "tiny, prompt", "K=5", 0.55),
        (UNSEEN, "majority", "K=5", 0.45),
    }
    assert cells["answers"].eq(90).all()


def test_published_traits_that_a_survey_lacks_are_left_out() -> None:
    both = beside(published(), cells_of(results((HELD_OUT, "demographic: RACE", 0.4)), "tiny", "prefix"))
    assert set(both.loc[both["table"] == TRAITS, "column"]) == {"RACE"}
    assert PAIRS not in set(both["table"])
    assert len(wide(both, STEERING)) == 4


def test_pairs_are_asked_for_where_the_survey_has_their_traits() -> None:
    assert "demographic-personas" not in rows_of_the_paper([])
    crossed = [row for row in rows_of_the_paper(["POLPARTY", "INCOME", "AGE"]) if " x " in row]
    assert crossed == ["demographic: POLPARTY x INCOME"]


def test_names_from_a_survey_are_no_markup() -> None:
    cells = cells_of(results((HELD_OUT, "demographic: a|b<script>\x1b", 0.4)), "tiny", "prefix")
    text = markdown(cells, {"Of whom": "<b>us</b>"})
    assert "| a\\|b&lt;script>" in text
    assert "40.0 [30.0, 50.0]" in text
    assert "\x1b" not in text
    assert "<b>" not in text
