"""Fixtures of profiles: planted clusters and the personas found there."""

from __future__ import annotations

from tests.persona.planted import four, planted

__all__ = ["four", "planted"]
