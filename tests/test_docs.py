"""What the docs show is so: the command reference, the README's length and its Python."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import personaspace as ps
from personaspace.steer import steered_lm as steered

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_command_reference_is_as_the_command_line_says(tmp_path: Path) -> None:
    target = tmp_path / "commands.md"
    command = [sys.executable, "-m", "typer", "personaspace.cli", "utils", "docs", "--name", "personaspace"]
    subprocess.run([*command, "--title", "Commands", "--output", target], check=True, capture_output=True)  # noqa: S603
    assert target.read_text() == (ROOT / "docs" / "commands.md").read_text(), "run `make docs`"


def test_the_readme_shows_everything_before_line_60() -> None:
    beginning = "\n".join(README.splitlines()[:60])
    for part in ("make demo", "make test", "![", "```python", "steered: individual"):
        assert part in beginning


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_s_python_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The ten lines as they stand, on a small simulated survey in place of the reader's folder."""
    small = ps.simulate(respondents=150, seed=0)
    monkeypatch.setattr(ps, "read_survey", lambda _: small, raising=False)
    monkeypatch.setattr(steered, "TrainSettings", lambda: ps.TrainSettings(epochs=1))
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    (tmp_path / "readme.py").write_text(code, encoding="utf-8")
    runpy.run_path(str(tmp_path / "readme.py"))
    assert "held-out answers" in capsys.readouterr().out
