from __future__ import annotations

import pytest

from personaspace.survey.readers.labelled_table import Column
from tests.survey.readers.draft.tables import ROWS, answers, column, drafted, roles

MEDIA = ["TV", "Radio", "News sites"]


def boxes(labels: dict[str, str], name: str = "Q9_{}", text: str = "Which do you use? {}") -> list[Column]:
    codes = list(map(float, labels)) if labels else [0.0, 1.0]
    cells = [[codes[value - 1] for value in answers(2, seed)] for seed in range(3)]  # type: ignore[operator]
    return [column(name.format(at + 1), cells[at], text.format(item), labels) for at, item in enumerate(MEDIA)]


@pytest.mark.parametrize(
    ("labels", "selected", "not_selected"),
    [
        ({"1": "Selected", "2": "Not selected"}, ["1"], ["2"]),
        ({"0": "Unchecked", "1": "Checked"}, ["1"], ["0"]),
        ({"0": "nicht genannt", "1": "genannt"}, ["1"], ["0"]),
        ({"0": "Non cité", "1": "Cité"}, ["1"], ["0"]),
        ({"0": "No mencionado", "1": "Mencionado"}, ["1"], ["0"]),
        ({}, ["1"], ["0"]),
    ],
)
def test_boxes_are_one_question(labels: dict[str, str], selected: list[str], not_selected: list[str]) -> None:
    assert drafted(*boxes(labels)).content["questions"] == {
        "Q9": {
            "text": "Which do you use?",
            "multiple": {
                "columns": {"Q9_1": "TV", "Q9_2": "Radio", "Q9_3": "News sites"},
                "selected": selected,
                "not_selected": not_selected,
            },
        }
    }


def test_a_box_may_be_labelled_by_its_item_and_one_marks_those_who_ticked_none() -> None:
    ticked = [
        column(f"GAME_{item[0]}_W26", [0, 1, 1], f"{item} (Which of these?)", {"1": item, "99": "Refused"})
        for item in MEDIA
    ]
    none = column("GAMEREF_W26", [None], "No item in set selected for GAME", {"99": "Refused all items in set"})
    content = drafted(*ticked, none).content
    (entry,) = content["questions"].values()
    assert list(entry["multiple"]["columns"].values()) == MEDIA
    assert entry["text"] == "Which of these?"
    assert content["leave_out"] == ["GAMEREF_W26"]


def test_one_or_nothing_is_a_box_and_words_too() -> None:
    numbers = [column(f"use_{at}", [1, None, None]) for at in range(2)]
    texts = [column(f"read_{at}", [item, None]) for at, item in enumerate(MEDIA)]
    content = drafted(*numbers, *texts).content["questions"]
    assert content["use"]["multiple"] == {"columns": {"use_0": "use_0", "use_1": "use_1"}, "selected": ["1"]}
    assert list(content["read"]["multiple"]["columns"].values()) == MEDIA


def test_yes_and_no_are_answers_to_questions() -> None:
    yes_no = boxes({"1": "Yes", "2": "No"})
    assert set(roles(*yes_no).values()) == {"question"}


def test_two_columns_of_0_and_1_are_no_group_and_more_are_doubtful() -> None:
    bare = [column(f"item{at}", [0, 1, at % 2]) for at in range(3)]
    assert set(roles(*bare[:2]).values()) == {"question"}
    assert [(guess.role, guess.sure) for guess in drafted(*bare).guesses] == [("checkbox", False)] * 3


def test_a_group_that_the_file_names_is_one() -> None:
    named = [column(name, [0, 1], text, group="G1") for name, text in (("a", "News: TV"), ("zz", "News: Radio"))]
    assert drafted(*named).content["questions"]["G1"]["multiple"]["columns"] == {"a": "TV", "zz": "Radio"}


def test_one_column_may_list_the_boxes_ticked() -> None:
    cells = ["TV;Radio", "TV", "Radio;News sites, apps", "News sites, apps", "TV;News sites, apps", None]
    content = drafted(column("media", cells)).content["questions"]
    assert content["media"]["multiple"] == {
        "column": "media", "separator": ";", "options": ["News sites, apps", "Radio", "TV"],
    }  # fmt: skip
    commas = [cell.replace(";", ", ") for cell in cells if cell]
    content = drafted(column("media", commas)).content["questions"]
    assert content["media"]["multiple"]["options"] == ["News sites, apps", "Radio", "TV"]


def test_commas_in_options_and_in_sentences_list_nothing() -> None:
    assert roles(column("a", ["Yes, a lot", "No, never", "Perhaps, but rarely"]))["a"] == "question"
    told = [f"I like {row}, and also {row + 1}, most of the time" for row in range(ROWS)]
    assert roles(column("why", told))["why"] == "free text"
