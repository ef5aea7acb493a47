"""Small surveys on disk, one per source."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.survey.sources import write_opinionqa, write_table


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A wide table with a codebook beside it."""
    return write_table(tmp_path)


@pytest.fixture
def opinionqa(tmp_path: Path) -> Path:
    """Two waves with responses and one without; one respondent is in both."""
    return write_opinionqa(tmp_path)
