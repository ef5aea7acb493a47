"""Fixtures of the reports: planted clusters, three personas found there, and a map of them."""

from __future__ import annotations

import pandas as pd
import pytest

from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.map import Map
from personaspace.persona.personas import Personas
from tests.browser import browser
from tests.persona.planted import Planted, planted

__all__ = ["browser", "planted"]


@pytest.fixture(scope="session")
def personas(planted: Planted) -> Personas:
    return cluster_personas(planted.embedder, planted.survey, k=3)


@pytest.fixture(scope="session")
def drawn(planted: Planted, personas: Personas) -> Map:
    """A map whose places are simply two coordinates of the vectors."""
    persona = {name: p.name for p in personas for name in p.members}
    points = pd.DataFrame(planted.embedder.respondents_[:, :2], columns=["x", "y"])
    points.insert(0, "id", planted.survey.respondents)
    points["persona"] = [persona[name] for name in points["id"]]
    places = points.groupby("persona")[["x", "y"]].mean().reset_index().assign(share=0.3)
    return Map(points, places, "tsne", 300, 0)
