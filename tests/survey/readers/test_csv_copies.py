"""Text files with blanks filled come back in their own encoding, with their delimiter and line ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from personaspace.survey.answers import Answers
from personaspace.survey.readers.registry import read_survey, writer_of

BOOK = {"respondent": "id", "questions": {"q": {"text": "?", "options": ["Schön", "Größer"]}}}
ROWS = "id;q;open\r\n1;Schön;a\r\n2;;über\r\n;;\r\n3;Größer;\r\n"


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter", "said"),
    [
        ("t.csv", "cp1252", ";", {}),
        ("t.tsv", "utf-16", "\t", {}),
        ("T.CSV", "utf-8-sig", ",", {}),
        ("t.txt", "mac_roman", "|", {"encoding": "mac_roman", "delimiter": "|"}),
    ],
)
def test_a_copy_is_as_the_file_was(
    tmp_path: Path, name: str, encoding: str, delimiter: str, said: dict[str, str]
) -> None:
    path, text = tmp_path / name, ROWS.replace(";", delimiter)
    path.write_bytes(text.encode(encoding))
    survey = read_survey(path, BOOK | said)
    writer = writer_of(path, BOOK | said, survey)
    assert writer is not None
    copy = writer.write(Answers(np.array([1]), np.array([0]), np.array([1])), tmp_path / "copy")
    assert copy.name == f"copy{path.suffix}"
    assert copy.read_bytes() == text.replace(f"2{delimiter}", f"2{delimiter}Größer").encode(encoding)


def test_a_file_whose_cells_are_not_read_as_they_stand_has_no_copy_of_its_kind(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id;q;w\n1;Schön;0,5\n2;;1,5\n")
    survey = read_survey(path, BOOK | {"weight": "w"})
    assert survey.weight.tolist() == [0.5, 1.5]
    assert writer_of(path, BOOK | {"weight": "w"}, survey) is None
