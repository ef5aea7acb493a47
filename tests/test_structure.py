"""The house keeps its shape: no circle between files, arrows that point down, small files, light imports, no pickle."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import personaspace

SOURCE = Path(personaspace.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
MODULES = {".".join(("personaspace", *path.relative_to(SOURCE).with_suffix("").parts)): path for path in FILES}

BELOW: dict[str, set[str]] = {
    "errors": set(),
    "checks": {"errors"},
    "not_fitted": {"errors"},
    "files": {"errors"},
    "schedules": set(),
    "survey": {"checks", "files", "not_fitted"},
    "embedding": {"survey", "schedules"},
    "newquestions": {"embedding"},
    "persona": {"embedding"},
    "imputation": {"embedding"},
    "profiles": {"persona", "newquestions"},
    "steer": {"newquestions"},
    "evaluation": {"steer", "persona", "profiles", "imputation"},
    "reports": {"evaluation"},
    "serve": {"reports"},
    "runs": {"serve", "console"},
    "console": {"serve"},
    "commands": {"runs", "console"},
    "cli": {"commands"},
    "__main__": {"cli"},
}
"""The rooms, and what stands directly below each; a room may import all that lies below it."""

FORBIDDEN = {"steer": {"embedding"}}
"""What a room must not know although it lies below: steering takes vectors and a question prior, whatever made them."""


def below(room: str) -> set[str]:
    """Every room that lies below one."""
    return BELOW[room].union(*(below(lower) for lower in BELOW[room]))


def imported(path: Path) -> set[str]:
    """Modules of the package that a file imports anywhere: at its top, inside functions, or for types only."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path} imports relatively"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & MODULES.keys()


GRAPH = {name: imported(path) for name, path in MODULES.items() if path.name != "__init__.py"}


def test_no_circle_between_files() -> None:
    assert len(list(TopologicalSorter(GRAPH).static_order())) >= len(GRAPH)


def test_a_circle_would_be_found() -> None:
    circle = GRAPH | {"personaspace.errors": {"personaspace.cli"}}
    with pytest.raises(ValueError, match="cycle"):
        TopologicalSorter(circle).prepare()


@pytest.mark.parametrize("room", BELOW)
def test_arrows_point_down_only(room: str) -> None:
    allowed = below(room) - FORBIDDEN.get(room, set()) | {room}
    for name, found in GRAPH.items():
        if name.split(".")[1] == room:
            for module in found:
                assert module.split(".")[1] in allowed, f"{name} imports {module}"


def test_every_file_has_its_room() -> None:
    assert {name.split(".")[1] for name in GRAPH} == set(BELOW)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_files_are_small_and_safe(path: Path) -> None:
    tree = ast.parse(text := path.read_text(encoding="utf-8"))
    assert len(text.splitlines()) <= 300
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not called & {"eval", "exec"}
    assert "pickle" not in modules


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_packages_hold_no_code(path: Path) -> None:
    """A room's ``__init__`` only says what the room is for, so that importing one file loads no other."""
    if path.parent != SOURCE:
        assert [type(node) for node in ast.parse(path.read_text(encoding="utf-8")).body] == [ast.Expr]


def test_importing_the_package_loads_neither_torch_nor_plots() -> None:
    code = "import personaspace, sys; print({'torch', 'altair', 'transformers', 'sklearn'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"  # noqa: S603


def test_every_public_name_is_there() -> None:
    assert all(getattr(personaspace, name) is not None for name in personaspace.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        personaspace.nonsense  # noqa: B018


def test_no_folder_hides_a_public_name() -> None:
    """Importing a subpackage sets it as an attribute, so a folder may not be called like a public name."""
    assert not {path.stem for path in SOURCE.iterdir()} & set(personaspace.__all__)
