"""The house keeps its shape: one direction of travel, small files, light imports, no unsafe loading."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import personaspace

SOURCE = Path(personaspace.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
ALLOWED = {
    "survey": set(),
    "embedding": {"survey"},
    "persona": {"survey", "embedding"},
    "steer": {"survey"},
    "evaluation": {"survey", "embedding", "persona", "steer"},
    "report": {"survey", "embedding", "persona", "evaluation"},
    "serve": {"survey", "embedding", "persona", "steer", "evaluation", "report"},
}
DRAWN = {"persona": {"report"}}
"""What a stage may import inside a function, to draw itself."""
SHARED = {"errors", "files", "versions"}


def imported_modules(path: Path, inside: bool = True) -> Iterator[str]:
    """Modules a file imports, those imported inside functions or for types only if ``inside``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if inside else tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("stage", ALLOWED)
@pytest.mark.parametrize("inside", [True, False])
def test_arrows_point_down_only(stage: str, inside: bool) -> None:
    allowed = ALLOWED[stage] | SHARED | {stage} | (DRAWN.get(stage, set()) if inside else set())
    for path in (SOURCE / stage).rglob("*.py"):
        for module in imported_modules(path, inside):
            package, _, rest = module.partition(".")
            if package == "personaspace" and rest:
                assert rest.split(".")[0] in allowed, f"{path.name} of {stage} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_files_are_small_and_safe(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    called = {node.func.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)
              and isinstance(node.func, ast.Name)}  # fmt: skip
    assert not called & {"eval", "exec"}
    assert "pickle" not in set(imported_modules(path))


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
