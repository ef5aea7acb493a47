"""Small surveys to be read, written to disk."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
import pyreadstat

from personaspace.survey.readers.opinionqa.reader import TRAITS

WIDE = """\
id,w,age,worry,drink
007,1,old,1,Tea
ben,2,,99,None
cy,3,young,,coffee
"""
CODEBOOK = """\
respondent: id
weight: w
traits: [age]
refusals: [99]
questions:
  worry:
    text: How worried are you?
    options: {1: Not at all, 2: A little, 3: A lot}
    topic: mood
  drink:
    text: What do you drink?
    options: [Tea, Coffee, None]
    ordinal: false
"""


def write_table(folder: Path) -> Path:
    """A wide table with a codebook beside it."""
    (folder / "drinks.codebook.yaml").write_text(CODEBOOK)
    path = folder / "drinks.csv"
    path.write_text(WIDE)
    return path


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    """A CSV file with the columns of the first row."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def question(key: str, text: str, options: list[str], places: list[float]) -> dict[str, str]:
    """A row of OpinionQA's info.csv."""
    return {
        "key": key,
        "question": text,
        "references": str([*options, "Refused"]),
        "option_ordinal": str(places),
    }


def person(key: str, wave: str, weight: str, traits: dict[str, str], answers: dict[str, str]) -> dict[str, str]:
    """A row of OpinionQA's responses.csv."""
    return {"QKEY": key, f"WEIGHT_{wave}": weight, **dict.fromkeys(TRAITS, ""), **traits, **answers}


def write_opinionqa(folder: Path) -> Path:
    """Two waves with responses and one without; one respondent is in both."""
    root = folder / "opinionqa"
    waves = {w: root / "human_resp" / f"American_Trends_Panel_{w}" for w in ("W2", "W10", "W11")}
    for wave in waves.values():
        wave.mkdir(parents=True)
    write_rows(
        waves["W2"] / "info.csv",
        [
            question("FIT_W2", "Do you fit in?", ["Yes", "No", "Not sure"], [1.0, 2.0]),
            question("PET_W2", "Which pet?", ["Cat", "None"], [1, 1]),
        ],
    )
    write_rows(
        waves["W2"] / "responses.csv",
        [
            person("1", "W2", "1", {"AGE": "18-29", "SEX": "Male"}, {"FIT_W2": "No", "PET_W2": "None"}),
            person("2", "W2", "3", {"AGE": "65+"}, {"FIT_W2": "Refused", "PET_W2": ""}),
        ],
    )
    middle = ["Better", "Worse", "neither better nor worse"]
    write_rows(waves["W10"] / "info.csv", [question("LIFE_W10", "And life?", middle, [1.0, 2.0, 1.5])])
    write_rows(
        waves["W10"] / "responses.csv",
        [
            person("3", "W10", "2", {"AGE": "DK/REF"}, {"LIFE_W10": "Better"}),
            person("1", "W10", "2", {"AGE": "30-49", "SEX": "Refused"}, {"LIFE_W10": "Neither better noR worse"}),
        ],
    )
    write_rows(waves["W11"] / "info.csv", [question("X_W11", "Not asked here?", ["Yes", "No"], [1, 2])])
    topics = {"Do you fit in? [Yes/No/Not sure/Refused]": {"fg": ["fine"], "cg": ["belonging", "other"]}}
    (root / "human_resp" / "topic_mapping.json").write_text(json.dumps(topics))
    return root


def write_polis(folder: Path) -> Path:
    """An export of pol.is: three participants, one statement rejected by the moderators."""
    root = folder / "polis"
    root.mkdir()
    head = "timestamp,datetime,comment-id,author-id,agrees,disagrees,moderated,comment-body"
    rows = ['3,c,7,2,1,1,1,"Parks, please"', "2,b,1,1,0,1,0,Build a bridge", "1,a,0,1,2,0,-1,test"]
    (root / "comments.csv").write_text("\n".join([head, *rows]) + "\n")
    votes = [
        "participant,group-id,n-comments,n-votes,n-agree,n-disagree,0,1,7",
        "0,0,0,2,2,0,1,,1",
        "5,1,0,2,0,2,,-1,-1",
    ]
    (root / "participants-votes.csv").write_text("\n".join([*votes, "12,0,0,2,1,0,1,,0"]) + "\n")
    return root


LABELLED_BOOK = """\
respondent: id
weight: w
traits: [age]
questions:
  worry: {topic: mood}
  warm: {scale: {low: 0, high: 100}}
"""


def write_labelled(folder: Path, suffix: str = ".sav") -> Path:
    """An SPSS or Stata file with value labels, missing codes and a thermometer, its codebook beside it."""
    table = pd.DataFrame(
        {
            "id": ["007", "ben", "cy", "dee"],
            "w": [1.0, 2.0, 3.0, 2.0],
            "age": [2.0, 9.0, 1.0, 1.0],
            "worry": [1.0, 3.0, 98.0, 99.0],
            "warm": [93.0, 12.5, -1.0, 50.0],
            "drink": [1.0, 2.0, 2.0, 3.0],
        }
    )
    labels = {
        "age": {1.0: "young", 2.0: "old", 9.0: "Refused"},
        "worry": {1.0: "Not at all", 2.0: "A little", 3.0: "A lot", 98.0: "Don't know", 99.0: "(VOL) Refused"},
        "warm": {-1.0: "No answer"},
        "drink": {1.0: "Tea", 2.0: "Coffee", 3.0: "None"},
    }
    texts: list[str | None] = [
        "Id",
        "Weight",
        "Age",
        "How worried are you?",
        "How warm do you feel?",
        "What do you drink?",
    ]
    path = folder / f"moods{suffix}"
    (folder / "moods.codebook.yaml").write_text(LABELLED_BOOK)
    if suffix == ".dta":
        whole: dict[str, dict[int | float, str]] = {
            name: {int(code): label for code, label in of.items()} for name, of in labels.items()
        }
        coded = table.astype(dict.fromkeys(["age", "worry", "drink"], int))
        pyreadstat.write_dta(coded, str(path), column_labels=texts, variable_value_labels=whole)
    else:
        pyreadstat.write_sav(table, str(path), column_labels=texts, variable_value_labels=labels)
    return path
