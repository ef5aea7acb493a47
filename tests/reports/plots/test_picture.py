"""Pictures are saved whole in every format, and no survey text becomes markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from personaspace.persona.map import Map
from personaspace.persona.personas import Personas
from personaspace.profiles.profile import profile
from personaspace.reports.plots.plot import plot
from personaspace.survey.question import Option, Question
from tests.persona.planted import Planted

EVIL = "</script><script>alert(1)</script>"


def test_a_map_is_saved_as_page_and_as_pictures(drawn: Map, planted: Planted, tmp_path: Path) -> None:
    picture = plot(drawn, survey=planted.survey)
    for name in ("map.html", "map.png", "map.svg"):
        picture.save(tmp_path / name)
    page = (tmp_path / "map.html").read_text()
    assert re.findall(r"<(?:script|link)[^>]*>", page) == ["<script>", "<script>"]
    assert "vegaEmbed(" in page
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert "cluster-2" in "".join(ElementTree.parse(tmp_path / "map.svg").getroot().itertext())  # noqa: S314


def test_survey_text_never_becomes_markup(drawn: Map, planted: Planted, tmp_path: Path) -> None:
    evil = Question("q0", f"Really? {EVIL}", (Option(EVIL, 0.0), Option("<img src=x>", 0.5), Option("yes", 1.0)))
    survey = replace(planted.survey, questions=(evil, *planted.survey.questions[1:]), name=EVIL)
    picture = plot(drawn, "q0", survey)
    picture.save(tmp_path / "map.html")
    page = (tmp_path / "map.html").read_text()
    assert page.count("<script>") == page.count("</script>") == 2
    assert "alert(1)" in page and "<img" not in page.split("vegaEmbed(")[-1]
    picture.save(tmp_path / "map.svg")
    root = ElementTree.parse(tmp_path / "map.svg").getroot()  # noqa: S314
    assert not [node for node in root.iter() if node.tag.endswith("script")]
    assert EVIL in "".join(root.itertext())


@pytest.mark.parametrize("control", ["\x1b[2J", "\x00", "\ufffe"])
def test_control_characters_do_not_end_the_process(drawn: Map, planted: Planted, tmp_path: Path, control: str) -> None:
    """Vega's renderer aborts, without an exception, on what XML cannot hold."""
    question = Question(
        "q0", f"Really?{control}", (Option(f"no{control}", 0.0), Option("so-so", 0.5), Option("yes", 1.0))
    )
    traits = planted.survey.traits.assign(**{f"odd{control}": f"left{control}"})
    survey = replace(planted.survey, questions=(question, *planted.survey.questions[1:]), traits=traits)
    for color in ("q0", f"odd{control}"):
        plot(drawn, color, survey).save(tmp_path / "map.svg")
        plot(drawn, color, survey).save(tmp_path / "map.png")
        plot(drawn, color, survey).save(tmp_path / "map.html")
        assert "\N{REPLACEMENT CHARACTER}" in (tmp_path / "map.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["age\ngroup", "a\\", 'it\'s "x"', "\\u0027+1", "[0].a"])
def test_traits_of_any_name_are_drawn(drawn: Map, personas: Personas, planted: Planted, name: str) -> None:
    survey = replace(planted.survey, traits=planted.survey.traits.rename(columns={"party": name}))
    for picture in (
        plot(drawn, name, survey),
        plot(profile(personas, survey)),
        plot(profile(personas, survey), "cluster-1"),
    ):
        bundle = picture._repr_mimebundle_()
        assert ElementTree.fromstring(bundle["image/svg+xml"]).tag.endswith("svg")  # noqa: S314


def test_more_than_five_thousand_points_are_drawn(drawn: Map, tmp_path: Path) -> None:
    points = pd.concat([drawn.points] * 17, ignore_index=True)
    assert len(points) > 5000
    plot(replace(drawn, points=points)).save(tmp_path / "map.html")
    assert (tmp_path / "map.html").exists()


def test_notebooks_show_a_picture(drawn: Map) -> None:
    bundle = plot(drawn)._repr_mimebundle_()
    assert ElementTree.fromstring(bundle["image/svg+xml"]).tag.endswith("svg")  # noqa: S314
    json.dumps(bundle)
