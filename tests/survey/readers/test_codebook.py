"""One grammar of codebooks for every format: what each entry says, and where an error is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from personaspace.errors import SurveyError, UnknownNameError
from personaspace.survey.readers import drafted
from personaspace.survey.readers.draft.draft import Draft
from personaspace.survey.readers.draft.guess import Guess
from personaspace.survey.readers.labelled_table import LabelledTable
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.survey import Survey

TABLE = "id,form,time_1,time_2,sex,trust\nann,A,3,4,2,1\nben,B,5,6,1,2\ncy,A,7,8,2,\ndee,B,9,1,,3\n"
TRUST = {"text": "Can people be trusted?", "options": {1: "Never", 2: "Sometimes", 3: "Sometimes"}}


def read(folder: Path, book: dict[str, Any], text: str = TABLE) -> Survey:
    (folder / "t.csv").write_text(text)
    return read_survey(folder / "t.csv", codebook=book)


def given(survey: Survey) -> dict[str, str]:
    return {
        survey.respondents[i]: survey.questions[j].options[o].text
        for i, j, o, _ in zip(*vars(survey.answers).values(), strict=True)
    }


def test_codes_of_one_label_are_one_option(tmp_path: Path) -> None:
    survey = read(tmp_path, {"respondent": "id", "questions": {"trust": TRUST}})
    assert [option.text for option in survey.questions[0].options] == ["Never", "Sometimes"]
    assert given(survey) == {"ann": "Never", "ben": "Sometimes", "dee": "Sometimes"}


def test_without_a_column_of_ids_the_rows_are_numbered(tmp_path: Path) -> None:
    assert read(tmp_path, {"questions": {"trust": TRUST}}).respondents == ("1", "2", "3", "4")


def test_an_empty_cell_can_be_an_option(tmp_path: Path) -> None:
    survey = read(tmp_path, {"respondent": "id", "questions": {"trust": TRUST | {"blank": "Never"}}})
    assert given(survey)["cy"] == "Never"
    with pytest.raises(SurveyError, match=r"`blank: Seldom` names none of its options \('Never', 'Sometimes'\)"):
        read(tmp_path, {"questions": {"trust": TRUST | {"blank": "Seldom"}}})


def test_labels_of_a_trait_are_its_values_in_this_order(tmp_path: Path) -> None:
    traits = {"sex": {"text": "Sex", "options": {2: "Woman", 1: "Man"}}}
    survey = read(tmp_path, {"respondent": "id", "traits": traits, "questions": {"trust": TRUST}})
    assert survey.traits["sex"].astype(object).fillna("?").tolist() == ["Woman", "Man", "Woman", "?"]
    assert list(survey.traits["sex"].cat.categories) == ["Woman", "Man"]
    assert survey.trait_labels == {"sex": "Sex"}
    with pytest.raises(
        SurveyError, match=r"trait 'sex': 1 row\(s\) hold '1', which is none of its options \('Woman'\)"
    ):
        read(tmp_path, {"traits": {"sex": {"options": {2: "Woman"}}}, "questions": {"trust": TRUST}})


def test_columns_are_left_out_by_name_or_pattern(tmp_path: Path) -> None:
    book = {"respondent": "id", "traits": ["sex"], "leave_out": ["time_*", "form"], "questions": {"trust": TRUST}}
    assert len(read(tmp_path, book).questions) == 1
    with pytest.raises(UnknownNameError, match=r"unknown column to leave out 'tmie_\*'"):
        read(tmp_path, book | {"leave_out": ["tmie_*"]})


def test_an_error_points_to_its_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    book = tmp_path / "book.yaml"
    book.write_text("respondent: id\n# a comment\nquestions:\n  trust:\n    text: Well?\n    optoins: [a, b]\n")
    with pytest.raises(SurveyError, match=r"book.yaml, line 6, at questions.trust.optoins: extra inputs"):
        read_survey(tmp_path / "t.csv", codebook=book)
    book.write_text("questions:\n  trust:\n    options: [a, b]\n    positions: [1, high]\n")
    with pytest.raises(SurveyError, match=r"book.yaml, line 4, at questions.trust.positions.1"):
        read_survey(tmp_path / "t.csv", codebook=book)


@pytest.fixture
def sav(tmp_path: Path) -> Path:
    frame = pd.DataFrame(
        {
            "warm": [1.0, 7.0, 2.0, 6.0, -99.0],
            "party": [1.0, 2.0, 9.0, 1.0, 2.0],
            "age": [1.0, 3.0, 2.0, 1.0, 98.0],
        }
    )
    labels: Any = {
        "warm": {1: "Cold", 7: "Warm"},
        "party": {1: "Blue", 2: "Green", 9: "Refused"},
        "age": {1: "18-29", 2: "30-49", 3: "50+", 98: "DK"},
    }
    names: Any = ["WARM. How warm do you feel?", "PARTY. Your party?", "Age"]
    pyreadstat.write_sav(frame, str(tmp_path / "t.sav"), column_labels=names, variable_value_labels=labels)
    return tmp_path / "t.sav"


def test_the_points_between_labelled_ends_exist_and_lie_by_code(sav: Path) -> None:
    with pytest.warns(UserWarning, match=r"warm: 1 row\(s\) hold -99, a code without a label outside"):
        survey = read_survey(sav, codebook={"questions": ["warm"]})
    (question,) = survey.questions
    assert question.text == "How warm do you feel?"
    assert [option.text for option in question.options] == ["Cold", "2", "3", "4", "5", "6", "Warm"]
    assert [option.position for option in question.options] == pytest.approx([0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])
    assert given(survey) == {"1": "Cold", "2": "Warm", "3": "2", "4": "6"}


def test_a_code_beyond_the_labels_is_an_option_only_if_the_codebook_says_so(sav: Path) -> None:
    options = {1: "Cold", 2: "Cool", 6: "Mild", 7: "Warm", -99: "No feeling"}
    survey = read_survey(sav, codebook={"questions": {"warm": {"options": options}}})
    assert given(survey)["5"] == "No feeling"


def test_traits_of_a_labelled_file_keep_its_order(sav: Path) -> None:
    survey = read_survey(sav, codebook={"traits": ["age"], "questions": ["party"]})
    assert list(survey.traits["age"].cat.categories) == ["18-29", "30-49", "50+"]
    assert survey.traits["age"].isna().tolist() == [False] * 4 + [True]
    assert len(survey.refusals) == 1


def test_options_of_a_labelled_file_may_be_put_in_order(sav: Path) -> None:
    survey = read_survey(sav, codebook={"questions": {"party": {"options": ["Green", "Blue"]}}})
    assert [(o.text, o.position) for o in survey.questions[0].options] == [("Green", 0.0), ("Blue", 1.0)]
    with pytest.raises(SurveyError, match="'Red' is none of the file's labels"):
        read_survey(sav, codebook={"questions": {"party": {"options": ["Red", "Blue"]}}})


def test_a_guess_that_cannot_be_read_is_left_out_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule of the draft may be wrong; that must not end the reading of the file."""

    def wrong(table: LabelledTable) -> Draft:
        guesses = tuple(Guess(name, "question", "by mistake", True) for name in table.columns)
        asked = {"trust": TRUST, "form": {"options": ["C", "D"]}, "time_1": {}}
        return Draft(guesses, {"respondent": "id", "questions": asked}, "", {})

    monkeypatch.setattr(drafted, "draft", wrong)
    with pytest.warns(UserWarning, match=r"left out as not understood: form, time_1; describe .*'A', which is none of"):
        survey = read(tmp_path, {})
    assert [question.id for question in survey.questions] == ["trust"]
    with pytest.raises(SurveyError, match="'form'"):
        read(tmp_path, {"questions": {"form": {"options": ["C", "D"]}}})


