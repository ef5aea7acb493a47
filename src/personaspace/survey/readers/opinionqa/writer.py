"""Copies of OpinionQA's waves, blanks filled for the respondents each wave has: the same files per wave."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from personaspace.files import write_atomically
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import BoolArray
from personaspace.survey.lookup import NOWHERE, index_of, positions
from personaspace.survey.readers.coding import Coding
from personaspace.survey.readers.columns import plain_id
from personaspace.survey.readers.sheet import CsvSheet
from personaspace.survey.readers.writer import SourceWriter, cells_of
from personaspace.survey.survey import Survey

TOPICS = "topic_mapping.json"
TRAIT_VALUES = "metadata.csv"


class OpinionQAWriter(SourceWriter):
    """Writer of OpinionQA's waves: a folder each, with a row per respondent of the wave.

    Args:
        responses: The responses of every wave.
        key: The column of ids.
        refusal: The cell that means a refusal.
        survey: The survey as the waves were read.
    """

    def __init__(self, responses: list[Path], key: str, refusal: str, survey: Survey) -> None:
        self.survey, self.refusal = survey, refusal
        self.sheets = [CsvSheet(path) for path in responses]
        self.row_of = [positions(survey.respondents, index_of(sheet.frame[key].map(plain_id))) for sheet in self.sheets]
        self.wave_of = np.array(
            [next(w for w, sheet in enumerate(self.sheets) if q.id in sheet.frame) for q in survey.questions], np.int64
        )

    def can_write(self, blanks: Pairs) -> BoolArray:
        """True for respondents who are in the question's wave."""
        rows = np.stack(self.row_of)
        inside: BoolArray = rows[self.wave_of[blanks.question], blanks.respondent] != NOWHERE
        return inside

    def write(self, drawn: Answers, target: Path) -> Path:
        """Write a folder of waves, each with what described it; see :meth:`SourceWriter.write`."""
        for wave, sheet in enumerate(self.sheets):
            folder = target / "human_resp" / sheet.path.parent.name
            part = drawn.where(self.wave_of[drawn.question] == wave)
            sheet.write(folder / "responses", self._cells(wave, part))
            for name in ("info.csv", TRAIT_VALUES):
                if (sheet.path.parent / name).is_file():
                    _copy(sheet.path.parent / name, folder / name)
        topics = self.sheets[0].path.parent.parent / TOPICS
        if topics.is_file():
            _copy(topics, target / "human_resp" / TOPICS)
        return target

    def _cells(self, wave: int, drawn: Answers) -> dict[tuple[int, str], str]:
        cells: dict[tuple[int, str], str] = {}
        for j, part in drawn.by_question():
            question = self.survey.questions[j]
            column = self.sheets[wave].frame[question.id]
            coded = Coding.of(question, refusals=[self.refusal]).encode(column)
            written = cells_of(question, part, column, coded, [option.text for option in question.options])
            rows = self.row_of[wave][part.respondent].tolist()
            cells |= {(row, question.id): cell for row, cell in zip(rows, written, strict=True)}
        return cells


def _copy(source: Path, target: Path) -> None:
    write_atomically(target, lambda path: path.write_bytes(source.read_bytes()))
