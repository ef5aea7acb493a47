from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.readers.writer import WideCsvWriter, cells_of
from personaspace.survey.survey import Survey

TEA = Question("tea", "Tea?", (Option("Yes, please"), Option("No")))
WARM = Question.number("warm", "How warm?", 0, 100)


def test_a_survey_without_a_writer_of_its_own_becomes_a_csv_file_of_texts(tmp_path: Path) -> None:
    answers = Answers(np.array([0, 1]), np.array([0, 1]), np.array([0, 15]), np.array([np.nan, 74.125]))
    traits = pd.DataFrame({"age": ["old", None]})
    survey = Survey(("007", "b"), (TEA, WARM), answers, traits, weights=np.array([0.5, 1.5]))
    drawn = Answers(np.array([1]), np.array([0]), np.array([1]))
    path = WideCsvWriter(survey).write(drawn, tmp_path / "copy")
    assert path.name == "copy.csv"
    assert path.read_text() == 'respondent,weight,age,tea,warm\n007,0.5,old,"Yes, please",\nb,1.5,,No,74.125\n'


def test_an_option_is_written_as_most_cells_write_it() -> None:
    column = pd.Series(["no", "NO", "NO", None])
    drawn = Answers(np.array([3, 3]), np.array([0, 0]), np.array([1, 0]))
    assert cells_of(TEA, drawn, column, np.array([1, 1, 1, -2]), ["Yes, please", "No"]) == ["NO", "Yes, please"]
