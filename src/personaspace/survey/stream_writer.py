"""Save a survey block by block, in the format of :mod:`personaspace.survey.storage`."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from personaspace.errors import RunError, SurveyError
from personaspace.files import write_json
from personaspace.survey.question import Question
from personaspace.survey.storage import ANSWERS, QUESTIONS, RESPONDENTS, answer_table, header, respondent_table
from personaspace.survey.survey import Survey


class SurveyWriter:
    """Writer of a survey that is larger than memory, block by block of respondents.

    The folder holds the whole survey once the ``with`` block has ended without an error, and what it held before until
    then.

    Args:
        folder: Made if missing; a survey already there is replaced.
        questions: Those of every block.
        name: How the survey is called.
        simulated: True where the answers are simulated.

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
        self._traits: tuple[dict[Hashable, Any], Mapping[str, str]] | None = None  # types and labels
        self._files: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._files:
                self._finish()
        finally:
            for name, file in self._files.items():
                with suppress(OSError, pa.ArrowException):
                    file.close()
                self._temporary(name).unlink(missing_ok=True)
            self._temporary(QUESTIONS).unlink(missing_ok=True)

    def write(self, block: Survey) -> None:
        """Add respondents; their answers become one row group, so a block should have about a million.

        Args:
            block: New respondents with their answers to the questions, ascending by respondent.

        Raises:
            SurveyError: The block has other questions, other traits or another order of their values, or weights where
                those before had none.
            RunError: The folder cannot be written.
        """
        if block.questions != self.questions:
            raise SurveyError("the block has other questions than the survey being written: give it the same, in order")
        traits = block.traits.dtypes.to_dict(), block.trait_labels
        self._traits = self._traits or traits
        if traits != self._traits:
            raise SurveyError(
                "the block's respondents have other traits than those before, other labels of them, or their values in "
                "another order: give every block the same traits, and weights to all blocks or to none"
            )
        answers = answer_table(block)
        answers["respondent"] += self._written
        for name, table in ((RESPONDENTS, respondent_table(block)), (ANSWERS, answers)):
            rows = pa.Table.from_pandas(table, preserve_index=False)
            with self._writing(name):
                self._open(name, rows.schema).write_table(rows, row_group_size=max(len(table), 1))
        self._written += len(block.respondents)

    def _open(self, name: str, schema: pa.Schema) -> pq.ParquetWriter:
        if name not in self._files:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._files[name] = pq.ParquetWriter(self._temporary(name), schema)
        expected = self._files[name].schema
        if not schema.equals(expected):
            raise SurveyError(
                f"the block's respondents have the columns {schema.names}, those before had {expected.names}: "
                "give weights to all blocks or to none"
            )
        return self._files[name]

    def _finish(self) -> None:
        """Move all files into place; without questions.json meanwhile, so that no half of a survey can be read."""
        for name, file in self._files.items():
            with self._writing(name):
                file.close()
        labels = self._traits[1] if self._traits else {}
        write_json(self._temporary(QUESTIONS), header(self.questions, self.name, self.simulated, labels))
        with self._writing(QUESTIONS):
            (self.folder / QUESTIONS).unlink(missing_ok=True)
        for name in (*self._files, QUESTIONS):
            with self._writing(name):
                self._temporary(name).replace(self.folder / name)

    @contextmanager
    def _writing(self, name: str) -> Iterator[None]:
        """Name the file where one cannot be written."""
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            reason = getattr(error, "strerror", None) or error
            raise RunError(f"cannot write {self.folder / name}: {reason}; free some space and write again") from error

    def _temporary(self, name: str) -> Path:
        return self.folder / f".{name}.{os.getpid()}.tmp"
