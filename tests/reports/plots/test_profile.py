"""Profiles are drawn for all personas and for one, by traits and by questions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from personaspace.errors import SettingError, UnknownNameError
from personaspace.persona.labels import labelled
from personaspace.persona.personas import Personas
from personaspace.profiles.profile import profile
from personaspace.reports.plots.plot import plot
from personaspace.survey.survey import Survey
from tests.persona.planted import Planted


@pytest.mark.parametrize("what", ["composition", "questions"])
@pytest.mark.parametrize("persona", [None, "cluster-2"])
def test_profiles_are_drawn(
    personas: Personas, planted: Planted, persona: str | None, what: str, tmp_path: Path
) -> None:
    picture = plot(profile(personas, planted.survey), persona, what)
    picture.save(tmp_path / "profile.svg")
    text = "".join(ElementTree.parse(tmp_path / "profile.svg").getroot().itertext())  # noqa: S314
    assert "cluster-2" in text
    assert ("Composition of" in text) == (what == "composition")


def test_profiles_that_cannot_be_drawn(personas: Personas, planted: Planted) -> None:
    found = profile(personas, planted.survey)
    with pytest.raises(UnknownNameError, match="unknown persona 'cluster-9'"):
        plot(found, "cluster-9")
    with pytest.raises(UnknownNameError, match="unknown picture 'cards'"):
        plot(found, what="cards")
    plain = Survey(planted.survey.respondents, planted.survey.questions, planted.survey.answers)
    with pytest.raises(SettingError, match="'composition' is empty"):
        plot(profile(personas, plain))


def test_imputed_answers_are_marked_in_the_picture(personas: Personas, planted: Planted) -> None:
    picture = plot(profile(personas, planted.survey, embedder=planted.embedder), what="questions")
    assert "imputed" in picture.chart.to_dict()["title"]["subtitle"]


def test_panels_and_personas_are_called_by_their_labels(personas: Personas, planted: Planted, tmp_path: Path) -> None:
    party = pd.Categorical(planted.survey.traits["party"], categories=["R", "I", "D", "O"])
    labels = {"party": "Party voted for"}
    survey = replace(planted.survey, traits=pd.DataFrame({"party": party}), trait_labels=labels)
    for persona in (None, "cluster-2"):
        called = labelled(personas, {"cluster-2": "The calm"})
        plot(profile(called, survey), persona).save(tmp_path / "profile.svg")
        text = "".join(ElementTree.parse(tmp_path / "profile.svg").getroot().itertext())  # noqa: S314
        assert "Party voted for" in text
        assert "RIDO" in text
        assert "cluster-2: The calm" in text
