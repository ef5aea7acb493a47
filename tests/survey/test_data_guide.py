"""The examples of docs/data.md do what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from personaspace.survey.readers.registry import read_survey

GUIDE = Path(__file__).parents[2] / "docs" / "data.md"
EXAMPLES = re.findall(r"```csv\n(.*?)```.*?```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize(("example", "answers"), list(zip(EXAMPLES, [4, 2], strict=True)), ids=["wide", "long"])
def test_an_example_reads(example: tuple[str, str], answers: int, tmp_path: Path) -> None:
    table, codebook = example
    (tmp_path / "answers.csv").write_text(table)
    (tmp_path / "answers.codebook.yaml").write_text(codebook)
    survey = read_survey(tmp_path / "answers.csv")
    assert survey.respondents == ("001", "002", "003")
    assert (len(survey.answers), len(survey.refusals)) == (answers, 1)
