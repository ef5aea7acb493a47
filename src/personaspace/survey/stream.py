"""Read a survey in blocks of respondents: a saved one that is larger than memory, or one in memory in random order.

:class:`SurveyStream` and :class:`SurveyBlocks` offer the same ``blocks``, ``questions``, ``offsets`` and ``weights``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from personaspace.errors import RunError, first_fault
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.parquet import DAMAGED
from personaspace.survey.question import offsets_of
from personaspace.survey.storage import ANSWERS, RESPONDENTS, answers_and_refusals_in, read_header, survey_folder
from personaspace.survey.survey import Survey


class Block(Survey):
    """A part of a survey: unlike the whole, it may be one of respondents who all have weight 0."""

    zero_weights_allowed: ClassVar[bool] = True


class SurveyStream:
    """A saved survey, read block by block: every id is in memory, but the answers of one block only.

    A block holds the respondents of one row group of answers.parquet, about a million answers as this package writes
    them; a respondent whose answers are cut by the end of a row group is read whole.

    Args:
        folder: A survey that :func:`personaspace.survey.storage.write_survey` or
            :class:`personaspace.survey.stream_writer.SurveyWriter` wrote.

    Attributes:
        respondents: Ids.
        questions: Questions.
        weights: Survey weights, shape ``[respondents]``, or ``None``.
        name: How the survey is called.
        simulated: True where the answers are simulated.

    Raises:
        RunError: A file is missing, damaged, of another format or not sorted by respondent.

    Example:
        >>> import tempfile
        >>> from personaspace.survey.simulate import simulate
        >>> from personaspace.survey.storage import write_survey
        >>> folder = tempfile.mkdtemp()
        >>> write_survey(simulate(respondents=50), folder)
        >>> [len(block.respondents) for block in SurveyStream(folder).blocks()]
        [50]
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        header = read_header(self.folder)
        try:
            self.name, self.simulated, self.questions = header.name, header.simulated, header.questions
            self._file = pq.ParquetFile(self.folder / ANSWERS)
            people = pq.ParquetFile(self.folder / RESPONDENTS)
            columns = [name for name in ("id", "weight") if name in people.schema_arrow.names]
            table = people.read(columns)
            self.respondents = tuple(table["id"].to_pylist())
            if not all(isinstance(name, str) for name in self.respondents):
                raise ValueError("a respondent's id is no text")
            self.weights: FloatArray | None = None
            if "weight" in columns:
                self.weights = table["weight"].to_numpy().astype(np.float64)
            if self.weights is not None and len(self.weights) and not self.weights.any():
                raise ValueError("all weights are 0")
            self._firsts, self._starts = self._read_bounds()
        except RunError:
            raise
        except DAMAGED as error:
            raise RunError(f"{folder} does not hold a whole survey ({first_fault(error)}): write it again") from error

    def __repr__(self) -> str:
        return (
            f"SurveyStream({self.name!r}: {len(self.respondents)} respondents, {len(self.questions)} questions, "
            f"{self._file.metadata.num_rows} answers and refusals in {self._file.num_row_groups} row groups)"
        )

    def __len__(self) -> int:
        """The number of blocks."""
        return len(self._spans)

    @cached_property
    def offsets(self) -> IntArray:
        """Start of each question's options in one running count, shape ``[questions + 1]``."""
        return offsets_of(self.questions)

    def blocks(self, order: npt.ArrayLike | None = None) -> Iterator[Block]:
        """The survey in parts, every respondent in exactly one, without traits.

        Args:
            order: Which blocks, such as a permutation of ``range(len(stream))``; all in sequence where not given.

        Yields:
            A part of the survey with all the questions.

        Raises:
            RunError: The answers of a block are damaged or not sorted by respondent.
        """
        for number in range(len(self)) if order is None else np.asarray(order):
            try:
                block = self._block(*self._spans[number])
            except RunError:
                raise
            except DAMAGED as error:
                raise RunError(f"{self.folder / ANSWERS} is damaged ({first_fault(error)}): write it again") from error
            yield block

    @cached_property
    def _spans(self) -> list[tuple[int, int, int]]:
        """First row group, first respondent and end of every block."""
        ends = [*self._starts[1:], len(self.respondents)]
        spans = [(group, start, end) for group, (start, end) in enumerate(zip(self._starts, ends, strict=True))]
        return [span for span in spans if span[1] < span[2]]

    def _read_bounds(self) -> tuple[list[int], list[int]]:
        """For each row group the respondent it begins with, and the first one whose answers all lie from there on."""
        metadata = self._file.metadata
        column = self._file.schema_arrow.names.index("respondent")
        firsts: list[int] = []
        starts: list[int] = []
        last = -1
        for group in range(metadata.num_row_groups):
            statistics = metadata.row_group(group).column(column).statistics
            if statistics is None or not statistics.has_min_max or statistics.min < last:
                raise self._unsorted()
            firsts.append(statistics.min)
            starts.append(0 if not group else max(starts[-1], statistics.min + (statistics.min == last)))
            last = statistics.max
        if last >= len(self.respondents):
            raise ValueError(f"answers of respondent {last}, but only {len(self.respondents)} respondents")
        return firsts or [0], starts or [0]

    def _block(self, group: int, start: int, end: int) -> Block:
        parts = []
        while group < self._file.num_row_groups and self._firsts[group] < end:
            parts.append(self._file.read_row_group(group).to_pandas())
            group += 1
        table = pd.concat(parts) if parts else pd.DataFrame({"respondent": [], "question": [], "option": []})
        rows = table["respondent"].to_numpy(np.int64)
        if (np.diff(rows) < 0).any():
            raise self._unsorted()
        table = table.assign(respondent=rows - start).iloc[slice(*np.searchsorted(rows, [start, end]))]
        answers, refusals = answers_and_refusals_in(table)
        return Block(
            respondents=self.respondents[start:end],
            questions=self.questions,
            answers=answers,
            weights=None if self.weights is None else self.weights[start:end],
            refusals=refusals,
            name=self.name,
            simulated=self.simulated,
        )

    def _unsorted(self) -> RunError:
        return RunError(
            f"{self.folder / ANSWERS} is not sorted by respondent, so it cannot be read in blocks: load it with "
            "read_survey, bring it in order with survey.with_answers(survey.answers.respondent.argsort(kind='stable')) "
            "and write it again"
        )


