"""The demonstration's last question: before and after a pilot, beside the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaspace.runs.demo import show_pilot
from personaspace.runs.fitted import open_run


def test_a_held_out_question_before_and_after_ten_answers(fitted_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = open_run(fitted_run)
    show_pilot(run)
    shown = capsys.readouterr().out
    held = run.split.held_out_questions
    question = held.questions[0]
    assert f"Held out, as if nobody had been asked: {question.text}" in shown
    told = [shown.index(part) for part in ("from its text alone", "after 10 answers", "as the survey has it")]
    assert told == sorted(told)
    here = held.answers.question == 0
    weight = held.weight[held.answers.respondent[here]]
    first = weight[held.answers.option[here] == 0].sum() / weight.sum()
    (row,) = (line for line in shown.splitlines() if "everybody" in line)
    assert f"({first:.0%})" in row.split("\N{BOX DRAWINGS LIGHT VERTICAL}")[2]
    assert all(persona.name in shown for persona in run.personas)
