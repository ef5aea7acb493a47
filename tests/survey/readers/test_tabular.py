from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personaspace.errors import SurveyError
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.survey import Survey
from tests.survey.sources import WIDE

BOOK: dict[str, Any] = {
    "respondent": "id",
    "questions": {"q": {"text": "Well?", "options": ["Yes", "No"]}},
}


def read(path: Path, text: str, codebook: Mapping[str, Any] | None = BOOK) -> Survey:
    path.write_text(text)
    return read_survey(path, codebook=codebook)


def given(survey: Survey) -> set[tuple[str, str, str]]:
    return {
        (survey.respondents[i], survey.questions[j].id, survey.questions[j].options[o].text)
        for i, j, o, _ in zip(*vars(survey.answers).values(), strict=True)
    }


def test_a_wide_table_with_the_codebook_beside_it(table: Path) -> None:
    survey = read_survey(table)
    assert survey.respondents == ("007", "ben", "cy")
    assert given(survey) == {
        ("007", "worry", "Not at all"),
        ("007", "drink", "Tea"),
        ("ben", "drink", "None"),
        ("cy", "drink", "Coffee"),
    }
    assert (survey.refusals.respondent.tolist(), survey.refusals.question.tolist()) == ([1], [0])
    assert survey.weight.tolist() == [0.5, 1.0, 1.5]
    assert survey.traits["age"].fillna("?").tolist() == ["old", "?", "young"]
    worry, drink = survey.questions
    assert [o.position for o in worry.options] == [0.0, 0.5, 1.0]
    assert not drink.ordinal
    assert (worry.topic, drink.topic) == ("mood", None)


def test_gzip_and_parquet_read_the_same(table: Path) -> None:
    survey, codebook = read_survey(table), table.with_name("drinks.codebook.yaml")
    packed = table.with_name("drinks.csv.gz")
    packed.write_bytes(gzip.compress(table.read_bytes()))
    assert read_survey(packed).equals(survey)
    columns = table.with_name("drinks.parquet")
    pd.read_csv(table, dtype={"id": "str"}, keep_default_na=False, na_values=[""]).to_parquet(columns)
    assert read_survey(columns, codebook=codebook).equals(survey)


def test_a_long_table_reads_like_the_wide_one(table: Path) -> None:
    rows = "id,question,answer,w,age\n007,worry,1.0,1,old\nben,worry,99,2,\n007,drink,Tea,1,old\n"
    rows += "ben,drink,None,2,\ncy,drink,Coffee,3,young\n"
    codebook = table.with_name("drinks.codebook.yaml")
    long = table.with_name("long.csv")
    long.write_text(rows)
    long_book = table.with_name("long.codebook.yaml")
    long_book.write_text("layout: long\n" + codebook.read_text())
    survey, wide = read_survey(long), read_survey(table)
    assert given(survey) == given(wide)
    assert survey.traits.equals(wide.traits)
    assert survey.weight.tolist() == wide.weight.tolist()
    assert len(survey.refusals) == 1


@pytest.mark.parametrize("code", [1, 1.0, "1", "1.0", " 1 "])
def test_a_code_is_recognized_as_number_and_as_text(tmp_path: Path, code: object) -> None:
    pd.DataFrame({"id": [10, 11], "q": [code, None]}).to_parquet(tmp_path / "t.parquet")
    book = {"respondent": "id", "questions": {"q": {"text": "?", "options": {"0": "No", 1: "Yes"}}}}
    survey = read_survey(tmp_path / "t.parquet", codebook=book)
    assert given(survey) == {("10", "q", "Yes")}


def test_yes_and_no_are_options_and_not_truth_values(tmp_path: Path) -> None:
    book = tmp_path / "t.codebook.yaml"
    book.write_text("respondent: id\nquestions:\n  q:\n    text: Well?\n    options: [Yes, No]\n")
    (tmp_path / "t.csv").write_text("id,q\na,Yes\nb,no\n")
    assert given(read_survey(tmp_path / "t.csv")) == {("a", "q", "Yes"), ("b", "q", "No")}


def test_positions_and_missing_codes(tmp_path: Path) -> None:
    entry = {"text": "?", "options": ["Low", "High", "Unsure"], "positions": [10, 20, None]}
    book = {"respondent": "id", "missing": [-1], "questions": {"q": entry}}
    survey = read(tmp_path / "t.csv", "id,q\na,-1\nb,High\n", book)
    assert given(survey) == {("b", "q", "High")}
    assert [o.position for o in survey.questions[0].options] == [0.0, 1.0, None]


