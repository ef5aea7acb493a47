"""Pictures are saved whole in every format, and no survey text becomes markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import SettingError, UnknownNameError
from personaspace.persona.clustering.cluster_personas import ClusterPersonas
from personaspace.persona.map import NOBODY, Map
from personaspace.persona.personas import Personas
from personaspace.report.plots.picture import FAINT, Plot
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey
from tests.persona.conftest import SIZES, Planted, plant

EVIL = "</script><script>alert(1)</script>"


@pytest.fixture(scope="module")
def planted() -> Planted:
    return plant(np.array(SIZES))


@pytest.fixture(scope="module")
def personas(planted: Planted) -> Personas:
    return ClusterPersonas(k=3).fit(planted.space, planted.survey)


@pytest.fixture(scope="module")
def drawn(planted: Planted, personas: Personas) -> Map:
    """A map whose places are simply two coordinates of the vectors."""
    persona = {name: p.name for p in personas for name in p.members}
    points = pd.DataFrame(planted.space.respondents_[:, :2], columns=["x", "y"])
    points.insert(0, "id", planted.survey.respondents)
    points["persona"] = [persona[name] for name in points["id"]]
    places = points.groupby("persona")[["x", "y"]].mean().reset_index().assign(share=0.3)
    return Map(points, places, "tsne", 300, 0)


def legend(plot: Plot) -> dict[str, str]:
    scale = plot.chart.to_dict()["layer"][0]["encoding"]["color"]["scale"]
    return dict(zip(scale["domain"], scale["range"], strict=True))


def colors(plot: Plot) -> pd.Series:
    specification = plot.chart.to_dict()
    (name,) = (n for n, rows in specification["datasets"].items() if "color" in rows[0])
    return pd.DataFrame(specification["datasets"][name]).set_index("id")["color"]


def test_a_map_is_saved_as_page_and_as_pictures(drawn: Map, planted: Planted, tmp_path: Path) -> None:
    plot = drawn.plot(survey=planted.survey)
    for name in ("map.html", "map.png", "map.svg"):
        plot.save(tmp_path / name)
    page = (tmp_path / "map.html").read_text()
    assert re.findall(r"<(?:script|link)[^>]*>", page) == ["<script>", "<script>"]
    assert "vegaEmbed(" in page
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert "cluster-2" in "".join(ElementTree.parse(tmp_path / "map.svg").getroot().itertext())  # noqa: S314


def test_survey_text_never_becomes_markup(drawn: Map, planted: Planted, tmp_path: Path) -> None:
    evil = Question("q0", f"Really? {EVIL}", (Option(EVIL, 0.0), Option("<img src=x>", 0.5), Option("yes", 1.0)))
    survey = replace(planted.survey, questions=(evil, *planted.survey.questions[1:]), name=EVIL)
    plot = drawn.plot("q0", survey)
    plot.save(tmp_path / "map.html")
    page = (tmp_path / "map.html").read_text()
    assert page.count("<script>") == page.count("</script>") == 2
    assert "alert(1)" in page and "<img" not in page.split("vegaEmbed(")[-1]
    plot.save(tmp_path / "map.svg")
    root = ElementTree.parse(tmp_path / "map.svg").getroot()  # noqa: S314
    assert not [node for node in root.iter() if node.tag.endswith("script")]
    assert EVIL in "".join(root.itertext())


@pytest.mark.parametrize("name", ["age\ngroup", "a\\", 'it\'s "x"', "\\u0027+1", "[0].a"])
def test_traits_of_any_name_are_drawn(drawn: Map, personas: Personas, planted: Planted, name: str) -> None:
    survey = replace(planted.survey, traits=planted.survey.traits.rename(columns={"party": name}))
    for plot in (drawn.plot(name, survey), personas.profile(survey).plot(), personas.profile(survey).plot("cluster-1")):
        bundle = plot._repr_mimebundle_()
        assert ElementTree.fromstring(bundle["image/svg+xml"]).tag.endswith("svg")  # noqa: S314


def test_more_than_five_thousand_points_are_drawn(drawn: Map, tmp_path: Path) -> None:
    points = pd.concat([drawn.points] * 17, ignore_index=True)
    assert len(points) > 5000
    replace(drawn, points=points).plot().save(tmp_path / "map.html")
    assert (tmp_path / "map.html").exists()


def test_no_two_of_many_personas_look_alike(drawn: Map) -> None:
    names = [f"cluster-{i}" for i in range(1, 41)]
    places = pd.DataFrame({"persona": names, "x": 0.0, "y": 0.0, "share": 1 / 40})
    points = drawn.points.assign(persona=[names[i % 40] for i in range(len(drawn.points))])
    encoding = replace(drawn, points=points, personas=places).plot().chart.to_dict()["layer"][0]["encoding"]
    looks = set(zip(encoding["color"]["scale"]["range"], encoding["shape"]["scale"]["range"], strict=True))
    assert len(looks) == 40


def test_colours_follow_answers_traits_and_personas(drawn: Map, planted: Planted) -> None:
    survey = planted.survey.with_answers(planted.survey.answers.respondent > 9)
    answers = colors(drawn.plot("q3", survey))
    assert (answers[[f"r{i}" for i in range(10)]] == "not answered").all()
    third = survey.answers.where(survey.answers.question == 3)
    said = [survey.questions[3].options[o].text for o in third.option]
    assert answers[[f"r{i}" for i in third.respondent]].tolist() == said
    assert list(legend(drawn.plot("q3", survey))) == ["no", "perhaps", "yes", "not answered"]
    traits = colors(drawn.plot("party", survey))
    expected = survey.traits["party"].where(survey.traits["party"].notna(), "not known")
    assert traits[list(survey.respondents)].tolist() == expected.tolist()
    assert legend(drawn.plot("party", survey))["not known"] == FAINT
    assert list(legend(drawn.plot())) == ["cluster-1 (30%)", "cluster-2 (30%)", "cluster-3 (30%)"]


def test_rare_values_share_a_colour_and_strangers_belong_to_nobody(drawn: Map, planted: Planted) -> None:
    towns = pd.DataFrame({"town": [f"town {i % 5 if i < 250 else i}" for i in range(300)]})
    survey = replace(planted.survey, traits=towns)
    assert len(legend(drawn.plot("town", survey))) == 9
    assert "other values" in legend(drawn.plot("town", survey))
    alone = replace(drawn, points=drawn.points.assign(persona=[NOBODY, *drawn.points["persona"][1:]]))
    assert legend(alone.plot())[NOBODY] == FAINT


def test_numbers_are_coloured_along_their_scale(drawn: Map, planted: Planted) -> None:
    survey = planted.survey.select(questions=[0])
    warmth = Question.number("q0", "How warm?", 0, 2, points=3)
    numbers = replace(survey.answers, value=survey.answers.option.astype(float))
    shown = legend(drawn.plot("q0", replace(survey, questions=(warmth,), answers=numbers)))
    assert list(shown) == ["0", "1", "2", "not answered"]
    assert len(set(shown.values())) == 4


def test_simulated_surveys_say_so(drawn: Map, planted: Planted) -> None:
    title = drawn.plot(survey=replace(planted.survey, simulated=True)).chart.to_dict()["title"]["text"]
    assert "simulated" in title
    assert "simulated" not in drawn.plot(survey=planted.survey).chart.to_dict()["title"]["text"]


def test_bad_names_say_what_is_allowed(drawn: Map, planted: Planted, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown trait or question 'partie': did you mean 'party'"):
        drawn.plot("partie", planted.survey)
    with pytest.raises(SettingError, match="no survey to colour by 'party'"):
        drawn.plot("party")
    with pytest.raises(SettingError, match=r"'map.pdf': end the name in .html, .png, .svg"):
        drawn.plot().save(tmp_path / "map.pdf")


def test_notebooks_show_a_picture(drawn: Map) -> None:
    bundle = drawn.plot()._repr_mimebundle_()
    assert ElementTree.fromstring(bundle["image/svg+xml"]).tag.endswith("svg")  # noqa: S314
    json.dumps(bundle)


@pytest.mark.parametrize("what", ["composition", "questions"])
@pytest.mark.parametrize("persona", [None, "cluster-2"])
def test_profiles_are_drawn(
    personas: Personas, planted: Planted, persona: str | None, what: str, tmp_path: Path
) -> None:
    plot = personas.profile(planted.survey).plot(persona, what)
    plot.save(tmp_path / "profile.svg")
    text = "".join(ElementTree.parse(tmp_path / "profile.svg").getroot().itertext())  # noqa: S314
    assert "cluster-2" in text
    assert ("party" in text) == (what == "composition")


def test_profiles_that_cannot_be_drawn(personas: Personas, planted: Planted) -> None:
    profile = personas.profile(planted.survey)
    with pytest.raises(UnknownNameError, match="unknown persona 'cluster-9'"):
        profile.plot("cluster-9")
    with pytest.raises(UnknownNameError, match="unknown picture 'cards'"):
        profile.plot(what="cards")
    plain = Survey(planted.survey.respondents, planted.survey.questions, planted.survey.answers)
    with pytest.raises(SettingError, match="'composition' is empty"):
        personas.profile(plain).plot()


def test_imputed_answers_are_marked_in_the_picture(personas: Personas, planted: Planted) -> None:
    plot = personas.profile(planted.survey, imputed_by=planted.space).plot(what="questions")
    assert "imputed" in plot.chart.to_dict()["title"]["subtitle"]
