"""Print the lowest versions that pyproject.toml allows, as constraints for pip: every ``>=`` becomes ``==``."""

from __future__ import annotations

import tomllib
from pathlib import Path

BENCHMARKS = "bench"

if __name__ == "__main__":
    pyproject = Path(__file__).parents[1] / "pyproject.toml"
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    extras = [needs for name, needs in project["optional-dependencies"].items() if name != BENCHMARKS]
    needs = {need for group in (project["dependencies"], *extras) for need in group if ">=" in need}
    print("\n".join(sorted(need.replace(">=", "==") for need in needs)))
