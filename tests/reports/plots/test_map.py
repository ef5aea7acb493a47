"""Maps are coloured by persona, trait or answer, with a legend that says what is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from personaspace.errors import SettingError, UnknownNameError
from personaspace.persona.map import NOBODY, Map
from personaspace.reports.plots.picture import FAINT, Plot
from personaspace.reports.plots.plot import plot
from personaspace.survey.question import Question
from tests.persona.planted import Planted


def legend(picture: Plot) -> dict[str, str]:
    scale = picture.chart.to_dict()["layer"][0]["encoding"]["color"]["scale"]
    return dict(zip(scale["domain"], scale["range"], strict=True))


def colors(picture: Plot) -> pd.Series:
    specification = picture.chart.to_dict()
    (name,) = (n for n, rows in specification["datasets"].items() if "color" in rows[0])
    return pd.DataFrame(specification["datasets"][name]).set_index("id")["color"]


def test_no_two_of_many_personas_look_alike(drawn: Map) -> None:
    names = [f"cluster-{i}" for i in range(1, 41)]
    places = pd.DataFrame({"persona": names, "x": 0.0, "y": 0.0, "share": 1 / 40})
    points = drawn.points.assign(persona=[names[i % 40] for i in range(len(drawn.points))])
    encoding = plot(replace(drawn, points=points, personas=places)).chart.to_dict()["layer"][0]["encoding"]
    looks = set(zip(encoding["color"]["scale"]["range"], encoding["shape"]["scale"]["range"], strict=True))
    assert len(looks) == 40


def test_colours_follow_answers_traits_and_personas(drawn: Map, planted: Planted) -> None:
    survey = planted.survey.with_answers(planted.survey.answers.respondent > 9)
    answers = colors(plot(drawn, "q3", survey))
    assert (answers[[f"r{i}" for i in range(10)]] == "not answered").all()
    third = survey.answers.where(survey.answers.question == 3)
    said = [survey.questions[3].options[o].text for o in third.option]
    assert answers[[f"r{i}" for i in third.respondent]].tolist() == said
    assert list(legend(plot(drawn, "q3", survey))) == ["no", "perhaps", "yes", "not answered"]
    traits = colors(plot(drawn, "party", survey))
    expected = survey.traits["party"].where(survey.traits["party"].notna(), "not known")
    assert traits[list(survey.respondents)].tolist() == expected.tolist()
    assert legend(plot(drawn, "party", survey))["not known"] == FAINT
    assert list(legend(plot(drawn))) == ["cluster-1 (30%)", "cluster-2 (30%)", "cluster-3 (30%)"]


def test_rare_values_share_a_colour_and_strangers_belong_to_nobody(drawn: Map, planted: Planted) -> None:
    towns = pd.DataFrame({"town": [f"town {i % 5 if i < 250 else i}" for i in range(300)]})
    survey = replace(planted.survey, traits=towns)
    assert len(legend(plot(drawn, "town", survey))) == 9
    assert "other values" in legend(plot(drawn, "town", survey))
    alone = replace(drawn, points=drawn.points.assign(persona=[NOBODY, *drawn.points["persona"][1:]]))
    assert legend(plot(alone))[NOBODY] == FAINT


def test_numbers_are_coloured_along_their_scale(drawn: Map, planted: Planted) -> None:
    survey = planted.survey.select(questions=[0])
    warmth = Question.number("q0", "How warm?", 0, 2, points=3)
    numbers = replace(survey.answers, value=survey.answers.option.astype(float))
    shown = legend(plot(drawn, "q0", replace(survey, questions=(warmth,), answers=numbers)))
    assert list(shown) == ["0", "1", "2", "not answered"]
    assert len(set(shown.values())) == 4


def test_simulated_surveys_say_so(drawn: Map, planted: Planted) -> None:
    assert "simulated" in title(plot(drawn, survey=replace(planted.survey, simulated=True)))
    assert "simulated" not in title(plot(drawn, survey=planted.survey))


def title(picture: Plot) -> str:
    """Title and subtitle, each in one line."""
    told = picture.chart.to_dict()["title"]
    return f"{' '.join(told['text'])}. {' '.join(told['subtitle'])}"


def caption(drawn: Map, *rows: tuple[str, str, float, float]) -> str:
    shared = pd.DataFrame(list(rows), columns=["what", "name", "share", "chance"])
    return title(plot(replace(drawn, neighbours=shared)))


def test_the_caption_says_what_neighbours_share_most(drawn: Map) -> None:
    asked, party = ("questions", "questions answered", 0.62, 0.6), ("trait", "PARTY", 0.61, 0.38)
    style = [("style", "middle", 0.1, 0.0), ("style", "ends", 0.2, 0.0), ("style", "styles", 0.25, 0.0)]
    age = ("trait", "AGE", 0.3, 0.25)
    opinion = caption(drawn, asked, age, party, *style)
    assert "Neighbours answer alike and have the same PARTY in 61% of pairs (by chance 38%)." in opinion
    assert "mainly" not in opinion
    halves = caption(drawn, ("questions", "questions answered", 0.63, 0.39), age, *style)
    assert "Neighbours answer alike and answered 63% of the same questions (by chance 39%)." in halves
    for told in (caption(drawn, asked, age, *style), title(plot(drawn))):
        assert told.startswith("Neighbours answer alike. Map of")
        assert "Distances" in told


def test_a_map_by_a_trait_says_how_often_neighbours_share_it(drawn: Map, planted: Planted) -> None:
    rows = [("trait", "AGE", 0.5, 0.2), ("trait", "party", 0.61, 0.38)]
    shared = pd.DataFrame(rows, columns=["what", "name", "share", "chance"])
    named = replace(planted.survey, trait_labels={"party": "Party voted for"})
    told = title(plot(replace(drawn, neighbours=shared), "party", named))
    assert told.startswith("61% of neighbours have the same Party voted for (by chance 38%).")


def test_the_caption_names_forms_and_styles(drawn: Map) -> None:
    party, forms = ("trait", "PARTY", 0.61, 0.38), ("questions", "questions answered", 0.957, 0.33)
    assert (
        "Neighbours answered 96% of the same questions (two people at random 33%): the map mainly shows forms, waves "
        "or filters of the questionnaire."
    ) in caption(drawn, party, forms)
    middle = ("style", "middle", 0.7, 0.0), ("style", "ends", 0.2, 0.0), ("style", "styles", 0.8, 0.0)
    assert (
        "80% of what separates people goes with response styles, most with choosing the middle option: the map mainly "
        "shows ways of filling in the questionnaire."
    ) in caption(drawn, party, *middle)
    agree = caption(drawn, ("style", "same end", 0.6, 0.0), ("style", "styles", 0.6, 0.0))
    assert "or one opinion on all statements" in agree


def test_a_trait_in_the_caption_cannot_break_it(drawn: Map, tmp_path: Path) -> None:
    name = "a\nb\\c </script>" + "long " * 30
    line = caption(drawn, ("trait", name, 0.9, 0.1))
    assert "the same a b c </script>long" in line
    assert len(line) < 400
    shared = pd.DataFrame({"what": ["trait"], "name": [name], "share": [0.9], "chance": [0.1]})
    plot(replace(drawn, neighbours=shared)).save(tmp_path / "map.html")
    assert (tmp_path / "map.html").read_text().count("</script>") == 2


def test_bad_names_say_what_is_allowed(drawn: Map, planted: Planted, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown trait or question 'partie': did you mean 'party'"):
        plot(drawn, "partie", planted.survey)
    with pytest.raises(SettingError, match="no survey to colour by 'party'"):
        plot(drawn, "party")
    with pytest.raises(SettingError, match=r"'map.pdf': end the name in .html, .png, .svg"):
        plot(drawn).save(tmp_path / "map.pdf")


def test_the_legend_of_a_trait_follows_its_order_under_its_label(drawn: Map, planted: Planted) -> None:
    party = pd.Categorical(planted.survey.traits["party"], categories=["R", "I", "D", "O"])
    survey = replace(planted.survey, traits=pd.DataFrame({"party": party}), trait_labels={"party": "Party voted for"})
    picture = plot(drawn, "party", survey)
    assert list(legend(picture)) == ["R", "I", "D", "O", "not known"]
    assert picture.chart.to_dict()["layer"][0]["encoding"]["color"]["legend"]["title"] == ["Party voted for"]
    assert list(legend(plot(drawn, "party", planted.survey))) == ["D", "I", "O", "R", "not known"]
