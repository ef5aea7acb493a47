"""Small exports of survey platforms, in the shape their documentation and published files have."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence


def csv_of(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    """Rows as a CSV file writes them."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue()


QUALTRICS_FIELDS = {
    "StartDate": ("Start Date", "startDate"),
    "EndDate": ("End Date", "endDate"),
    "Status": ("Response Type", "status"),
    "IPAddress": ("IP Address", "ipAddress"),
    "Progress": ("Progress", "progress"),
    "Duration (in seconds)": ("Duration (in seconds)", "duration"),
    "Finished": ("Finished", "finished"),
    "RecordedDate": ("Recorded Date", "recordedDate"),
    "ResponseId": ("Response ID", "_recordId"),
    "RecipientLastName": ("Recipient Last Name", "recipientLastName"),
    "RecipientFirstName": ("Recipient First Name", "recipientFirstName"),
    "RecipientEmail": ("Recipient Email", "recipientEmail"),
    "ExternalReference": ("External Data Reference", "externalDataReference"),
    "LocationLatitude": ("Location Latitude", "locationLatitude"),
    "LocationLongitude": ("Location Longitude", "locationLongitude"),
    "DistributionChannel": ("Distribution Channel", "distributionChannel"),
    "UserLanguage": ("User Language", "userLanguage"),
    "Q_RecaptchaScore": ("Q_RecaptchaScore", "Q_RecaptchaScore"),
    "Q1": ("How much do you<br> trust\nthe courts?", "QID1"),
    "Q2_1": ("How important is it? - Health", "QID2_1"),
    "Q2_2": ("How important is it? - Roads", "QID2_2"),
    "Q3_1": ("Which do you use? (Select all) - Selected Choice - TV", "QID3_1"),
    "Q3_2": ("Which do you use? (Select all) - Selected Choice - Radio", "QID3_2"),
    "Q3_4": ("Which do you use? (Select all) - Selected Choice - Other", "QID3_4"),
    "Q3_4_TEXT": ("Which do you use? (Select all) - Other - Text", "QID3_4_TEXT"),
    "Q4": ("How old are you?", "QID4_TEXT"),
    "Q5_First Click": ("Timing - First Click", "QID5_FIRST_CLICK"),
    "Q1_DO_1": ("Q1 - Display Order - A lot", "QID1_DO_1"),
    "SC0": ("Score", "SC_0abc"),
    "panel": ("panel", "panel"),
}
"""Each column's text and import id."""

PLACE = ["52.5", "13.4", "anonymous", "EN", "0.9"]


def qualtrics_rows(texts: bool = True) -> list[list[str]]:
    """The rows of three people, with choice texts or with numbers."""
    meta = ["2024-03-01 10:00:00", "2024-03-01 10:09:00"]
    tv, radio, other = ("TV", "Radio", "Other") if texts else ("1", "1", "1")
    lot, bit = ("A lot", "A bit") if texts else ("3", "2")
    yes, status = ("True", "IP Address") if texts else ("1", "0")
    preview = "Survey Preview" if texts else "1"
    first = [lot, bit, lot, tv, "", "", "", "41", "1.2", "1", "7", "a"]
    second = ["-99", bit, bit, "", radio, other, "podcasts", "35", "0.8", "2", "3", "b"]
    third = [bit, lot, "-99", tv, radio, "", "", "", "2.0", "1", "5", "a"]
    return [
        [*meta, status, "1.2.3.4", "100", "540", yes, meta[1], "R_1", "", "", "", "", *PLACE, *first],
        [*meta, status, "1.2.3.5", "100", "300", yes, meta[1], "R_2", "", "", "", "", *PLACE, *second],
        [*meta, preview, "1.2.3.6", "100", "200", yes, meta[1], "R_3", "", "", "", "", *PLACE, *third],
    ]


def qualtrics(texts: bool = True, delimiter: str = ",") -> str:
    """An export with three header rows."""
    imports = [f'{{"ImportId":"{one}"}}' for _, one in QUALTRICS_FIELDS.values()]
    headers = [list(QUALTRICS_FIELDS), [text for text, _ in QUALTRICS_FIELDS.values()], imports]
    return csv_of([*headers, *qualtrics_rows(texts)], delimiter)


LEGACY_QUALTRICS = csv_of(
    [
        ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "V9", "V10", "Q1", "Q3_1", "Q3_2", "Q3_2_TEXT",
         "LocationLatitude"],
        ["ResponseID", "ResponseSet", "Name", "ExternalDataReference", "EmailAddress", "IPAddress", "Status",
         "StartDate", "EndDate", "Finished", "Do you trust them?", "Which? - TV", "Which? - Other",
         "Which? - Other - TEXT", "LocationLatitude"],
        ["R_1", "Default Response Set", "Anonymous", "", "", "1.2.3.4", "0", "2014-01-01", "2014-01-01", "1", "2",
         "1", "", "", "1"],
        ["R_2", "Default Response Set", "Anonymous", "", "", "1.2.3.5", "0", "2014-01-01", "2014-01-01", "1", "1",
         "", "1", "web", "2"],
    ]
)  # fmt: skip

