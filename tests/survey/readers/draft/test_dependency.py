from __future__ import annotations

import pandas as pd

from personaspace.survey.readers.labelled_table import Column
from tests.survey.readers.draft.tables import ROWS, answers, column, drafted, roles

FINE = answers(5)
COARSE = [(int(str(code)) + 1) // 2 for code in FINE]
LABELS = ["Very warm", "Warm", "Neither", "Cold", "Very cold"]


def test_a_coarser_form_of_a_question_is_derived() -> None:
    fine = column("warm", FINE, "How warm?", LABELS)
    found = {guess.column: guess for guess in drafted(fine, column("warm3", COARSE, "Warm", LABELS[:3])).guesses}
    assert found["warm"].role == "question"
    assert found["warm3"].role == "derived"
    assert found["warm3"].why.startswith("warm determines it")


def test_the_name_before_an_underscore_is_compared() -> None:
    assert roles(column("q1", FINE, "W", LABELS), column("q1_3cat", COARSE, "V", LABELS[:3]))["q1_3cat"] == "derived"


def test_one_cell_against_it_makes_it_a_question() -> None:
    coarse = COARSE.copy()
    coarse[100] = coarse[100] % 3 + 1
    assert roles(column("warm", FINE, "W", LABELS), column("warm3", coarse, "V", LABELS))["warm3"] == "question"


def test_a_coarser_form_of_a_number_is_derived() -> None:
    numbers = [row * 7 % 101 for row in range(ROWS)]
    coarse = column("therm_3", [1 + number // 34 for number in numbers], "Warmth", LABELS[:3])
    assert roles(column("therm", numbers, "Thermometer"), coarse)["therm_3"] == "derived"


def test_a_follow_up_determines_nothing() -> None:
    voted = answers(2)
    whom: list[object] = [row % 3 + 1 if code == 1 else None for row, code in enumerate(voted)]
    found = roles(column("vote_t", voted, "Did you vote?", LABELS[:2]), column("vote_p", whom, "Whom?", LABELS[:3]))
    assert found == {"vote_t": "question", "vote_p": "question"}


def test_few_rows_determine_nothing() -> None:
    fine = Column("warm", pd.Series(FINE[:40]), "How warm?", dict(zip("12345", LABELS, strict=True)))
    coarse = pd.Series(COARSE[:40])
    assert roles(fine, Column("warm3", coarse, "Warm", dict(zip("123", LABELS, strict=False))))["warm3"] == "question"


def test_what_is_rare_determines_nothing_by_chance() -> None:
    rare = [2 if row % 120 in (7, 30, 31) else 1 for row in range(ROWS)]
    fine = [row % 120 for row in range(ROWS)]
    assert roles(column("rare_fine", fine, "A"), column("rare", rare, "B", LABELS[:2]))["rare"] == "question"