def open_survey(folder: str | Path) -> SurveyStream:
    """Open a saved survey, or the survey of a run, to be read block by block.

    Args:
        folder: The folder with questions.json, answers.parquet and respondents.parquet, or the run with it.

    Returns:
        The stream; :meth:`personaspace.embedding.lightgcn.model.LightGCN.fit` takes it in place of a survey.

    Raises:
        RunError: A file is missing, damaged, of another format or not sorted by respondent.
    """
    return SurveyStream(survey_folder(Path(folder)))


class SurveyBlocks:
    """A survey in memory, cut into blocks of about equal size, each a random sample of the respondents.

    Args:
        survey: Any with respondents.
        size: About how many respondents a block has.
        seed: The same seed gives the same blocks.

    Attributes:
        order: Row in the survey of every respondent, block by block; shape ``[respondents]``.
        weights: Survey weights in that order, or ``None``.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> blocks = SurveyBlocks(simulate(respondents=50), size=20)
        >>> [len(block.respondents) for block in blocks.blocks()]
        [16, 17, 17]
    """

    def __init__(self, survey: Survey, size: int, seed: int = 0) -> None:
        self.order = np.random.default_rng(seed).permutation(len(survey.respondents))
        self.respondents = tuple(survey.respondents[row] for row in self.order)
        self.questions, self.offsets = survey.questions, survey.offsets
        place = np.empty_like(self.order)
        place[self.order] = np.arange(len(place))
        moved = replace(survey.answers, respondent=place[survey.answers.respondent])
        self._answers = moved.where(np.argsort(moved.respondent, kind="stable"))
        self.weights = None if survey.weights is None else survey.weights[self.order]
        number = -(-len(place) // size)
        self._bounds: IntArray = np.arange(number + 1) * len(place) // number

    def __len__(self) -> int:
        """The number of blocks."""
        return len(self._bounds) - 1

    def rows(self, number: int) -> IntArray:
        """The rows in the survey of a block's respondents."""
        return self.order[slice(*self._bounds[number : number + 2])]

    def blocks(self, order: npt.ArrayLike | None = None) -> Iterator[Block]:
        """The blocks, without traits and refusals; see :meth:`SurveyStream.blocks`."""
        for number in range(len(self)) if order is None else np.asarray(order):
            start, end = self._bounds[number : number + 2]
            here = slice(*np.searchsorted(self._answers.respondent, [start, end]))
            answers = self._answers.where(np.arange(here.start, here.stop))
            yield Block(
                self.respondents[start:end],
                self.questions,
                replace(answers, respondent=answers.respondent - start),
                weights=None if self.weights is None else self.weights[start:end],
            )
