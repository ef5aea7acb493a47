"""The map: a point for each respondent, and the layers by which points can be coloured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from personaspace.persona.map import Map
from personaspace.profiles.profile import Profile
from personaspace.reports.colors import on_dark
from personaspace.reports.plots.map import Coloring, caption, coloring
from personaspace.reports.plots.picture import COLORS, FAINT, PLAIN
from personaspace.reports.story import Missing, Story
from personaspace.survey.survey import Survey

QUESTIONS = 20
"""Questions by which points can be coloured: those on which personas differ most."""

FAINT_ON_DARK = "#454b57"
"""Colour of missing values on a dark ground."""

EDGE = 3.0
"""Percent of the map's width and height that stays free at its edges."""

NEAR_X, NEAR_Y = 16.0, 4.0
"""Percent of the map within which two personas' names would overlap."""


def space(story: Story) -> dict[str, Any] | Missing:
    """The places of points and names, the caption, and the layers, the first of which is the persona.

    ``ids`` are the respondents', in the order of the points; a page that others read shows none of them.
    """
    if isinstance(story.map, Missing):
        return story.map
    drawn, survey = story.map, story.split.survey
    order = np.random.default_rng(0).permutation(len(drawn.points))
    points = drawn.points.iloc[order].reset_index(drop=True)
    shuffled = Map(points, drawn.personas, drawn.method, drawn.respondents, drawn.seed, drawn.neighbours)
    layers = [_layer("persona", "Persona", shuffled, None)]
    if story.individuals:
        layers += [_layer(str(trait), "Trait", shuffled, survey) for trait in survey.traits.columns]
        layers += [_layer(name, "Answer", shuffled, survey) for name in _telling(story)]
    x, y = percent(points, drawn.points)
    spots = zip(x, y, layers[0]["codes"], strict=True)
    return {
        "ids": points["id"].tolist(),
        "points": [(left, top, code) for left, top, code in spots],
        "names": _names(drawn, story.personas.names),
        "caption": caption(drawn, survey.trait_labels),
        "layers": layers,
        "shown": len(points),
        "of": drawn.respondents,
    }


def _telling(story: Story) -> list[str]:
    """Questions on which personas differ most."""
    if isinstance(story.profile, Profile) and len(story.profile.separating):
        return story.profile.separating["question"].head(QUESTIONS).tolist()
    return [question.id for question in story.split.train.questions[:QUESTIONS]]


def _layer(color: str, group: str, drawn: Map, survey: Survey | None) -> dict[str, Any]:
    found: Coloring = coloring(drawn, color, survey)
    names = list(found.colors)
    place = {name: at for at, name in enumerate(names)}
    used = list(found.colors.values())
    return {
        "title": found.title if survey is None else survey.trait_labels.get(found.title, found.title),
        "group": group,
        "categories": names,
        "colors": used,
        "dark": [FAINT_ON_DARK if value == FAINT else on_dark(value) for value in used],
        "faint": [at for at, value in enumerate(used) if value in (FAINT, PLAIN)],
        "rings": [value in COLORS and used[:at].count(value) % 2 == 1 for at, value in enumerate(used)],
        "codes": [place[name] for name in found.categories],
    }


def percent(places: pd.DataFrame, among: pd.DataFrame) -> tuple[list[float], list[float]]:
    """Places in percent of the map's width and height, its y axis upwards."""
    low, high = among[["x", "y"]].min(), among[["x", "y"]].max()
    inside = (places[["x", "y"]] - low) / (high - low).clip(lower=1e-9)
    inside["y"] = 1 - inside["y"]
    scaled = (EDGE + (100 - 2 * EDGE) * inside).round(2)
    return scaled["x"].tolist(), scaled["y"].tolist()


def _names(drawn: Map, names: Sequence[str]) -> list[tuple[float, float, str, int]]:
    """Place and number of each persona whose name fits between those of larger personas."""
    largest = drawn.personas.sort_values("share", ascending=False, kind="stable")
    kept: list[tuple[float, float, str, int]] = []
    for x, y, name in zip(*percent(largest, drawn.points), largest["persona"], strict=True):
        if all(abs(x - other[0]) > NEAR_X or abs(y - other[1]) > NEAR_Y for other in kept):
            kept.append((x, y, str(name), names.index(name)))
    return kept
