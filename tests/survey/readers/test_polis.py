from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from personaspace.errors import SurveyError
from personaspace.survey.readers.polis import read_polis
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


def reverse_votes(folder: Path) -> None:
    """Write agree as -1, as the database of Polis does."""
    path = folder / "participants-votes.csv"
    head, *rows = path.read_text().splitlines()
    turned = [[*row.split(",")[:6], *(str(-int(vote)) if vote else "" for vote in row.split(",")[6:])] for row in rows]
    path.write_text("\n".join([head, *(",".join(row) for row in turned)]) + "\n")


def without(path: Path, *columns: str) -> None:
    pd.read_csv(path, dtype="str").drop(columns=list(columns)).to_csv(path, index=False)


def test_counts_of_agreements_settle_the_signs(folder: Path) -> None:
    survey = read_survey(folder)
    reverse_votes(folder)
    reading = read_polis(folder)
    assert reading.survey.equals(survey)
    assert reading.notes == ("-1 was read as agree and 1 as disagree: the counts of agreements say so",)
    without(folder / "comments.csv", "agrees", "disagrees")
    assert read_polis(folder).survey.equals(survey)
    without(folder / "participants-votes.csv", "n-disagree")
    assert read_polis(folder).survey.equals(survey)


def test_signs_that_nothing_settles_are_refused_unless_votes_are_words(folder: Path) -> None:
    survey = read_survey(folder)
    without(folder / "comments.csv", "agrees", "disagrees")
    without(folder / "participants-votes.csv", "n-agree", "n-disagree")
    with pytest.raises(SurveyError, match=r"nothing says whether a vote of 1 is an agreement.*add the column 'agrees'"):
        read_survey(folder)
    votes = pd.read_csv(folder / "participants-votes.csv", dtype="str")
    words = votes[["0", "1", "7"]].replace({"1": "agree", "0": "Pass", "-1": "disagree"})
    votes.assign(**words).to_csv(folder / "participants-votes.csv", index=False)
    assert read_survey(folder).equals(survey)


def test_counts_that_contradict_each_other_are_refused(folder: Path) -> None:
    edit(folder / "comments.csv", "2,b,1,1,0,1", "2,b,1,1,1,0")
    edit(folder / "comments.csv", "3,c,7,2,1,1", "3,c,7,2,1,2")
    edit(folder / "comments.csv", "1,a,0,1,2,0", "1,a,0,1,0,2")
    says = r"comments \(agrees\), 1 stands for disagree, by those of participants \(n-agree\) for agree"
    with pytest.raises(SurveyError, match=says):
        read_survey(folder)


def test_moderation_in_words(folder: Path) -> None:
    survey = read_survey(folder)
    for old, new in (
        ("2,0,-1,test", "2,0,rejected,test"),
        ("1,1,1,", "1,1,Accepted,"),
        ("0,1,0,B", "0,1,unmoderated,B"),
    ):
        edit(folder / "comments.csv", old, new)
    reading = read_polis(folder)
    assert reading.survey.equals(survey)
    assert [(left.column, left.kind) for left in reading.left_out] == [("0", "rejected by the moderators")]
    edit(folder / "comments.csv", "rejected", "perhaps")
    with pytest.raises(SurveyError, match=r"comment '0' has 'perhaps' as 'moderated' .*known are '1', 'accepted'"):
        read_survey(folder)


def test_the_names_of_a_reports_downloads(folder: Path) -> None:
    survey = read_survey(folder)
    report = "2026-01-02-1201-3abcdefghi"
    (folder / "participants-votes.csv").rename(folder / f"{report}-participant-votes.csv")
    (folder / "comments.csv").rename(folder / f"{report}-comments.csv")
    (folder / f"{report}-comment-groups.csv").write_text("comment-id,comment\n")
    (folder / f"{report}-votes.csv").write_text("timestamp,datetime,comment-id,voter-id,vote\n1,x,1,5,1\n")
    assert read_survey(folder).equals(survey)
    (folder / "2026-02-02-1201-3abcdefghi-comments.csv").write_text("comment-id,comment-body\n")
    with pytest.raises(
        SurveyError, match=r"has 2 files of one kind, '2026-01-02-1201-3abcdefghi-com' .*one Polis export"
    ):
        read_survey(folder)


def test_of_a_log_of_votes_the_latest_counts(folder: Path) -> None:
    survey = read_survey(folder)
    (folder / "participants-votes.csv").unlink()
    rows = ["timestamp,datetime,comment-id,voter-id,vote,important"]
    rows += ["30,x,7,12,0,0", "10,x,7,12,-1,0", "20,x,7,0,1,0", "21,x,1,5,-1,0", "22,x,7,5,-1,1", "23,x,0,0,1,0"]
    (folder / "votes.csv").write_text("\n".join([*rows, "24,x,0,12,1,0"]) + "\n")
    reading = read_polis(folder)
    assert reading.survey.equals(survey)
    assert reading.notes == ("1 vote(s) that were changed later were left out",)
    edit(folder / "votes.csv", "22,x,7,5,-1", "22,x,,5,-1")
    with pytest.raises(SurveyError, match="has a vote on no comment"):
        read_survey(folder)


def test_the_real_conversation(data_folder: Path) -> None:
    survey = read_survey(data_folder / "polis_ccai")
    assert (len(survey.respondents), len(survey.questions)) == (1002, 275)
    assert survey.option_counts().reshape(-1, 3).sum(axis=0).tolist() == [27271, 2742, 4550]