def test_a_refusal_code_can_be_an_answer_to_one_question(tmp_path: Path) -> None:
    scale = {str(i): f"{i} of 10" for i in range(11)}
    questions: dict[str, dict[str, Any]] = {
        "q": {"text": "?", "options": {1: "Yes", 2: "No"}},
        "s": {"text": "?", "options": scale, "refusals": []},
    }
    book = {"respondent": "id", "refusals": [9], "questions": questions}
    survey = read(tmp_path / "t.csv", "id,q,s\na,9,9\n", book)
    assert given(survey) == {("a", "s", "9 of 10")}
    assert len(survey.refusals) == 1
    del questions["s"]["refusals"]
    with pytest.raises(SurveyError, match="question 's': '9' stands for two things"):
        read(tmp_path / "t.csv", "id,q,s\na,9,9\n", book)


def test_another_delimiter_can_be_named(tmp_path: Path) -> None:
    assert len(read(tmp_path / "t.csv", "id;q\na;Yes\n", BOOK | {"delimiter": ";"}).answers) == 1


def test_a_codebook_that_is_named_and_not_there(table: Path) -> None:
    with pytest.raises(SurveyError, match=r"there is no codebook .*lost.yaml"):
        read_survey(table, codebook=table.with_name("lost.yaml"))


def test_two_codebooks_beside_a_table(table: Path) -> None:
    table.with_name("drinks.codebook.json").write_text("{}")
    with pytest.raises(SurveyError, match="has 2 codebooks beside it"):
        read_survey(table)


QUESTION = {"text": "?", "options": ["Yes", "No"]}


@pytest.mark.parametrize(
    ("codebook", "says"),
    [
        ({"respondent": "id", "questions": {}}, "at questions: value should have at least 1"),
        (BOOK | {"missing": [""]}, "at missing.0: an empty cell is no code: say what it means with `blank: OPTION`"),
        (BOOK | {"wieght": "w"}, "at wieght: extra inputs are not permitted"),
        (BOOK | {"layout": "tall"}, "at layout: input should be 'wide' or 'long'"),
        (BOOK | {"questions": {"q": QUESTION | {"text": []}}}, "at questions.q.text: input should be a valid"),
        (BOOK | {"questions": {"q": QUESTION | {"options": ["Yes"]}}}, "'q' has one option, 'Yes'.*`multiple"),
        (BOOK | {"questions": {"q": QUESTION | {"options": {1: "Yes", "": "No"}}}}, "an empty cell is no code"),
        (BOOK | {"questions": {"q": QUESTION | {"options": ["Yes", "yes"]}}}, "'yes' stands for two things"),
        (BOOK | {"refusals": ["no"]}, "'No' stands for two things"),
        (BOOK | {"questions": {"q": QUESTION | {"positions": [1]}}}, "1 positions for 2 options"),
        (
            BOOK | {"questions": {"q": QUESTION | {"positions": [1, 2], "ordinal": False}}},
            "positions and `ordinal: false`",
        ),
    ],
)
def test_a_malformed_codebook_is_named_in_one_sentence(tmp_path: Path, codebook: Mapping[str, Any], says: str) -> None:
    with pytest.raises(SurveyError, match=says) as caught:
        read(tmp_path / "t.csv", "id,q\na,Yes\n", codebook)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("t.codebook.yaml", "respondent: [", "cannot be read: while parsing"),
        ("t.codebook.yaml", "a: 1\na: 2", "has the key 'a' twice"),
        ("t.codebook.yaml", "just words", "at its content: input should be a valid dictionary"),
        ("t.codebook.json", "{", "cannot be read: Expecting"),
        ("t.codebook.json", '{"a": 1, "a": 2}', "has the key 'a' twice"),
        ("t.codebook.json", "[" * 100_000, "nested too deeply"),
        ("t.codebook.yaml", "[" * 5_000, "nested too deeply"),
        ("t.codebook.yaml", "a: !!int ''", "does not fit its tag"),
        ("t.codebook.yaml", "a: !!bool perhaps", "does not fit its tag"),
        ("t.codebook.yaml", "a: !!map [b]", "something else than a word before a colon in line 1"),
        ("t.codebook.yaml", "? [a, b]\n: c", "something else than a word before a colon in line 1"),
        (
            "t.codebook.yaml",
            'respondent: id\nquestions: {q: {text: "\\ud800"}}',
            r"holds '\\ud800', half of a character",
        ),
        ("t.codebook.yaml", "a: &a [b]\nb: &c [*a, *c]", "aliases that repeat"),
    ],
)
def test_an_unreadable_codebook(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / "t.csv").write_text("id,q\na,Yes\n")
    with pytest.raises(SurveyError, match=says):
        read_survey(tmp_path / "t.csv")


