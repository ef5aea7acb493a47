"""A saved survey read block by block, for surveys that are larger than memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from personaspace.errors import RunError
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.question import Question, offsets_of
from personaspace.survey.storage import ANSWERS, RESPONDENTS, read_about
from personaspace.survey.survey import Survey


class Block(Survey):
    """A part of a survey; unlike the whole, it may be one of respondents who all have weight 0."""

    def _check_somebody_counts(self, weights: FloatArray) -> None:
        pass


class SurveyBlocks:
    """Blocks of about equal size, each a random sample of the respondents.

    Args:
        survey: Any with respondents.
        size: Respondents of a block, about.
        seed: Of who is in which block.

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

    def blocks(self, order: npt.ArrayLike | None = None) -> Iterator[Block]:
        """The blocks, without traits and refusals; see :meth:`personaspace.survey.stream.SurveyStream.blocks`."""
        for number in range(len(self)) if order is None else np.asarray(order):
            start, end = self._bounds[number : number + 2]
            here = slice(*np.searchsorted(self._answers.respondent, [start, end]))
            answers = self._answers.where(np.arange(here.start, here.stop))
            yield Block(
                self.respondents[start:end],
                self.questions,
                replace(answers, respondent=answers.respondent - start),
                weights=None if self.weights is None else self.weights[start:end],
                refusals=Pairs.empty(),
            )


class SurveyStream:
    """A saved survey of which one block of respondents is in memory at a time, and every respondent's id.

    A block is what one row group of answers.parquet holds, about a million answers as this package writes them; a
    respondent whose answers are cut by the end of a row group is read whole.

    Args:
        folder: A survey that :func:`personaspace.survey.storage.write_survey` or
            :class:`personaspace.survey.stream_writer.SurveyWriter` wrote.

    Attributes:
        respondents: Ids.
        questions: Questions.
        weights: Survey weights, shape ``[respondents]``, or ``None``.
        name: How the survey is called.
        simulated: Whether nobody real answered.

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
        about = read_about(self.folder)
        try:
            self.name, self.simulated = str(about["name"]), bool(about["simulated"])
            self.questions = tuple(Question.from_json(entry) for entry in about["questions"])
            self._file = pq.ParquetFile(self.folder / ANSWERS)
            people = pq.ParquetFile(self.folder / RESPONDENTS)
            columns = [name for name in ("id", "weight") if name in people.schema_arrow.names]
            table = people.read(columns)
            self.respondents = tuple(table["id"].to_pylist())
            self.weights: FloatArray | None = table["weight"].to_numpy() if "weight" in columns else None
            if self.weights is not None and len(self.weights) and not self.weights.any():
                raise ValueError("all weights are 0")
            self._firsts, self._starts = self._read_bounds()
        except RunError:
            raise
        except (OSError, KeyError, TypeError, ValueError, pa.ArrowException) as error:
            raise RunError(f"{folder} does not hold a whole survey ({error}): write it again") from error

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
            RunError: The answers of a block are not sorted by respondent.
        """
        for number in range(len(self)) if order is None else np.asarray(order):
            yield self._block(*self._spans[number])

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
        table, rows = table.iloc[here := slice(*np.searchsorted(rows, [start, end]))], rows[here] - start
        refused, columns = table["option"].isna().to_numpy(), table["question"].to_numpy(np.int64)
        values = table["value"][~refused].to_numpy(np.float64) if "value" in table else np.empty(0)
        options = table["option"][~refused].to_numpy(np.int64)
        return Block(
            respondents=self.respondents[start:end],
            questions=self.questions,
            answers=Answers(rows[~refused], columns[~refused], options, values),
            weights=None if self.weights is None else self.weights[start:end],
            refusals=Pairs(rows[refused], columns[refused]),
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
    inside = Path(folder) / "survey"
    return SurveyStream(inside if inside.is_dir() else folder)