def test_a_pandas_table_is_read_like_a_file(tmp_path: Path) -> None:
    book = {"respondent": "id", "traits": ["sex"], "questions": {"trust": TRUST}}
    (tmp_path / "t.csv").write_text(TABLE)
    frame = pd.read_csv(tmp_path / "t.csv")
    expected = read_survey(tmp_path / "t.csv", codebook=book, name="survey")
    assert read_survey(frame, codebook=book).equals(expected)
    assert read_survey(frame.set_index("id"), codebook=book).equals(expected)
    long = frame.melt(id_vars="id", value_vars=["trust"], var_name="question", value_name="answer")
    several = {"respondent": "id", "layout": "long", "questions": {"trust": TRUST}}
    assert given(read_survey(long, codebook=several)) == given(expected)
    with pytest.raises(SurveyError, match="has the column 'id' twice"):
        read_survey(pd.concat([frame, frame[["id"]]], axis=1), codebook=book)


def test_categories_of_a_pandas_table_are_its_options_in_order() -> None:
    drinks = pd.Categorical(["Tea", "Coffee", None] * 10, categories=["Water", "Tea", "Coffee"], ordered=True)
    survey = read_survey(pd.DataFrame({"drink": drinks}), codebook={"questions": {"drink": {"ordinal": True}}})
    assert [(o.text, o.position) for o in survey.questions[0].options] == [("Water", 0), ("Tea", 0.5), ("Coffee", 1)]
