"""Read parquet files, which may be damaged or made by anybody, as Arrow tables and as pandas tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from personaspace.errors import SurveyError, escaped, first_fault, shown
from personaspace.survey.question import repeated

INTEGERS = {
    getattr(pa, f"{sign}int{bits}")(): getattr(pd, f"{sign.title()}Int{bits}Dtype")()
    for sign in ("", "u") for bits in (8, 16, 32, 64)
}  # fmt: skip
"""Whole numbers stay whole where some are missing."""

DAMAGED = (OSError, EOFError, ValueError, TypeError, LookupError, OverflowError, MemoryError, pa.ArrowException)
"""What pyarrow and pandas raise on parquet files that are damaged or do not hold what they say."""


def read_parquet(path: Path) -> pa.Table:
    """Read a parquet file whole, its texts checked to be UTF-8.

    Raises:
        SurveyError: It is missing, damaged or has a column twice.
    """
    try:
        with pq.ParquetFile(path) as file:
            table = file.read()
        table.validate(full=True)
    except DAMAGED as error:
        raise SurveyError(f"{path} cannot be read as a table: {first_fault(error)}") from error
    if twice := repeated(table.column_names):
        raise SurveyError(f"{path} has the column {shown(twice[0])} twice: rename one of them")
    return table


def to_frame(path: Path, table: pa.Table) -> pd.DataFrame:
    """A table as pandas knows it; an index that pandas has saved is a column like any other.

    Args:
        path: The file, for messages.
        table: Columns of single values.

    Raises:
        SurveyError: A column holds lists or the like, or values that pandas has no place for.
    """
    for field in table.schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_nested(kind):
            raise SurveyError(f"{path}: column {shown(field.name)} holds {escaped(str(kind), 60)}, not single values")
    try:
        frame: pd.DataFrame = table.replace_schema_metadata().to_pandas(types_mapper=INTEGERS.get)
    except DAMAGED as error:
        raise SurveyError(f"{path} cannot be read as a table: {first_fault(error)}") from error
    return frame
