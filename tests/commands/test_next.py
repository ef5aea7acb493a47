"""``personaspace next``: the next question for a new respondent."""

from __future__ import annotations

from pathlib import Path

from personaspace.runs.fitted import open_run
from personaspace.survey.storage import write_survey
from tests.commands.line import fail, succeed
from tests.survey.filtered import planted


def test_questions_already_answered_are_not_proposed(fitted_run: Path) -> None:
    question = open_run(fitted_run).embedder.questions_[0]
    answer = f"{question.id}={question.options[0].text}"
    proposed = [row["question"] for row in succeed("next", fitted_run, "--json", "--top", "50")["questions"]]
    assert question.id in proposed
    after = succeed("next", fitted_run, "--json", "--top", "50", "--answer", answer)["questions"]
    assert {row["question"] for row in after} == {*proposed} - {question.id}
    only = succeed("next", fitted_run, "--json", "--candidate", proposed[3], "--candidate", proposed[1])["questions"]
    assert {row["question"] for row in only} == {proposed[3], proposed[1]}
    assert "bits per question" in succeed("next", fitted_run)


def test_two_answers_to_one_question_are_an_error_that_names_both(fitted_run: Path) -> None:
    twice = ("--answer", "trust=Yes", "--answer", "trust=No")
    assert "--answer says 'Yes' and 'No' to 'trust': keep one" in fail("next", fitted_run, *twice)
    assert "write QUESTION=OPTION" in fail("next", fitted_run, "--answer", "trust")


def test_a_filtered_question_is_listed_and_proposed_after_its_answer(tmp_path: Path) -> None:
    write_survey(planted(), tmp_path / "source")
    run = tmp_path / "run"
    settings = ("--embedder", "factorization", "--personas", "1", "--use-everything")
    succeed("fit", tmp_path / "source", "--out", run, *settings)
    found = succeed("next", run, "--top", "9", "--json")
    assert {row["question"] for row in found["questions"]} == {"own", "mood", "work"}
    assert all(row["answers"] > 500 for row in found["questions"])
    assert found["filtered"]["quit"] == {"parent": "own", "answers": ["c"]}
    assert "asked only after certain answers: 'why' (after 'own': 'a', 'b')" in succeed("next", run)
    after = succeed("next", run, "--top", "9", "--answer", "own=c", "--json")["questions"]
    assert {row["question"] for row in after} == {"quit", "mood", "work"}