WEIGHTED = BOOK | {"weight": "w"}
LONG = BOOK | {"layout": "long", "traits": ["age"]}


@pytest.mark.parametrize(
    ("text", "codebook", "says"),
    [
        ("id,q\na,Perhaps\nb,Perhaps\n", BOOK, r"'q': 2 row\(s\) hold 'Perhaps'.*\('Yes', 'No'\)"),
        ('id,q\na,"Yes, No"\n', BOOK, "if it lists several that were ticked, give `multiple`"),
        ("id,q\na,Yes\na,No\n", BOOK | {"traits": ["q"]}, "more than once, first 'a'"),
        ("id,q\na,Yes\n,No\n", BOOK, "row 2 has no respondent id in column 'id'"),
        ("id,p\na,Yes\n", BOOK, r"lacks the column 'q' named in the codebook: its columns are id, p"),
        ("id,q,q\na,Yes,No\n", BOOK, "has the column 'q' twice"),
        ("id,q\na,Yes,No\n", BOOK, r"row 1 \(line 2 of the file\) has 3 cell\(s\) where the header names 2"),
        ("id,q\na,Yes\n\nb\n", BOOK, r"row 2 \(line 4 of the file\) has 1 cell\(s\) where the header names 2"),
        ('id,q\n"a\nb",Yes\nb', BOOK, r"row 2 \(line 4 of the file\) has 1 cell"),
        ("id,q\nann,Yes\nann ,No\n", BOOK, "more than once, first 'ann'"),
        ("id,q\nann,Yes\n \t,No\n", BOOK, "row 2 has no respondent id"),
        ("", BOOK, "is empty"),
        ("id,q\n", BOOK, "has columns but no rows"),
        ("id,q,w\na,Yes,-1\n", WEIGHTED, r"respondent 'a' has weight '-1'"),
        ("id,q,w\na,Yes,1\nb,No,\n", WEIGHTED, "respondent 'b' has no weight"),
        ("id,q,w\na,Yes,heavy\n", WEIGHTED, "respondent 'a' has weight 'heavy'"),
        ("id,q,w\na,Yes,0\n", WEIGHTED, "all weights are 0"),
        ("id,question,answer,age\na,q,Yes,1\na,q,No,1\n", LONG, "'a' has more than one answer"),
        ("id,question,answer,age\na,q,Yes,1\na,r,No,1\n", LONG, r"1 row\(s\): unknown question 'r'"),
        ("id,question,answer,age\na,q,Yes,1\na,q,,2\n", LONG, "'a' has 2 different values of 'age'"),
        ("id,q,age\na,Yes,1\n", LONG, "lacks the column 'question' and 1 more.*if the table is wide"),
    ],
)
def test_a_table_that_does_not_fit(tmp_path: Path, text: str, codebook: Mapping[str, Any], says: str) -> None:
    with pytest.raises(SurveyError, match=says):
        read(tmp_path / "t.csv", text, codebook)


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_text(WIDE)
    with pytest.raises(SurveyError, match="cannot be read as a table"):
        read_survey(tmp_path / "t.parquet", codebook=BOOK)


def test_white_space_around_an_id_makes_nobody_else(tmp_path: Path) -> None:
    long = BOOK | {"layout": "long"} | {"questions": dict.fromkeys("qr", BOOK["questions"]["q"])}
    survey = read(tmp_path / "t.csv", "id,question,answer\nann,q,Yes\nann ,r,No\n", long)
    assert survey.respondents == ("ann",)
    assert given(survey) == {("ann", "q", "Yes"), ("ann", "r", "No")}


def test_an_empty_last_cell_is_no_answer(tmp_path: Path) -> None:
    survey = read(tmp_path / "t.csv", "id,q\na,\nb,Yes\n\n")
    assert (survey.respondents, given(survey)) == (("a", "b"), {("b", "q", "Yes")})


