"""Only profiles and maps are drawn."""

from __future__ import annotations

import pytest

from personaspace.errors import SettingError
from personaspace.persona.personas import Personas
from personaspace.reports.plots.plot import plot


def test_only_profiles_and_maps_are_drawn(personas: Personas) -> None:
    with pytest.raises(SettingError, match=r"cannot plot Personas: give a profile \(ps.profile\) or a map"):
        plot(personas)  # type: ignore[call-overload]
