from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest

from personaspace.errors import SurveyError
from personaspace.survey.readers.formats.registry import open_table
from personaspace.survey.readers.labelled_table import Column, LabelledTable
from tests.survey.readers.formats.exports import (
    GOOGLE_FORMS,
    LEGACY_QUALTRICS,
    LIMESURVEY_BOTH,
    LIMESURVEY_CODES,
    LIMESURVEY_TEXTS,
    QUALTRICS_FIELDS,
    REDCAP,
    REDCAP_DICTIONARY,
    SURVEYMONKEY,
    csv_of,
    qualtrics,
)


def opened(path: Path, text: str, encoding: str = "utf-8") -> LabelledTable:
    path.write_text(text, encoding=encoding)
    return open_table(path)


def roles(table: LabelledTable) -> dict[str, str | None]:
    return {name: column.role for name, column in table.columns.items()}


def groups(table: LabelledTable) -> dict[str, str]:
    return {name: column.group for name, column in table.columns.items() if column.group is not None}


def texts(columns: Mapping[str, Column]) -> dict[str, str | None]:
    return {name: column.text for name, column in columns.items()}


@pytest.mark.parametrize("choice_texts", [True, False])
def test_qualtrics_with_three_header_rows(tmp_path: Path, choice_texts: bool) -> None:
    table = opened(tmp_path / "t.csv", qualtrics(choice_texts), "utf-8-sig")
    assert len(table) == 3
    assert list(table.columns) == list(QUALTRICS_FIELDS)
    found = roles(table)
    assert found.pop("ResponseId") == "respondent"
    assert found.pop("SC0") == "derived"
    assert found.pop("Q3_4_TEXT") == "free text"
    asked = {"Q1", "Q2_1", "Q2_2", "Q3_1", "Q3_2", "Q3_4", "Q4", "panel"}
    assert {name for name, role in found.items() if role is None} == asked
    assert {role for name, role in found.items() if name not in asked} == {"administrative"}
    assert groups(table) == dict.fromkeys(["Q3_1", "Q3_2", "Q3_4"], "Q3")
    assert table.columns["Q1"].text == "How much do you trust the courts?"
    assert table.columns["Q3_1"].text == "Which do you use? (Select all) - TV"
    assert {name for name, column in table.columns.items() if column.declared} == {"Q1", "Q2_2"}
    assert table.columns["Q1"].declared == {"-99"}
    assert table.notes == ("1 row(s) are previews or tests of the survey, as Status says",)


def test_qualtrics_as_tsv_in_utf_16_reads_the_same(tmp_path: Path) -> None:
    table = opened(tmp_path / "t.csv", qualtrics())
    other = opened(tmp_path / "t.tsv", qualtrics(delimiter="\t"), "utf-16")
    assert roles(other) == roles(table)
    assert all(other.columns[name].cells.equals(table.columns[name].cells) for name in table.columns)


def test_qualtrics_with_a_matrix_that_everybody_answers_alike_in_one_row(tmp_path: Path) -> None:
    rows = [["ResponseId", "Q2_1", "Q2_2"], ["Response ID", "How? - A", "How? - B"]]
    rows += [['{"ImportId":"_recordId"}', '{"ImportId":"QID2_1"}', '{"ImportId":"QID2_2"}']]
    rows += [["R_1", "1", "1"], ["R_2", "1", "2"]]
    assert groups(opened(tmp_path / "t.csv", csv_of(rows))) == {}


def test_qualtrics_of_the_older_kind_has_two_header_rows(tmp_path: Path) -> None:
    table = opened(tmp_path / "t.csv", LEGACY_QUALTRICS)
    assert len(table) == 2
    found = roles(table)
    assert found.pop("V1") == "respondent"
    assert found.pop("Q3_2_TEXT") == "free text"
    assert {name for name, role in found.items() if role is None} == {"Q1", "Q3_1", "Q3_2"}
    assert groups(table) == {"Q3_1": "Q3", "Q3_2": "Q3"}
    assert table.columns["Q1"].text == "Do you trust them?"


def test_qualtrics_without_all_response_ids_has_none(tmp_path: Path) -> None:
    rows = [["ResponseId", "Q1"], ["Response ID", "How?"], ['{"ImportId":"_recordId"}', '{"ImportId":"QID1"}']]
    table = opened(tmp_path / "t.csv", csv_of([*rows, ["R_1", "A"], ["", "B"]]))
    assert roles(table) == {"ResponseId": "administrative", "Q1": None}


