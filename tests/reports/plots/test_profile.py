"""Profiles are drawn for all personas and for one, by traits and by questions."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pandas as pd
import pytest

from personaspace.errors import SettingError, UnknownNameError
from personaspace.persona.labels import labelled
from personaspace.persona.personas import Persona, Personas
from personaspace.profiles.profile import profile
from personaspace.profiles.quoting import percent
from personaspace.reports.plots.picture import Plot
from personaspace.reports.plots.plot import plot
from personaspace.survey.survey import Survey
from tests.persona.planted import Planted


def texts(picture: Plot) -> list[str]:
    """The texts of a picture's SVG in their order, a line each."""
    root = ElementTree.fromstring(picture._repr_mimebundle_()["image/svg+xml"])  # noqa: S314
    return [text for text in root.itertext() if text.strip()]


def title(picture: Plot) -> str:
    return " ".join(picture.chart.to_dict()["title"]["text"])


@pytest.mark.parametrize("what", ["composition", "questions"])
@pytest.mark.parametrize("persona", [None, "cluster-2"])
def test_profiles_are_drawn(personas: Personas, planted: Planted, persona: str | None, what: str) -> None:
    found = profile(personas, planted.survey)
    picture = plot(found, persona, what)
    assert any("cluster-2" in text for text in texts(picture))
    assert any("95%" in text for text in texts(picture))
    named = "".join(texts(picture))
    own = found.distinguishing if what == "questions" else found.composition
    row = own[(own["persona"] == "cluster-2")].iloc[0]
    assert (row["text"] if what == "questions" else row["label"]) in named


@pytest.mark.parametrize("persona", [None, "cluster-1"])
@pytest.mark.parametrize(
    ("what", "ends"),
    [
        ("composition", {None: ["difference_low", "difference_high"], "cluster-1": ["low", "high"]}),
        ("questions", {None: ["low", "high"], "cluster-1": ["low", "high"]}),
    ],
)
def test_every_number_is_drawn_with_its_interval(
    personas: Personas, planted: Planted, persona: str | None, what: str, ends: dict[str | None, list[str]]
) -> None:
    specification = plot(profile(personas, planted.survey), persona, what).chart.to_dict()
    panels = [panel for panel in specification["hconcat"] if any("x2" in mark["encoding"] for mark in panel["layer"])]
    assert panels
    for panel in panels:
        assert ends[persona] in [
            [mark["encoding"]["x"]["field"], mark["encoding"]["x2"]["field"]]
            for mark in panel["layer"]
            if "x2" in mark["encoding"]
        ]
    rows = [row for data in specification["datasets"].values() for row in data if ends[persona][0] in row]
    assert rows
    assert all(row[end] is not None for row in rows for end in ends[persona])


def test_titles_say_the_largest_difference(personas: Personas, planted: Planted) -> None:
    found = profile(personas, planted.survey)
    sure = found.composition[found.composition["verdict"] != ""]
    most = max(sure.to_dict("records"), key=lambda row: abs(row["difference"]))
    assert title(plot(found)) == (
        f"Party sets the personas apart most: {most['share']:.0%} of {most['persona']} are “{most['value']}”, "
        f"{most['population_share']:.0%} of the population"
    )
    first = found.distinguishing[found.distinguishing["rank"] <= 3]
    answer = max(first.to_dict("records"), key=lambda row: row["share"] - row["population_share"])
    told = f"{percent(answer['share'])} of {answer['persona']} answer “{answer['option']}”, "
    assert title(plot(found, what="questions")).startswith(told)
    alike = replace(found, composition=found.composition.assign(verdict=""))
    assert title(plot(alike, "cluster-1")) == "No trait sets cluster-1 apart from the population"
    unsure = replace(found, distinguishing=found.distinguishing.assign(adjusted_p=1.0))
    assert "for sure" in title(plot(unsure, "cluster-1", "questions"))


def test_labels_are_whole(personas: Personas, planted: Planted) -> None:
    words = " ".join(f"word{at}" for at in range(30))
    questions = tuple(replace(question, text=f"{question.id} {words}") for question in planted.survey.questions)
    traits = planted.survey.traits["party"].map(lambda value: value if pd.isna(value) else f"{value} {words}")
    survey = replace(planted.survey, questions=questions, traits=pd.DataFrame({"party": traits}))
    for what in ("composition", "questions"):
        shown = " ".join(texts(plot(profile(personas, survey), "cluster-2", what)))
        assert words in shown


def test_sixty_personas_are_drawn(planted: Planted) -> None:
    ids, vectors = planted.embedder.ids_, planted.embedder.respondents_
    many = Personas([Persona(f"cluster-{n + 1}", "cluster", vectors[n], ids[n::60], 1 / 60) for n in range(60)])
    found = profile(many, planted.survey, min_answers=1)
    assert len(plot(found).chart.to_dict()["hconcat"]) == 1 + len(found.cards)
    assert {f"cluster-{n + 1}" for n in range(60)} <= {text.split(":")[0] for text in texts(plot(found))}
    assert texts(plot(found, what="questions"))


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
    assert "imputed" in " ".join(picture.chart.to_dict()["title"]["subtitle"])


def test_panels_and_personas_are_called_by_their_labels(personas: Personas, planted: Planted) -> None:
    party = pd.Categorical(planted.survey.traits["party"], categories=["R", "I", "D", "O"])
    labels = {"party": "Party voted for"}
    survey = replace(planted.survey, traits=pd.DataFrame({"party": party}), trait_labels=labels)
    for persona in (None, "cluster-2"):
        called = labelled(personas, {"cluster-2": "The calm"})
        shown = texts(plot(profile(called, survey), persona))
        assert "Party voted for" in shown
        assert [text[0] for text in shown if text.split(" (")[0] in {*"RIDO"}] == [*"RIDO"]
        assert "cluster-2: The calm" in " ".join(shown)
