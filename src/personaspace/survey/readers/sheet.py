"""CSV and parquet tables read cell by cell, and copied with some cells changed and rows added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from personaspace.files import write_atomically
from personaspace.survey.parquet import read_parquet
from personaspace.survey.readers.csv_file import read_csv, write_csv_with

Cells = Mapping[tuple[int, str], Any]
Rows = Sequence[Mapping[str, Any]]


class CsvSheet:
    """A CSV file; its cells are text."""

    def __init__(self, path: Path, delimiter: str | None = None, encoding: str | None = None) -> None:
        self.path, self.delimiter, self.encoding = path, delimiter, encoding
        self.frame = read_csv(path, delimiter, encoding)

    def native(self, _: str, text: str) -> str:
        """A text as a cell of the column."""
        return text

    def write(self, target: Path, cells: Cells, more: Rows = ()) -> Path:
        """Write a copy; numbers in at most ten digits.

        Args:
            target: Path of the copy without suffix.
            cells: The cells to replace, by row and column.
            more: Rows to add, cells by column.
        """
        ending = self.path.suffixes[-2:] if self.path.suffix.lower() == ".gz" else [self.path.suffix]
        path = target.with_name(target.name + "".join(ending))
        texts = {where: _text(cell) for where, cell in cells.items()}
        added = [{name: _text(cell) for name, cell in row.items()} for row in more]
        write_csv_with(self.path, path, len(self.frame), texts, added, self.delimiter, self.encoding)
        return path


class ParquetSheet:
    """A parquet file; its cells are of their column's type."""

    def __init__(self, path: Path) -> None:
        self.table = read_parquet(path)
        columns = {name: pd.Series(self.table[name].to_pylist(), dtype=object) for name in self.table.column_names}
        self.frame = pd.DataFrame(columns)

    def native(self, column: str, text: str) -> Any:
        """A text as a cell of the column."""
        kind = self.table.schema.field(column).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        return pa.array([text]).cast(kind)[0].as_py()

    def write(self, target: Path, cells: Cells, more: Rows = ()) -> Path:
        """Write a copy with the same columns and types; see :meth:`CsvSheet.write`."""
        path, table = target.with_name(target.name + ".parquet"), self.table
        by_column: dict[str, list[tuple[int, Any]]] = {}
        for (row, column), cell in cells.items():
            by_column.setdefault(column, []).append((row, cell))
        for at, field in enumerate(table.schema):
            if field.name in by_column:
                values = table[field.name].to_pylist()
                for row, cell in by_column[field.name]:
                    values[row] = cell
                table = table.set_column(at, field, pa.array(values, field.type))
        if more:
            added = {f.name: pa.array([row.get(f.name) for row in more], f.type) for f in table.schema}
            table = pa.concat_tables([table, pa.table(added, schema=table.schema)])
        write_atomically(path, lambda temporary: pq.write_table(table, temporary))
        return path


def _text(cell: Any) -> str:
    return f"{cell:.10g}" if isinstance(cell, float) else "" if cell is None or cell is pd.NA else str(cell)