def test_qualtrics_whose_further_headers_were_taken_out(tmp_path: Path) -> None:
    rows = [["ResponseId", "Finished", "Q1", "Q7_1", "Q7_2", "Q8_1", "Q8_2"]]
    rows += [["R_1a", "1", "Yes", "1", "0", "2", "1"], ["R_2b", "1", "No", "-99", "1", "1", "-99"]]
    table = opened(tmp_path / "t.csv", csv_of(rows))
    assert len(table) == 2
    assert [roles(table)[name] for name in ("ResponseId", "Finished", "Q1")] == ["respondent", "administrative", None]
    assert groups(table) == {"Q7_1": "Q7", "Q7_2": "Q7"}
    assert table.columns["Q7_1"].declared == table.columns["Q8_2"].declared == {"-99"}
    assert table.columns["Q1"].text is None


def test_another_response_id_is_no_qualtrics(tmp_path: Path) -> None:
    table = opened(tmp_path / "t.csv", "ResponseId,Q1\n17,Yes\n18,No\n")
    assert len(table) == 2
    assert roles(table) == {"ResponseId": None, "Q1": None}
    assert table.notes == ()


def test_limesurvey_with_codes(tmp_path: Path) -> None:
    table = opened(tmp_path / "t.csv", LIMESURVEY_CODES)
    found = roles(table)
    assert found.pop("id") == "respondent"
    assert found.pop("G1Q2[other]") == "free text"
    asked = {"G1Q1", "G1Q2[SQ001]", "G1Q2[SQ002]", "G2Q1[SQ001]", "G2Q1[SQ002]", "age"}
    assert {name for name, role in found.items() if role is None} == asked
    assert {role for name, role in found.items() if name not in asked} == {"administrative"}
    assert groups(table) == {"G1Q2[SQ001]": "G1Q2", "G1Q2[SQ002]": "G1Q2"}
    assert table.columns["G1Q2[SQ001]"].text == "G1Q2 - SQ001"
    assert table.columns["G2Q1[SQ001]"].text is None


def test_limesurvey_with_an_array_of_yes_no_and_uncertain(tmp_path: Path) -> None:
    rows = [
        ["id", "submitdate", "lastpage", "Q1[SQ001]", "Q1[SQ002]"],
        ["1", "", "1", "Y", "N"],
        ["2", "", "1", "U", "Y"],
    ]
    assert groups(opened(tmp_path / "t.csv", csv_of(rows))) == {}


def test_limesurvey_with_codes_and_texts(tmp_path: Path) -> None:
    table = opened(tmp_path / "t.csv", LIMESURVEY_BOTH)
    assert list(table.columns) == [
        "id", "submitdate", "lastpage", "startlanguage", "seed", "Q1", "Q2[SQ001]", "Q2[SQ002]", "Q2[other]", "Q3[1]"
    ]  # fmt: skip
    assert table.columns["Q1"].text == "Do you trust them?"
    assert table.columns["Q2[SQ001]"].text == "Which do you use? - TV"
    assert table.columns["Q3[1]"].text == "How important is it? - Roads"
    assert groups(table) == {"Q2[SQ001]": "Q2", "Q2[SQ002]": "Q2"}
    assert table.columns["Q1"].declared == table.columns["Q2[SQ001]"].declared == {"N/A"}
    assert table.columns["Q3[1]"].declared == set()


def test_limesurvey_with_texts_only(tmp_path: Path) -> None:
    table = opened(tmp_path / "t.csv", LIMESURVEY_TEXTS)
    assert roles(table)["Response ID"] == "respondent"
    assert roles(table)["Last page"] == "administrative"
    assert table.columns["Do you trust them?"].text == "Do you trust them?"
    assert groups(table) == dict.fromkeys(["Which do you use? [TV]", "Which do you use? [Radio]"], "Which do you use?")


def test_redcap_with_its_data_dictionary(tmp_path: Path) -> None:
    (tmp_path / "Study_DataDictionary_2024-02-01.csv").write_text(REDCAP_DICTIONARY)
    table = opened(tmp_path / "Study_DATA_2024-02-01.csv", REDCAP)
    assert roles(table) == {
        "record_id": "respondent",
        "redcap_survey_identifier": "administrative",
        "main_timestamp": "administrative",
        "trust": None,
        "media___1": None,
        "media___2": None,
        "media____99": None,
        "roads": None,
        "health": None,
        "age": "number",
        "born": "administrative",
        "why": "free text",
        "voted": None,
        "bmi": "derived",
        "warm": "number",
        "main_complete": "administrative",
    }
    columns = table.columns
    assert columns["trust"].text == "Do you trust the courts?"
    assert dict(columns["trust"].labels) == {"1": "Yes, fully", "2": "No", "99": "Refused"}
    assert dict(columns["voted"].labels) == {"1": "Yes", "0": "No"}
    assert columns["health"].text == "How important is it? - Health"
    assert columns["media____99"].text == "Which do you use? - None of these"
    assert groups(table) == dict.fromkeys(["media___1", "media___2", "media____99"], "media")
    assert table.notes == ("texts and codes are from the data dictionary Study_DataDictionary_2024-02-01.csv",)


