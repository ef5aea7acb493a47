"""Fixtures shared by every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data named by PERSONASPACE_DATA; without it the test is skipped."""
    folder = os.environ.get("PERSONASPACE_DATA")
    if not folder:
        pytest.skip("set PERSONASPACE_DATA to the folder of real surveys to run this test")
    return Path(folder)
