"""``personaspace next``: the next question for a new respondent."""

from __future__ import annotations

from pathlib import Path

from personaspace.runs.fitted import open_run
from tests.commands.line import fail, succeed


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
