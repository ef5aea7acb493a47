from __future__ import annotations

import pandas as pd
import pytest
import yaml

from personaspace.survey.readers.codebook import TableCodebook
from personaspace.survey.readers.labelled_table import Column
from tests.survey.readers.draft.tables import answers, column, drafted

TRUST = {"1": "A lot", "2": "Some", "3": "None", "9": "Refused"}


def test_the_yaml_is_the_content_with_a_reason_beside_every_column() -> None:
    made = drafted(
        column("respid", list(range(1, 241))), column("sex", answers(2), "Sex", ["Male", "Female"]),
        column("FORM", [1, 2], "FORM Selection"), column("trust", [1, 2, 3, 9], "TRUST. How much trust?", TRUST),
        *(column(f"item{at}", [0, 1, at % 2]) for at in range(3)),
    )  # fmt: skip
    text = made.to_yaml()
    assert yaml.safe_load(text) == made.content
    assert "respondent: respid  # its name says id, and every row has another value" in text
    assert "- FORM  # administrative: its label speaks of the interview" in text
    assert "# doubtful: it holds 1 and 0, or 1 and -1, without labels" in text
    assert "  # How much trust?\n  # 1 A lot, 2 Some, 3 None; no answer: 9 Refused\n  trust: {}\n" in text


def test_content_follows_the_grammar_of_codebooks() -> None:
    made = drafted(
        column("trust", [1, 2, 3]), column("media", ["TV;Radio", "TV", "Radio", "Web;TV"]), column("ft", range(101)),
        column("Q9[SQ001]", [3]), column("vote", ["Yes", "No", "Prefer not to say", "Don't know"]),
    )  # fmt: skip
    book = TableCodebook.model_validate(made.content)
    assert set(book.asked()) == {"trust", "media", "ft", "vote"}
    assert made.content["leave_out"] == ["Q9[[]SQ001]"]
    assert made.content["refusals"] == ["Prefer not to say"]
    assert made.content["missing"] == ["Don't know"]
    assert made.content["questions"]["vote"] == {"options": ["No", "Yes"]}


def test_texts_from_the_file_cannot_leave_their_comment() -> None:
    text = "How?\nrespondent: trust\x1b[2J\N{RIGHT-TO-LEFT OVERRIDE}" + "x" * 500
    made = drafted(Column("trust: {a}", pd.Series(answers(3)), text, {"1": "a\nb: c", "2": "# d", "3": "e"}))
    written = made.to_yaml()
    assert yaml.safe_load(written) == made.content == {"questions": {"trust: {a}": {}}}
    assert written.isprintable() or set(written) - set("\n") == {letter for letter in written if letter.isprintable()}


def test_abbreviations_without_labels_are_answers() -> None:
    made = drafted(column("country", ["DK", "RF", "SE", "NO"]))
    assert "missing" not in made.content and "refusals" not in made.content


def test_every_column_has_one_place() -> None:
    columns = [column("respid", list(range(240))), column("trust", answers(3), "Trust", TRUST), column("x", [None])]
    made = drafted(*columns)
    assert [guess.column for guess in made.guesses] == [one.name for one in columns]
    assert all(guess.why for guess in made.guesses)


@pytest.mark.parametrize(
    ("cells", "options", "missing"),
    [
        ([1, 2, 3, 4, -1], ["1", "2", "3", "4"], ["-1"]),
        ([0, 1, 2, -99], ["0", "1", "2"], ["-99"]),
        ([1, 2, 3, 99, 98], ["1", "2", "3"], ["98", "99"]),
        ([-2, -1, 0, 1, 2], ["-2", "-1", "0", "1", "2"], None),
        ([-1, 0, 1], ["-1", "0", "1"], None),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9], list("123456789"), None),
    ],
)
def test_codes_far_from_the_others_are_no_answers(
    cells: list[int], options: list[str], missing: list[str] | None
) -> None:
    entry = drafted(column("q", cells)).content["questions"]["q"]
    assert list(entry["options"]) == options
    assert entry.get("missing") == missing


def test_a_number_has_a_scale_without_the_codes_that_are_no_answers() -> None:
    made = drafted(column("hours", [*range(1, 41), -99, 999]))
    assert made.content["questions"]["hours"] == {"scale": {"low": 1, "high": 40}, "missing": ["-99", "999"]}


def test_texts_are_listed_in_the_order_of_their_words() -> None:
    cells = ["Agree", "Strongly disagree", "Disagree", "Strongly agree", "Not sure"]
    made = drafted(column("q", cells), column("drink", ["Tea", "Coffee", "Water"])).content["questions"]
    assert made["q"]["options"] in (
        ["Strongly agree", "Agree", "Disagree", "Strongly disagree", "Not sure"],
        ["Strongly disagree", "Disagree", "Agree", "Strongly agree", "Not sure"],
    )
    assert made["q"]["positions"][-1] is None
    assert made["drink"] == {"options": ["Coffee", "Tea", "Water"], "ordinal": False}
