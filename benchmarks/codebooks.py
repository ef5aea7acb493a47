"""Codebooks of three public surveys, made from the lists of questions that came with them.

    python benchmarks/codebooks.py FOLDER BOOKS
    python benchmarks/codebooks.py --quick

FOLDER holds fivethirtyeight_nonvoters, gss_panel_2016_2020 and anes2018_pilot; BOOKS is where one codebook per survey
is written, for ``read_survey(table, codebook=...)`` or ``personaspace fit TABLE --codebook ...``. ``--quick`` makes the
codebook of an invented table and reads it. What is a judgement is in capitals below: traits, what is left out. The last
line is one JSON object: how many options are in words, beside none where only codes are known.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from shared.closing_line import closing_line

from personaspace.survey.readers.registry import read_survey

Book = dict[str, Any]

NONVOTERS_TRAITS = ["educ", "race", "gender", "income_cat", "voter_category"]
ANES_TRAITS = ["gender", "race", "educ", "marstat", "faminc_new", "region", "ideo5", "religpew", "newsint"]
GSS_NO_OPINIONS = {"Paradata", "Vocabulary", "Household Members and Structure", "Sampling and Weights",
                   "Interviewer Characteristics", "Residence"}  # fmt: skip
GSS_TRAITS = ["sex", "race", "degree", "marital", "region", "class", "partyid", "polviews", "relig", "income16"]


def nonvoters(folder: Path) -> Book:
    """FiveThirtyEight's poll of voters and nonvoters; -1 is a refusal unless it is one of the options."""
    asked = json.loads((folder / "questions.json").read_text())
    questions = {name: _choice(name, entry["question"], entry["options"]) for name, entry in asked.items()}
    for entry in questions.values():
        entry["refusals"] = [] if "-1" in entry["options"] else ["-1"]
    return {"respondent": "RespId", "weight": "weight", "traits": NONVOTERS_TRAITS, "missing": ["NA"]} | {
        "questions": questions
    }


def gss(folder: Path) -> Book:
    """The General Social Survey's first interviews: no demographics, interviewer's notes or vocabulary test."""
    asked = json.loads((folder / "questions.json").read_text())
    table = pd.read_csv(folder / "first_interview.csv.gz", dtype="str")
    questions = {}
    for name, entry in asked.items():
        if entry["type"] == "demographic" or GSS_NO_OPINIONS & set(entry["module"] or []):
            continue
        labels = {str(code): text for code, text in entry["options"]}
        unlabelled = {code: code for code in table[name].dropna().unique() if code not in labels}
        options = sorted((labels | unlabelled).items(), key=lambda item: float(item[0]))
        questions[name] = _choice(name, entry["question"], options) | {"topic": (entry["subject"] or [None])[0]}
    return {"respondent": "respondent", "traits": GSS_TRAITS, "questions": questions}


def anes(folder: Path) -> Book:
    """The American National Election Studies' pilot of 2018: thermometers on a scale from 0 to 100, and choices."""
    asked = json.loads((folder / "variables.json").read_text())
    questions = {}
    for name, entry in asked.items():
        text = entry["label"].partition("_therm -- ")[2] or entry["label"]
        if entry["type"] == "thermometer_0_100":
            questions[name] = {"text": text, "scale": {"low": 0, "high": 100}, "topic": "thermometer"}
        elif entry["type"] == "choice":
            questions[name] = _choice(name, text, entry["options"])
    return {"respondent": "caseid", "weight": "weight", "traits": ANES_TRAITS, "questions": questions}


BOOKS: Mapping[str, tuple[str, Callable[[Path], Book]]] = {
    "fivethirtyeight_nonvoters": ("nonvoters_data.csv.gz", nonvoters),
    "gss_panel_2016_2020": ("first_interview.csv.gz", gss),
    "anes2018_pilot": ("responses.csv.gz", anes),
}
"""The table of each survey, and what makes its codebook."""


def _choice(name: str, text: str, options: Any) -> dict[str, Any]:
    return {"text": text or name, "options": {str(code): label for code, label in options}}


def in_words() -> tuple[int, int]:
    """Options in words of an invented table, read with its codebook, and with one that only repeats its codes."""
    labels = ([[1, "Yes"], [2, "No"]], [[1, "1"], [2, "2"]])
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "answers.csv"
        table.write_text("respondent,trust\n" + "".join(f"r{i},{1 + i % 2}\n" for i in range(40)), encoding="utf-8")
        surveys = [
            read_survey(table, codebook={"respondent": "respondent", "questions": {"trust": _choice("trust", "", of)}})
            for of in labels
        ]
    options = ([option for question in survey.questions for option in question.options] for survey in surveys)
    with_words, codes = (sum(not option.text.isdigit() for option in found) for found in options)
    return with_words, codes


def main() -> None:
    """Write the codebooks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("books", nargs="?", type=Path)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if given.quick:
        print(closing_line("options in words", *in_words(), "options"))
        return
    if given.folder is None or given.books is None:
        parser.error("give FOLDER and BOOKS, or --quick")
    given.books.mkdir(parents=True, exist_ok=True)
    described = 0
    for survey, (_, make) in BOOKS.items():
        path, book = given.books / f"{survey}.codebook.json", make(given.folder / survey)
        path.write_text(json.dumps(book, indent=1, ensure_ascii=False), encoding="utf-8")
        described += sum(len(question.get("options", ())) for question in book["questions"].values())
        print(path)
    print(closing_line("options in words", described, 0, "options"))


if __name__ == "__main__":
    main()
