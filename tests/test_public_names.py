"""The public names: imported when first used, and seen by type checkers as they are."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

import personaspace

TREE = ast.parse(Path(personaspace.__file__).read_text(encoding="utf-8"))
(TYPED,) = (node.body for node in TREE.body if isinstance(node, ast.If))
SEEN = {
    alias.name: node.module
    for node in TYPED
    if isinstance(node, ast.ImportFrom) and node.module
    for alias in node.names
    if alias.name == alias.asname
}
"""The module of every name that a type checker sees."""


def test_type_checkers_see_the_names_that_are_there() -> None:
    assert sorted(SEEN) == personaspace.__all__
    assert len(SEEN) == len(TYPED)


@pytest.mark.parametrize("name", personaspace.__all__)
def test_a_name_is_the_one_of_its_module(name: str) -> None:
    assert getattr(personaspace, name) is getattr(import_module(SEEN[name]), name)
    assert name in dir(personaspace)
