"""Published crosstabs: counts by question and group, refusals apart."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

import personaspace as ps
from personaspace.errors import SurveyError
from personaspace.runs.fitted import open_run

OPTIONS = ["Yes", "No, never", "Refused"]
ROWS = [
    ("W1", "TEA_W1", "Do you drink tea?", OPTIONS, "age", "18-29", [30, 10, 2]),
    ("W1", "TEA_W1", "Do you drink tea?", OPTIONS, "age", "65+", [5, 45, 0]),
    ("W1", "TEA_W1", "Do you drink tea?", OPTIONS, "age", "Refused", [1, 1, 1]),
    ("W1", "TEA_W1", "Do you drink tea?", OPTIONS, "sex", "x", [0, 0, 3]),
    ("W1", "GLUTEN_W1", "What do you avoid?", ["Not selected", "Gluten"], "age", "65+", [3, 4]),
]
CUT = ("W2", "PAY_W2", "Do you pay?", ["Yes", "always", "Yes", "at times", "No"], "age", "65+", [0, 0, 0, 0, 4])
UNSEEN = ("W2", "JOB_W2", "Do you work?", ["Yes", '"I don\'t"', "Refused"], "age", "65+", [9, 0, 1])


def written(folder: Path, rows: Sequence[Sequence[object]]) -> Path:
    columns = ["wave", "key", "question", "options", "trait", "group", "counts"]
    texts = [[cell if isinstance(cell, str) else json.dumps(cell) for cell in row] for row in rows]
    pd.DataFrame(texts, columns=columns).to_csv(folder / "crosstabs.csv.gz", index=False)
    return folder / "crosstabs.csv.gz"


def test_counts_by_group_with_refusals_apart(tmp_path: Path) -> None:
    tea, gluten = ps.read_crosstabs(written(tmp_path, ROWS))
    assert (tea.question.id, tea.question.text) == ("TEA_W1", "Do you drink tea?")
    assert [option.text for option in tea.question.options] == ["Yes", "No, never"]
    assert tea.table.to_dict("index") == {
        ("age", "18-29"): {"Yes": 30, "No, never": 10},
        ("age", "65+"): {"Yes": 5, "No, never": 45},
    }
    assert tea.refusals.tolist() == [2, 0]
    assert gluten.refusals.tolist() == [0]


def test_questions_whose_options_were_cut_are_left_out_and_counted(tmp_path: Path) -> None:
    path = written(tmp_path, [*ROWS, CUT, UNSEEN])
    with pytest.warns(UserWarning, match="2 of 4 question.* left out, first 'PAY_W2'"):
        found = ps.read_crosstabs(path)
    assert [one.question.id for one in found] == ["TEA_W1", "GLUTEN_W1"]


def test_a_new_question_learns_from_one(fitted_run: Path, tmp_path: Path) -> None:
    run = open_run(fitted_run)
    young, old = sorted(run.split.train.traits["age"].dropna().unique())[:2]
    rows = [("W1", "TEA_W1", "Tea?", OPTIONS, "age", group, [n, 400 - n, 5]) for group, n in ((young, 390), (old, 10))]
    (one,) = ps.read_crosstabs(written(tmp_path, rows))
    asked = run.new_questions.ask(one.question)
    groups = ps.demographic_personas(run.embedder, run.split.train, "age")
    before = asked.predict(groups).probabilities["Yes"]
    after = asked.crosstab(one.table).predict(groups).probabilities["Yes"]
    name = "age={}".format
    assert after[name(young)] - after[name(old)] > before[name(young)] - before[name(old)]


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (6, "[30, 10", "row 2: options and counts are JSON lists"),
        (6, [30, 10], "row 2 has 2 count.s. of 3 option.s."),
        (6, [30, -1, 2], "row 2 has 3 count"),
        (6, [30, 1.5, 2], "row 2: options and counts .* valid integer"),
        (3, ["Yes", "No", "Refused"], "row 2 gives 'TEA_W1' another text or other options"),
        (5, "18-29", "row 2 gives 'TEA_W1' by 'age=18-29' again"),
        (5, "", "row 2 has no group: fill it in"),
    ],
)
def test_a_row_that_breaks_the_form_is_named(place: int, value: object, message: str, tmp_path: Path) -> None:
    rows: list[list[object]] = [list(row) for row in ROWS]
    rows[1][place] = value
    with pytest.raises(SurveyError, match=message):
        ps.read_crosstabs(written(tmp_path, rows))


def test_the_ten_further_waves_of_opinionqa(data_folder: Path) -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = ps.read_crosstabs(data_folder / "opinionqa_crosstabs" / "crosstabs.csv.gz")
    assert "87 of 501 question(s) left out" in str(said[0].message)
    assert len({one.question.id for one in found}) == len(found) == 414
    assert all((one.table.sum(axis=1) > 0).all() and "Refused" not in one.table for one in found)
    by_sex = found[0].table.xs("SEX").to_numpy().sum() + found[0].refusals.xs("SEX").to_numpy().sum()
    assert by_sex == 4867