def test_redcap_without_its_data_dictionary(tmp_path: Path) -> None:
    table = opened(tmp_path / "data.csv", REDCAP)
    assert roles(table)["main_complete"] == "administrative"
    assert table.columns["media___2"].text == "media - 2"
    assert groups(table) == dict.fromkeys(["media___1", "media___2", "media____99"], "media")
    assert table.notes == (
        "no data dictionary of REDCap lies beside it: download it as CSV into the same folder for texts and codes",
    )


def test_redcap_with_several_rows_of_a_record(tmp_path: Path) -> None:
    table = opened(tmp_path / "d.csv", "record_id,redcap_event_name,q\n1,visit_1_arm_1,2\n1,visit_2_arm_1,1\n")
    assert roles(table) == {"record_id": "administrative", "redcap_event_name": "administrative", "q": None}
    assert "record_id is not unique: a row is an event or an instance, not a person" in table.notes[-1]


def test_redcaps_data_dictionary_is_no_survey(tmp_path: Path) -> None:
    with pytest.raises(SurveyError, match="is REDCap's data dictionary: name the file of data"):
        opened(tmp_path / "d.csv", REDCAP_DICTIONARY)


def test_the_data_dictionary_of_another_study_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "other_dictionary.csv").write_text(REDCAP_DICTIONARY)
    (tmp_path / "broken_dictionary.csv").write_bytes(b"PK\x03\x04")
    table = opened(tmp_path / "t.csv", "id,age,q,r\n1,44,Yes,No\n")
    assert roles(table) == {"id": None, "age": None, "q": None, "r": None}
    assert table.notes == ()


def test_google_forms(tmp_path: Path) -> None:
    table = opened(tmp_path / "t.csv", GOOGLE_FORMS)
    assert list(table.columns)[-2:] == ["Why?", "Why? (2)"]
    assert roles(table)["Timestamp"] == roles(table)["Email Address"] == "administrative"
    assert table.columns["How important is it? [Roads]"].text == "How important is it? - Roads"
    assert table.columns["Which do you use?"].cells.tolist() == ["TV;Radio", "TV"]
    plain = opened(tmp_path / "t.csv", "Timestamp,q\n17,Yes\n")
    assert roles(plain) == {"Timestamp": None, "q": None}


def test_surveymonkey(tmp_path: Path) -> None:
    table = opened(tmp_path / "t.csv", SURVEYMONKEY)
    assert len(table) == 2
    assert roles(table)["Respondent ID"] == "respondent"
    assert {roles(table)[name] for name in list(table.columns)[1:9]} == {"administrative"}
    assert dict(list(roles(table).items())[9:]) == {
        "Do you trust the courts?": None,
        "Which do you use? - TV": None,
        "Which do you use? - Radio": None,
        "Which do you use? - Other (please specify)": "free text",
        "How important is it? - Roads": None,
        "How important is it? - Health": None,
        "Why?": "free text",
        "How old are you?": None,
    }
    boxes = ["Which do you use? - TV", "Which do you use? - Radio"]
    assert groups(table) == dict.fromkeys(boxes, "Which do you use?")


@pytest.mark.parametrize("text", [qualtrics(), LIMESURVEY_CODES, GOOGLE_FORMS, SURVEYMONKEY])
def test_the_same_export_as_a_workbook(tmp_path: Path, text: str) -> None:
    table = opened(tmp_path / "t.csv", text)
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in csv.reader(io.StringIO(text)):
        book.active.append([cell or None for cell in row])
    book.save(tmp_path / "t.xlsx")
    other = open_table(tmp_path / "t.xlsx")
    assert roles(other) == roles(table)
    assert groups(other) == groups(table)
    assert texts(other.columns) == texts(table.columns)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("text", [qualtrics(), LIMESURVEY_BOTH, REDCAP, GOOGLE_FORMS, SURVEYMONKEY])
def test_a_damaged_export_is_read_or_is_one_line_of_error(tmp_path: Path, text: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    whole = text.encode()
    for _ in range(20):
        at = chance.randrange(len(whole))
        put = chance.choice([b"", b'"', b",", b"\n", b"\0", b"\xff", b"{", b"["])
        (tmp_path / "t.csv").write_bytes(whole[:at] + put + whole[at + chance.choice([0, 1, 40]) :])
        try:
            assert len(open_table(tmp_path / "t.csv").columns) > 0
        except SurveyError as error:
            assert "\n" not in str(error)
