"""The page that tells the story of a run: one HTML file that needs no network, prints, and runs no text of a survey."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from personaspace.profiles.profile import Profile
from personaspace.profiles.shares import answer_choices, compare
from personaspace.reports.colors import on_dark
from personaspace.reports.plots.picture import COLORS, FONT, NO_XML
from personaspace.reports.sections.asked import asked
from personaspace.reports.sections.new_question import new_question, words
from personaspace.reports.sections.people import cards, composition
from personaspace.reports.sections.predictions import predictions
from personaspace.reports.sections.questions import questions
from personaspace.reports.sections.reasons import number_of_personas, variance
from personaspace.reports.sections.space import space
from personaspace.reports.story import Missing, Story

COLORS_OF = {f"c{at}": color for at, color in enumerate(COLORS)} | {"own": COLORS[0], "plain": "#767676"}
"""The colour of each class of marks: those of pictures, a persona's own, and that of everybody and of baselines."""


def page(story: Story) -> str:
    """Write a report.

    Args:
        story: What it shows.

    Returns:
        HTML. Texts of the survey are escaped, control characters in them replaced, and their direction is found from
        their letters; a content security policy lets no script run but the page's own and no address be loaded.
    """
    survey, environment = story.split.survey, _environment()
    shares = None
    if isinstance(story.profile, Profile) and len(story.split.train.answers):
        shares = compare(story.personas, story.split.train, *answer_choices(story.split.train))
    script = environment.get_template("script.js").render()
    palette = [(name, color, on_dark(color)) for name, color in COLORS_OF.items()]
    style = environment.get_template("style.css").render(palette=palette, font=FONT)
    policy = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("page.html").render(
        survey=survey,
        personas=_personas(story),
        named=_namer(story),
        asked=asked(story),
        map=space(story),
        cards=cards(story, shares),
        composition=composition(story),
        questions=questions(story, shares),
        number=number_of_personas(story),
        variance=variance(story),
        predictions=predictions(story),
        new=new_question(story),
        words=words(story),
        made=story.made,
        individuals=story.individuals,
        script=Markup(script),  # noqa: S704  (our own)
        policy=policy,
        style=Markup(style),  # noqa: S704  (our own)
        colors=COLORS_OF,
        font=FONT,
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("personaspace.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_clean,
    )
    environment.tests["missing"] = lambda part: isinstance(part, Missing)
    return environment


def _clean(value: Any) -> Any:
    """A text in which characters that no page may hold are replaced."""
    if isinstance(value, str) and NO_XML.search(value):
        return type(value)(NO_XML.sub("\N{REPLACEMENT CHARACTER}", value))
    return value


def _personas(story: Story) -> list[tuple[int, str, str, str]]:
    """Place, name, share and colour of every persona, the colour as on the map."""
    shown = story.personas.names if isinstance(story.map, Missing) else story.map.personas["persona"].tolist()
    order = {name: place for place, name in enumerate(shown)}
    return [
        (place, persona.name, f"{persona.share:.0%}", f"c{order.get(persona.name, place) % len(COLORS)}")
        for place, persona in enumerate(story.personas)
    ]


def _namer(story: Story) -> Any:
    """Make a filter that marks every persona's name in a text of ours, so that the page can show another instead."""
    places = {name: place for place, name in enumerate(story.personas.names)}
    longest = sorted(places, key=len, reverse=True)
    pattern = (
        re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest))})(?![\w-])") if longest else re.compile(r"(?!)")
    )

    def named(text: str) -> Markup:
        parts = pattern.split(text)
        marked = (
            Markup('<span data-p="{}">{}</span>').format(places[part], part) if at % 2 else escape(part)
            for at, part in enumerate(parts)
        )
        return Markup("").join(marked)

    return named
