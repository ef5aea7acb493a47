"""Writing a survey block by block, in the format of :mod:`personaspace.survey.storage`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from personaspace.errors import RunError, SurveyError
from personaspace.survey.question import Question
from personaspace.survey.storage import ANSWERS, RESPONDENTS, answer_table, respondent_table, write_about
from personaspace.survey.survey import Survey


class SurveyWriter:
    """Writes blocks of respondents; the survey stands in its folder, whole, when the ``with`` block ends well.

    Args:
        folder: Made if missing; a survey already there is replaced.
        questions: Those of every block.
        name: How the survey is called.
        simulated: Whether nobody real answered.

    Example:
        >>> import tempfile
        >>> from personaspace.survey.simulate import simulate
        >>> from personaspace.survey.storage import load_survey
        >>> survey, folder = simulate(respondents=50), tempfile.mkdtemp()
        >>> with SurveyWriter(folder, survey.questions, survey.name, simulated=True) as writer:
        ...     for rows in (range(20), range(20, 50)):
        ...         writer.write(survey.select(list(rows)))
        >>> load_survey(folder).respondents == survey.respondents
        True
    """

    def __init__(self, folder: str | Path, questions: Sequence[Question], name: str, simulated: bool = False) -> None:
        self.folder, self.questions, self.name, self.simulated = Path(folder), tuple(questions), name, simulated
        self._written = 0
        self._files: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()
        if kind is None and self._files:
            write_about(self.folder, self.questions, self.name, self.simulated)
            for name in self._files:
                self._temporary(name).replace(self.folder / name)
        for name in self._files:
            self._temporary(name).unlink(missing_ok=True)

    def write(self, block: Survey) -> None:
        """Add respondents; their answers become one row group, so a block should have about a million.

        Args:
            block: New respondents with their answers to the questions, ascending by respondent.

        Raises:
            SurveyError: The block has other questions.
            RunError: The folder cannot be written.
        """
        if block.questions != self.questions:
            raise SurveyError("the block has other questions than the survey being written: give it the same, in order")
        answers = answer_table(block)
        answers["respondent"] += self._written
        for name, table in ((RESPONDENTS, respondent_table(block)), (ANSWERS, answers)):
            rows = pa.Table.from_pandas(table, preserve_index=False)
            self._open(name, rows.schema).write_table(rows, row_group_size=max(len(table), 1))
        self._written += len(block.respondents)

    def _open(self, name: str, schema: pa.Schema) -> pq.ParquetWriter:
        if name not in self._files:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._files[name] = pq.ParquetWriter(self._temporary(name), schema)
            except OSError as error:
                raise RunError(f"cannot write {self.folder / name}: {error.strerror or error}") from error
        return self._files[name]

    def _temporary(self, name: str) -> Path:
        return self.folder / f".{name}.{os.getpid()}.tmp"
