"""plot: one function that draws profiles and maps."""

from __future__ import annotations

from typing import Any, overload

from personaspace.errors import SettingError
from personaspace.persona.map import Map
from personaspace.profiles.profile import Profile
from personaspace.reports.plots.map import map_plot
from personaspace.reports.plots.picture import Plot
from personaspace.reports.plots.profile import profile_plot
from personaspace.survey.survey import Survey


@overload
def plot(shown: Profile, /, persona: str | None = None, what: str = "composition") -> Plot: ...


@overload
def plot(shown: Map, /, color: str = "persona", survey: Survey | None = None) -> Plot: ...


def plot(shown: Profile | Map, /, *args: Any, **settings: Any) -> Plot:
    """Draw a profile or a map.

    Args:
        shown: A profile (:func:`~personaspace.profiles.profile.profile`) or a map
            (:func:`~personaspace.persona.map.map_respondents`).
        *args: The settings below, in this order.
        **settings: For a profile ``persona``, the one persona to show in detail beside the population, with 95%
            intervals (all personas side by side where not given), and ``what``: ``"composition"``, or ``"questions"``
            for the distinguishing ones. For a map ``color``: ``"persona"``, a trait, or the id of a question; and
            ``survey``, which holds traits and answers and is needed for any colour but personas.

    Returns:
        A picture that saves itself as HTML, PNG or SVG.

    Raises:
        SettingError: ``shown`` is neither profile nor map, the table to show is empty, or there is no survey to
            colour by.
        UnknownNameError: There is no such persona or picture, or the survey has no such trait or question.

    Example:
        >>> import pandas as pd
        >>> points = pd.DataFrame({"id": ["ann", "bob"], "x": [0, 1], "y": [1, 0], "persona": ["a", "b"]})
        >>> places = points.drop(columns="id").assign(share=0.5)
        >>> picture = plot(Map(points, places, method="tsne", respondents=2, seed=0))
        >>> picture.save("map.svg")  # doctest: +SKIP
    """
    if isinstance(shown, Profile):
        return profile_plot(shown, *args, **settings)
    if isinstance(shown, Map):
        return map_plot(shown, *args, **settings)
    raise SettingError(f"cannot plot {type(shown).__name__}: give a profile (ps.profile) or a map (ps.map_respondents)")
