"""Versions of what results depend on."""

from __future__ import annotations

import platform
from importlib.metadata import version

PACKAGES = ("personaspace", "torch", "transformers", "numpy", "pandas", "scikit-learn")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}
