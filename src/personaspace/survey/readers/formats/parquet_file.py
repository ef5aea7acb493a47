"""Open parquet files, and pandas tables, as labelled tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa

from personaspace.errors import SurveyError, first_fault, listed, shown
from personaspace.survey.parquet import read_parquet, to_frame
from personaspace.survey.question import repeated
from personaspace.survey.readers.labelled_table import Column, LabelledTable

BETWEEN = "; "
"""What stands between the items of a list, read as one cell."""


def open_parquet(path: Path) -> LabelledTable:
    """Open a parquet file.

    An index that pandas has saved is a column like any other. Dates are written as in ISO 8601, truth values as
    ``True`` and ``False``; the items of a list of texts or numbers become one cell, :data:`BETWEEN` between them.
    Columns with records, mappings or bytes are left out, and a note names them. The categories of an ordered pandas
    categorical are the labels, in their order.

    Args:
        path: The file.

    Raises:
        SurveyError: It is missing, damaged or has a column twice.
    """
    return arrow_table(path, read_parquet(path))


def open_frame(frame: pd.DataFrame) -> LabelledTable:
    """Take a pandas table as a labelled table, as if it had been saved as parquet; see :func:`open_parquet`.

    Args:
        frame: A row per respondent or per answer. An index that does not number the rows is a column like any other;
            one without a name is called ``index``.

    Raises:
        SurveyError: Two columns have one name, or one mixes values that cannot stand in one column.
    """
    path = Path("the table")
    named = frame.rename(columns=str)
    if not isinstance(frame.index, pd.RangeIndex):
        named.insert(0, str(frame.index.name or "index"), frame.index, allow_duplicates=True)
    if twice := repeated(named.columns):
        raise SurveyError(f"{path} has the column {shown(twice[0])} twice: rename one of them")
    try:
        table = pa.Table.from_pandas(named, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise SurveyError(f"{path} mixes values in one column ({first_fault(error)}): make them all text") from error
    return arrow_table(path, table)


def arrow_table(path: Path, table: pa.Table) -> LabelledTable:
    """An Arrow table as a labelled table; ``path`` is for messages."""
    kinds = {field.name: field.type for field in table.schema}
    lists = [name for name, kind in kinds.items() if _is_list(kind) and not _is_odd(kind.value_type)]
    odd = [name for name, kind in kinds.items() if name not in lists and _is_odd(kind)]
    plain = to_frame(path, table.drop_columns([*lists, *odd]))
    notes = [f"{len(odd)} column(s) hold records or bytes and were left out: {listed(odd)}"] if odd else []
    if lists:
        notes.append(f"the lists in {listed(lists)} are read as one cell each, {BETWEEN!r} between their items")
    columns = {}
    for name, kind in kinds.items():
        if name in lists:
            cells = [None if items is None else _one_cell(items) for items in table[name].to_pylist()]
            columns[name] = Column(name, pd.Series(cells, dtype=object))
        elif name not in odd:
            columns[name] = Column(name, _cells(plain[name]), labels=_labels(kind, table[name]))
    return LabelledTable(path, columns, tuple(notes))


def _one_cell(items: list[object]) -> str:
    """The items of a list as one cell; of an empty list only what would stand between them, for it is an answer."""
    return BETWEEN.join(map(str, items)) or BETWEEN.strip()


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _is_odd(kind: pa.DataType) -> bool:
    """Whether values are records, mappings or bytes."""
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    of_bytes = pa.types.is_binary(inner) or pa.types.is_large_binary(inner) or pa.types.is_fixed_size_binary(inner)
    return bool(pa.types.is_nested(inner) or of_bytes)


def _cells(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column
    if pd.api.types.is_datetime64_any_dtype(column):
        midnight = (column.dropna() == column.dropna().dt.normalize()).all()
        column = column.dt.strftime("%Y-%m-%d" if midnight else "%Y-%m-%dT%H:%M:%S")
    texts: pd.Series = column.map(str, na_action="ignore").astype(object)
    return texts


def _labels(kind: pa.DataType, column: pa.ChunkedArray) -> dict[str, str]:
    if not (pa.types.is_dictionary(kind) and kind.ordered and column.num_chunks):
        return {}
    return {str(category): str(category) for category in column.combine_chunks().dictionary.to_pylist()}
