"""A run that is explored, in this process and over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from personaspace.runs.explore import explored_run
from personaspace.serve.explorer.explored import Explored
from tests.browser import browser
from tests.serve.explorer.site import Site, served

__all__ = ["browser"]


@pytest.fixture(scope="session")
def explored_folder(fitted_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which the explorer may keep its map; no test fits it again."""
    return shutil.copytree(fitted_run, tmp_path_factory.mktemp("explored") / "run")


@pytest.fixture(scope="session")
def explored(explored_folder: Path) -> Explored:
    return explored_run(explored_folder)


@pytest.fixture(scope="module")
def site(explored_folder: Path) -> Iterator[Site]:
    with served(explored_folder) as site:
        yield site
