from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from personaspace.survey.readers.formats.registry import open_table
from personaspace.survey.readers.registry import read_survey


def test_columns_of_every_kind(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": ["a", "b"],
            "ticked": [["TV", "News sites, apps"], None],
            "none": [[], [1, 2]],
            "few": pa.array([1, None], pa.int64()),
            "yes": [True, None],
            "day": [datetime.datetime(2020, 1, 1), None],
            "at": [datetime.datetime(2020, 1, 1, 9, 30), None],
            "record": [{"x": 1}, {"x": 2}],
            "bytes": [b"\xff", b""],
            "nested": [[{"x": 1}], []],
            "1": [-0.0, 2.5],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    opened = open_table(tmp_path / "t.parquet")
    read = {name: [None if pd.isna(c) else c for c in column.cells] for name, column in opened.columns.items()}
    assert read == {
        "id": ["a", "b"],
        "ticked": ["TV; News sites, apps", None],
        "none": [";", "1; 2"],
        "few": [1, None],
        "yes": ["True", None],
        "day": ["2020-01-01", None],
        "at": ["2020-01-01T09:30:00", None],
        "1": [0.0, 2.5],
    }
    assert opened.notes == (
        "3 column(s) hold records or bytes and were left out: 'record', 'bytes', 'nested'",
        "the lists in 'ticked', 'none' are read as one cell each, '; ' between their items",
    )


def test_an_index_that_pandas_saved_is_a_column(tmp_path: Path) -> None:
    pd.DataFrame({"q": ["x", "y"]}, index=pd.Index(["a", "b"], name="id")).to_parquet(tmp_path / "t.parquet")
    assert open_table(tmp_path / "t.parquet").columns["id"].cells.tolist() == ["a", "b"]


def test_an_ordered_categorical_says_the_order_of_its_labels(tmp_path: Path) -> None:
    order = ["Never", "Sometimes", "Always"]
    frame = pd.DataFrame({"q": pd.Categorical(["Always", "Never"], order, ordered=True)})
    frame["r"] = frame["q"].astype(str).astype("category")
    frame.to_parquet(tmp_path / "t.parquet")
    columns = open_table(tmp_path / "t.parquet").columns
    assert list(columns["q"].labels.items()) == [(text, text) for text in order]
    assert columns["r"].labels == {}
    assert columns["r"].cells.tolist() == ["Always", "Never"]


def test_a_list_column_is_read_as_boxes_and_an_empty_list_ticks_none(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["a", "b", "c"], "q": [["TV", "News, apps"], [], None]}), tmp_path / "t.parquet")
    boxes = {"column": "q", "separator": ";", "options": ["TV", "News, apps"]}
    survey = read_survey(tmp_path / "t.parquet", {"respondent": "id", "questions": {"q": {"multiple": boxes}}})
    assert survey.option_counts().tolist() == [1, 1, 1, 1]
