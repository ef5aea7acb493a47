from __future__ import annotations

from personaspace.steer.model.prompts import question_prompt
from personaspace.survey.question import Question


def test_a_question_on_a_scale_is_asked_by_the_points_of_its_grid() -> None:
    lines = question_prompt(Question.number("warm", "How warm, 0 to 100?", 0, 100)).splitlines()
    assert lines[0] == "Question: How warm, 0 to 100?"
    assert (lines[1], lines[2], lines[-1]) == ("A. 0", "B. 5", "U. 100")
