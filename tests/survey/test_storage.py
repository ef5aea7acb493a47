from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import RunError, SurveyError
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.simulate import simulate
from personaspace.survey.storage import digest, load_survey, write_survey
from personaspace.survey.survey import Survey


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_survey(simulate(respondents=30), tmp_path / "survey")
    return tmp_path / "survey"


def test_a_survey_comes_back_equal(folder: Path) -> None:
    assert load_survey(folder).equals(simulate(respondents=30))


def test_awkward_surveys_come_back_equal(tmp_path: Path) -> None:
    survey = simulate(respondents=30)
    traits = pd.DataFrame({"id": ["x", None] * 15, "weight": ["é"] * 30})
    for i, odd in enumerate(
        [
            replace(survey, weights=None, traits=pd.DataFrame()),
            replace(survey, traits=traits, name="naïve", simulated=False),
            survey.select(respondents=[]),
            survey.select(questions=[]),
        ]
    ):
        write_survey(odd, tmp_path / str(i))
        assert load_survey(tmp_path / str(i)).equals(odd)


def test_writing_twice_replaces(folder: Path) -> None:
    other = simulate(respondents=10, seed=1)
    write_survey(other, folder)
    assert load_survey(folder).equals(other)


def test_a_run_is_read_by_its_survey(folder: Path) -> None:
    assert read_survey(folder.parent).equals(load_survey(folder))
    assert read_survey(folder, name="mine").name == "mine"
    with pytest.raises(SurveyError, match="leave the codebook out"):
        read_survey(folder, codebook={})


def test_a_damaged_folder_is_named(folder: Path) -> None:
    answers = pd.read_parquet(folder / "answers.parquet")
    (folder / "answers.parquet").write_text("not parquet")
    with pytest.raises(RunError, match=r"answers.parquet cannot be read as a table"):
        load_survey(folder)
    answers.assign(option=9).to_parquet(folder / "answers.parquet")
    with pytest.raises(RunError, match=r"holds a damaged survey .*chooses option 9"):
        load_survey(folder)
    (folder / "answers.parquet").unlink()
    with pytest.raises(RunError, match=r"answers.parquet is missing"):
        load_survey(folder)
    (folder / "questions.json").write_text('{"format": 99}')
    with pytest.raises(RunError, match="not of format 1"):
        load_survey(folder)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"option": 0.5}, "the column 'option' holds floating values, not whole numbers"),
        ({"respondent": "x"}, "the column 'respondent' holds string values"),
        ({"respondent": 2**40}, r"respondent index in answers: 1099511627776 is outside"),
        ({"question": 2**64 - 1}, "question index in answers: -1 is outside"),
        ({"question": None}, "the column 'question' holds"),
    ],
)
def test_answers_that_are_no_indices_are_refused(folder: Path, changes: dict[str, Any], says: str) -> None:
    answers = pd.read_parquet(folder / "answers.parquet")
    for name, value in changes.items():
        answers[name] = value
    answers.to_parquet(folder / "answers.parquet")
    with pytest.raises(RunError, match=says):
        load_survey(folder)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"format": 1, "name": 3, "simulated": true, "questions": []}', "at name: input should be a valid string"),
        (
            '{"format": 1, "name": "x", "simulated": true, "questions": {}}',
            "at questions: input should be a valid tuple",
        ),
        ('{"format": 1, "name": "\\ud800", "simulated": true, "questions": []}', "not readable JSON"),
        ('{"format": 1, "name": "x", "simulated": NaN, "questions": []}', "NaN is no JSON"),
        ("[" * 10_000, "not readable JSON"),
    ],
)
def test_damaged_questions_are_named(folder: Path, text: str, says: str) -> None:
    (folder / "questions.json").write_text(text)
    with pytest.raises(RunError, match=says):
        load_survey(folder)


def test_more_options_than_16_bits_count_are_kept(tmp_path: Path) -> None:
    """40,000 options: towns, or the words of an open answer."""
    town = Question("town", "Where?", tuple(Option(f"town {n}") for n in range(40_000)))
    survey = Survey(("a", "b"), (town,), Answers(np.arange(2), np.zeros(2, np.int64), np.array([39_999, 32_768])))
    write_survey(survey, tmp_path / "towns")
    assert load_survey(tmp_path / "towns").equals(survey)
    assert survey.to_frame()["town"].tolist() == ["town 39999", "town 32768"]


def test_surveys_of_few_options_are_written_as_before(folder: Path) -> None:
    assert pd.read_parquet(folder / "answers.parquet")["option"].dtype == "Int16"


def test_half_of_a_character_is_refused_before_it_is_written() -> None:
    options = (Option("Yes"), Option("No"))
    with pytest.raises(SurveyError, match=r"holds '\\ud800', half of a character"):
        Question("q", "Well\ud800?", options)
    question, answers = Question("q", "Well?", options), Answers(*np.zeros((3, 1), np.int64))
    with pytest.raises(SurveyError, match=r"a respondent's id holds '\\udfff'"):
        Survey(("a\udfff",), (question,), answers)
    with pytest.raises(SurveyError, match="a trait holds"):
        Survey(("a",), (question,), answers, traits=pd.DataFrame({"age": ["\ud800"]}, dtype=object))


def test_orders_and_labels_of_traits_and_stems_of_checkboxes_come_back(folder: Path) -> None:
    ages = pd.Categorical(["old", None, "young"] * 10, categories=["young", "middle", "old"])
    box = Question("tv", "Which do you use? TV", (Option("Not selected"), Option("Selected")), stem="Which do you use?")
    plain = simulate(respondents=30)
    survey = replace(plain, traits=pd.DataFrame({"age": ages}), trait_labels={"age": "Age"})
    survey = replace(survey, questions=(*plain.questions, box))
    write_survey(survey, folder)
    back = load_survey(folder)
    assert back.equals(survey)
    assert back.traits["age"].cat.categories.tolist() == ["young", "middle", "old"]
    assert (back.questions[-1].stem, back.questions[-1].item) == ("Which do you use?", "TV")
    other = replace(survey, traits=pd.DataFrame({"age": ages.reorder_categories(["old", "middle", "young"])}))
    assert len({digest(one) for one in (survey, back, other, replace(survey, trait_labels={}))}) == 3


def test_what_has_no_order_or_label_is_written_as_before(folder: Path) -> None:
    content = json.loads((folder / "questions.json").read_text())
    assert sorted(content) == ["format", "name", "questions", "simulated"]
    assert sorted(content["questions"][0]) == ["id", "options", "text", "topic"]
