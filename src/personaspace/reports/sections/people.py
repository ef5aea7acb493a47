"""Personas: a card each, and the composition of all side by side."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from personaspace.profiles.card import differing
from personaspace.profiles.composition import SIGNIFICANT
from personaspace.profiles.profile import Profile
from personaspace.profiles.quoting import quoted
from personaspace.reports.chart import Chart, Legend, Mark, Row, chart
from personaspace.reports.story import Missing, Story
from personaspace.reports.table import csv_address, share, table, text

ANSWERS = 5
"""Answers in which a persona differs that a card shows."""

LEGEND: Sequence[Legend] = (("dot", "own", "members, with 95% interval"), ("tick", "plain", "everybody, with theirs"))
COLUMNS = {"value": ("Value", text), "label": ("Trait", text), "share": ("Members", share), "low": ("from", share)}
COLUMNS |= {"high": ("to", share), "population_share": ("Everybody", share), "verdict": ("Verdict", text)}


def cards(story: Story) -> list[dict[str, Any]] | Missing:
    """What each persona's card shows, in the order of the personas."""
    if isinstance(story.profile, Missing):
        return story.profile
    return [_card(row, story, story.profile) for row in story.profile.cards.to_dict("records")]


def _card(row: Mapping[Hashable, Any], story: Story, profile: Profile) -> dict[str, Any]:
    name = str(row["persona"])
    place = story.personas.names.index(name)
    own = profile.composition[profile.composition["persona"] == name]
    return {
        "name": name,
        "label": str(row["label"]),
        "place": place,
        "share": share(row["share"]),
        "respondents": f"{row['respondents']:,}",
        "effective": f"{row['effective_size']:,.0f}",
        "words": str(row["card"]),
        "traits": _traits(own, name),
        "answers": _answers(profile.distinguishing, name, story),
        "table": table(f"{name} traits", f"Traits of {name} beside everybody's", own, COLUMNS) if len(own) else None,
    }


def _traits(own: pd.DataFrame, name: str) -> Chart | None:
    """The traits in which members differ most, if they differ significantly in any."""
    rows = pd.concat(differing(own))
    if rows.empty:
        return None
    rows = rows.sort_values("difference", key=abs, ascending=False, kind="stable")
    drawn = [
        Row(f"{row['label']}: {row['value']}", [_marks(row, row["low"], row["high"])])
        for row in rows.to_dict("records")
    ]
    return chart(f"Traits of {name} that differ most from everybody's", drawn, "share of people", LEGEND)


def _answers(questions: pd.DataFrame, name: str, story: Story) -> Chart | None:
    """The choices that members make far more often than everybody, one a topic, if they differ significantly."""
    survey = story.split.train
    own = questions[(questions["persona"] == name) & (questions["adjusted_p"] <= SIGNIFICANT)]
    own = own[own["topic"].isna() | ~own["topic"].duplicated()]
    drawn = list[Row]()
    for row in own.to_dict("records"):
        column = survey.question_index[row["question"]]
        if survey.questions[column].scale is None and len(drawn) < ANSWERS:
            marks = _marks(row, row["share_low"], row["share_high"])
            drawn.append(Row(row["text"], [marks], quoted(row["option"])))
    return (
        chart(f"Answers of {name} that differ most from everybody's", drawn, "share of answers", LEGEND)
        if drawn
        else None
    )


def _marks(row: Mapping[Hashable, Any], low: float, high: float) -> list[Mark]:
    everybody = Mark("tick", "plain", row["population_share"], row["population_low"], row["population_high"])
    return [everybody, Mark("dot", "own", row["share"], low, high)]


def composition(story: Story) -> dict[str, Any] | None:
    """All traits of all personas: by trait rows of cells with a share, and how far and how surely from everybody's."""
    if isinstance(story.profile, Missing) or story.profile.composition.empty:
        return None
    found = story.profile.composition
    most = float(found["difference"].abs().max()) or 1.0
    traits: dict[str, tuple[str, list[dict[str, Any]]]] = {}
    for (trait, label, value), cells in found.groupby(["trait", "label", "value"], sort=False):
        each = [
            {
                "text": share(cell["share"]),
                "interval": f"{share(cell['low'])} to {share(cell['high'])}",
                "verdict": cell["verdict"],
                "strength": _strength(cell["difference"], most),
            }
            for cell in cells.to_dict("records")
        ]
        row = {"value": value, "all": share(cells["population_share"].iloc[0]), "cells": each}
        traits.setdefault(str(trait), (str(label), []))[1].append(row)
    names = found["persona"].unique().tolist()
    places = [story.personas.names.index(name) for name in names]
    return {"names": list(zip(names, places, strict=True)), "traits": list(traits.values()), "csv": csv_address(found)}


def _strength(difference: float, most: float) -> float:
    return 0.0 if math.isnan(difference) else round(abs(difference) / most, 2)
