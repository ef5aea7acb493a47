from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from personaspace.errors import SurveyError
from personaspace.survey.readers.registry import read_survey
from tests.survey.sources import write_polis


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_polis(tmp_path)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_statements_are_questions_and_votes_their_answers(folder: Path) -> None:
    survey = read_survey(folder)
    assert survey.respondents == ("0", "5", "12")
    assert [(question.id, question.text) for question in survey.questions] == [
        ("1", "Build a bridge"),
        ("7", "Parks, please"),
    ]
    given = zip(survey.answers.respondent, survey.answers.question, survey.answers.option, strict=True)
    assert [(i, j, survey.questions[j].options[o].text) for i, j, o in given] == [
        (0, 1, "Agree"),
        (1, 0, "Disagree"),
        (1, 1, "Disagree"),
        (2, 1, "Pass"),
    ]
    assert survey.questions[0].positions.tolist() == [1.0, 0.5, 0.0]
    assert survey.name == "polis"
    assert survey.traits.columns.empty


def test_cleaned_and_gzipped_files_read_the_same(folder: Path) -> None:
    survey = read_survey(folder)
    for old, new in (("participants-votes.csv", "clean_votes.csv.gz"), ("comments.csv", "clean_comments.csv.gz")):
        (folder / new).write_bytes(gzip.compress((folder / old).read_bytes()))
        (folder / old).unlink()
    assert read_survey(folder).equals(survey)


def test_votes_as_decimal_numbers(folder: Path) -> None:
    survey = read_survey(folder)
    edit(folder / "participants-votes.csv", ",-1,-1", ",-1.0,-1.0")
    assert read_survey(folder).equals(survey)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: edit(f / "participants-votes.csv", "-1,-1", "-1,2"), r"'7': 1 row\(s\) hold '2'"),
        (lambda f: edit(f / "participants-votes.csv", "0,1,7", "0,1,9"), "comments lack, first '9'"),
        (lambda f: edit(f / "comments.csv", "2,b,1,", "2,b,7,"), "comment '7' occurs twice"),
        (lambda f: edit(f / "comments.csv", "Build a bridge", ""), "comment '1' has no text"),
        (lambda f: edit(f / "comments.csv", "comment-body", "body"), "lacks the column 'comment-body'"),
        (lambda f: edit(f / "participants-votes.csv", "12,0,0,2", ",0,0,2"), "a row without 'participant'"),
        (lambda f: edit(f / "participants-votes.csv", "12,0,0,2", "5,0,0,2"), "first '5': ids must be unique"),
    ],
)
def test_what_does_not_fit_is_refused(folder: Path, change: Callable[[Path], None], says: str) -> None:
    change(folder)
    with pytest.raises(SurveyError, match=says):
        read_survey(folder)


def test_reversed_signs_are_noticed(folder: Path) -> None:
    edit(folder / "comments.csv", "2,b,1,1,0,1", "2,b,1,1,1,0")
    with pytest.raises(SurveyError, match="count 2 agreements and 1 disagreements where the votes hold 1 and 2"):
        read_survey(folder)


def test_the_real_conversation(data_folder: Path) -> None:
    survey = read_survey(data_folder / "polis_ccai")
    assert (len(survey.respondents), len(survey.questions)) == (1002, 275)
    assert survey.option_counts().reshape(-1, 3).sum(axis=0).tolist() == [27271, 2742, 4550]