@pytest.mark.parametrize("cell", ["-0", "-0.0", "-0.00", "0", "0.0"])
def test_minus_zero_is_zero(tmp_path: Path, cell: str) -> None:
    coded = BOOK | {"questions": {"q": {"text": "Well?", "options": {0: "No", 1: "Yes"}}}}
    assert given(read(tmp_path / "t.csv", f"id,q\na,{cell}\n", coded)) == {("a", "q", "No")}
    numbers = BOOK | {"questions": {"q": {"text": "Well?", "scale": {"low": -0.0, "high": 1}}}}
    assert given(read(tmp_path / "t.csv", f"id,q\na,{cell}\n", numbers)) == {("a", "q", "0")}


def test_aliases_that_multiply_are_refused_before_they_are_followed(tmp_path: Path) -> None:
    """Each of ten lists repeats the one before nine times: 333 bytes that stand for 10^9 values."""
    lists = [
        "a0: &a0 [x, x, x, x, x, x, x, x, x]",
        *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)),
    ]
    (tmp_path / "t.codebook.yaml").write_text("\n".join(lists))
    (tmp_path / "t.csv").write_text("id,q\na,Yes\n")
    with pytest.raises(SurveyError, match="aliases that repeat more than 1000000 values"):
        read_survey(tmp_path / "t.csv")


def test_anchors_and_merge_keys_save_writing(tmp_path: Path) -> None:
    book = """\
respondent: id
questions:
  p: &same {text: First, options: [Yes, No], topic: tea}
  q:
    <<: *same
    text: Second?
"""
    (tmp_path / "t.codebook.yaml").write_text(book)
    (tmp_path / "t.csv").write_text("id,p,q\na,Yes,No\n")
    survey = read_survey(tmp_path / "t.csv")
    assert given(survey) == {("a", "p", "Yes"), ("a", "q", "No")}
    assert [(question.text, question.topic) for question in survey.questions] == [("First", "tea"), ("Second?", "tea")]


def test_parquet_made_by_anybody(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    frame = pd.DataFrame({"q": ["Yes", "No"], 7: [[1], [2]]}, index=pd.Index(["a", "b"], name="id"))
    pq.write_table(pa.Table.from_pandas(frame), path)
    assert given(read_survey(path, codebook=BOOK)) == {("a", "q", "Yes"), ("b", "q", "No")}
    pq.write_table(pa.table({"id": ["a"], "q": [[1]]}), path)
    with pytest.raises(SurveyError, match=r"'q': 1 row\(s\) hold '1', which is none of its options"):
        read_survey(path, codebook=BOOK)
    pq.write_table(pa.table({"id": ["a"], "q": ["Yes"]}).replace_schema_metadata({"pandas": "[1"}), path)
    assert len(read_survey(path, codebook=BOOK).answers) == 1
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["Yes"]), pa.array(["No"])], ["id", "q", "q"]), path)
    with pytest.raises(SurveyError, match="has the column 'q' twice"):
        read_survey(path, codebook=BOOK)
    pq.write_table(pa.table({"id": ["a"], "q": pa.array([b"\xff"]).view(pa.string())}), path)
    with pytest.raises(SurveyError, match="Invalid UTF8"):
        read_survey(path, codebook=BOOK)


def test_whole_numbers_stay_whole_where_some_are_missing(tmp_path: Path) -> None:
    big = 2**53 + 1
    pq.write_table(pa.table({"id": ["a", "b"], "q": pa.array([big, None])}), tmp_path / "t.parquet")
    coded = BOOK | {"questions": {"q": {"text": "Well?", "options": {str(big): "Yes", str(big - 1): "No"}}}}
    assert given(read_survey(tmp_path / "t.parquet", codebook=coded)) == {("a", "q", "Yes")}


def test_a_damaged_gzip_is_one_error(tmp_path: Path) -> None:
    whole = gzip.compress(b"id,q\na,Yes\n" * 50)
    for at in (len(whole) // 2, 4, 12):
        (tmp_path / "t.csv.gz").write_bytes(whole[:at])
        with pytest.raises(SurveyError, match="cannot be read as a table"):
            read_survey(tmp_path / "t.csv.gz", codebook=BOOK)


def test_an_error_shows_no_novel(tmp_path: Path) -> None:
    options = [f"{n} {'x' * 500}" for n in range(50)]
    book = BOOK | {"questions": {"q": {"text": "Well?", "options": options}}}
    with pytest.raises(SurveyError, match="and 38 more") as raised:
        read(tmp_path / "t.csv", f"id,q\na,\x1b{'y' * 20_000}\n", book)
    assert len(str(raised.value)) < 900
    assert "\x1b" not in str(raised.value)