LIMESURVEY_CODES = csv_of(
    [
        ["id", "submitdate", "lastpage", "startlanguage", "seed", "startdate", "datestamp", "ipaddr", "G1Q1",
         "G1Q2[SQ001]", "G1Q2[SQ002]", "G1Q2[other]", "G2Q1[SQ001]", "G2Q1[SQ002]", "age", "interviewtime",
         "groupTime12", "G1Q1Time"],
        ["1", "2024-02-01 10:00:00", "3", "en", "123", "2024-02-01 09:50:00", "2024-02-01 10:00:00", "1.2.3.4",
         "A2", "Y", "", "", "A1", "A4", "44", "600", "100", "20"],
        ["2", "", "1", "de", "124", "2024-02-01 09:51:00", "2024-02-01 10:01:00", "1.2.3.5", "A1", "", "Y", "blogs",
         "A2", "A5", "31", "500", "90", "10"],
    ]
)  # fmt: skip

LIMESURVEY_BOTH = csv_of(
    [
        ["id. Response ID", "submitdate. Date submitted", "lastpage. Last page", "startlanguage. Start language",
         "seed. Seed", "Q1. Do you trust them?", "Q2[SQ001]. Which do you use? [TV]",
         "Q2[SQ002]. Which do you use? [Radio]", "Q2[other]. Which do you use? [Other]",
         "Q3[1]. How important is it? [Roads]"],
        ["1", "2024-02-01 10:00:00", "3", "en", "123", "Yes, a lot", "Yes", "No", "", "Very"],
        ["2", "2024-02-01 11:00:00", "3", "en", "124", "N/A", "N/A", "N/A", "", "Not at all"],
    ],
    ";",
)  # fmt: skip

LIMESURVEY_TEXTS = csv_of(
    [
        ["Response ID", "Date submitted", "Last page", "Start language", "Do you trust them?",
         "Which do you use? [TV]", "Which do you use? [Radio]"],
        ["1", "2024-02-01 10:00:00", "3", "en", "A lot", "Yes", "No"],
        ["2", "2024-02-01 11:00:00", "3", "en", "A bit", "No", "Yes"],
    ]
)  # fmt: skip

REDCAP_DICTIONARY = csv_of(
    [
        ["Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
         "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
         "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
         "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name",
         "Matrix Ranking?", "Field Annotation"],
        ["record_id", "main", "", "text", "Record ID", *[""] * 13],
        ["trust", "main", "", "radio", "<b>Do you trust the courts?</b>", "1, Yes, fully | 2, No | 99, Refused",
         *[""] * 12],
        ["media", "main", "", "checkbox", "Which do you use?", "1, TV | 2, Radio | -99, None of these", *[""] * 12],
        ["roads", "main", "How important is it?", "radio", "Roads", "1, Very | 2, Not", *[""] * 9, "important", "",
         ""],
        ["health", "main", "", "radio", "Health", "1, Very | 2, Not", *[""] * 9, "important", "", ""],
        ["age", "main", "", "text", "Age", "", "", "integer", "18", "99", *[""] * 8],
        ["born", "main", "", "text", "Date of birth", "", "", "date_ymd", "", "", "y", *[""] * 7],
        ["why", "main", "", "notes", "Why?", *[""] * 13],
        ["voted", "main", "", "yesno", "Did you vote?", *[""] * 13],
        ["bmi", "main", "", "calc", "BMI", "[weight]/[height]^2", *[""] * 12],
        ["warm", "main", "", "slider", "How warm?", "cold | | warm", *[""] * 12],
    ]
)  # fmt: skip

REDCAP = csv_of(
    [
        ["record_id", "redcap_survey_identifier", "main_timestamp", "trust", "media___1", "media___2", "media____99",
         "roads", "health", "age", "born", "why", "voted", "bmi", "warm", "main_complete"],
        ["1", "", "2024-02-01 10:00", "1", "1", "0", "0", "1", "2", "44", "1980-01-01", "because", "1", "22.1",
         "70", "2"],
        ["2", "", "2024-02-01 11:00", "99", "0", "0", "1", "2", "2", "31", "1993-01-01", "", "0", "25.0", "10", "2"],
    ]
)  # fmt: skip

GOOGLE_FORMS = csv_of(
    [
        ["Timestamp", "Email Address", "Do you trust the courts?", "Which do you use?", "How important is it? [Roads]",
         "How important is it? [Health]", "Why?", "Why?"],
        ["2024/02/01 10:00:00 AM GMT+1", "a@b.c", "Yes", "TV;Radio", "Very", "Not", "because", "so"],
        ["2024/02/01 11:00:00 AM GMT+1", "d@e.f", "No", "TV", "Not", "Not", "", ""],
    ]
)  # fmt: skip

SURVEYMONKEY = csv_of(
    [
        ["Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address", "First Name",
         "Last Name", "Custom Data 1", "Do you trust the courts?", "Which do you use?", "", "",
         "How important is it?", "", "Why?", "How old are you?"],
        ["", "", "", "", "", "", "", "", "", "Response", "TV", "Radio", "Other (please specify)", "Roads", "Health",
         "Open-Ended Response", "Open-Ended Response"],
        ["118", "446", "02/01/2024 10:00:00 AM", "02/01/2024 10:09:00 AM", "1.2.3.4", "", "", "", "", "Yes", "TV",
         "Radio", "", "Very", "Not", "because", "44"],
        ["119", "446", "02/01/2024 11:00:00 AM", "02/01/2024 11:09:00 AM", "1.2.3.5", "", "", "", "", "No", "TV", "",
         "blogs", "Not", "Not", "", "31"],
    ]
)  # fmt: skip
