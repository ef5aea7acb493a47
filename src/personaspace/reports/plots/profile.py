"""Plots of profiles: the composition of personas, and the questions on which they differ from the population."""

from __future__ import annotations

from collections.abc import Callable

import altair as alt
import pandas as pd

from personaspace.errors import SettingError, unknown
from personaspace.profiles.profile import Profile
from personaspace.reports.plots.answers import answers_of_all, answers_of_one
from personaspace.reports.plots.composition import composition_of_all, composition_of_one
from personaspace.reports.plots.picture import Plot, plain, styled

Draw = Callable[[pd.DataFrame], alt.HConcatChart]
PICTURES: dict[str, tuple[Draw, Draw]] = {
    "composition": (composition_of_all, composition_of_one),
    "questions": (answers_of_all, answers_of_one),
}
"""By its name a picture of all personas, and one of a single persona."""


def profile_plot(profile: Profile, persona: str | None = None, what: str = "composition") -> Plot:
    """Draw a profile; see :func:`personaspace.reports.plots.plot.plot`."""
    if what not in PICTURES:
        raise unknown("picture", what, PICTURES)
    of_all, of_one = PICTURES[what]
    table = profile.composition if what == "composition" else profile.distinguishing
    if persona is not None:
        names = profile.cards["persona"]
        if persona not in set(names):
            raise unknown("persona", persona, names)
        table = table[table["persona"] == persona]
    if table.empty:
        raise SettingError(f"nothing to show: the table {what!r} is empty")
    called = {name: plain(f"{name}: {label}" if label else name) for name, label in profile.labels.items()}
    table = table.assign(called=table["persona"].map(called))
    return Plot(styled((of_all if persona is None else of_one)(table)))
